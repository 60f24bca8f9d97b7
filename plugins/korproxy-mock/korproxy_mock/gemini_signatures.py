"""Thought signatures: the mock knows its own again, as Google does, and refuses all others. Pure."""

import base64
import json
from hashlib import sha256

from korproxy_mock.gemini_shape import decoded

_OURS = b"mock-google:"
SKIPS = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")  # what Google takes for any signature


def call_signature(name: str, arguments: object) -> str:
    """Sign a function call: the same name and arguments give the same signature, however they are written."""
    return _signed(json.dumps([name, arguments], sort_keys=True))


def text_signature(text: str) -> str:
    """Sign a text."""
    return _signed(text)


def is_own(signature: str) -> bool:
    """Tell whether the mock made *signature*, or it asks not to be looked at."""
    return signature in SKIPS or (decoded(signature) or b"").startswith(_OURS)


def fits_call(signature: str, name: str, arguments: object) -> bool:
    """Tell whether *signature* is good for this call."""
    return signature in SKIPS or decoded(signature) == decoded(call_signature(name, arguments))


def _signed(said: str) -> str:
    digest = sha256(said.encode("utf-8", "replace")).hexdigest()
    return base64.b64encode(_OURS + digest.encode()).decode()
