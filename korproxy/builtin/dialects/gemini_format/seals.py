"""``thoughtSignature``: Google's seal on reasoning and calls, and a place where a client keeps other vendors' seals.

Facts: ai.google.dev/gemini-api/docs/thought-signatures. The value is base64; Google's SDK refuses anything else.
"""

from __future__ import annotations

import base64

from korproxy.api import chat

FAMILY = "google"
# Stands for a signature that nobody has, such as that of a call which another vendor's model made; Gemini CLI sends it, too.
ANY_SIGNATURE = "skip_thought_signature_validator"
_PLACEHOLDERS = frozenset({ANY_SIGNATURE, "context_engineering_is_the_way_to_go"})
_OURS = "korproxy:"
_REDACTED = f"{_OURS}redacted:"  # the seal is all there is (Messages ``redacted_thinking``): it goes back to another place
_MARK = base64.b64encode(_OURS.encode()).decode()  # of nine bytes: its twelve characters stand alone
# On a call that no seal came with: a client that goes over to Gemini sends it back, and so it is known that there is none.
UNSEALED = base64.b64encode(f"{_OURS}unsealed".encode()).decode()


def signature_of(seal: chat.Seal, *, redacted: bool = False) -> str:
    """Return what a client of Gemini's format keeps for *seal*: Google's as it came, another one with whose it is.

    One of Google's that is no base64, which some server in between has made of it, is written as the others are.
    """
    if seal.family == FAMILY and _is_base64(seal.data):
        return seal.data
    tag = _REDACTED if redacted else _OURS
    return base64.b64encode(f"{tag}{seal.family}:{seal.data}".encode()).decode()


def seal_of(signature: str, at: str = "") -> chat.Seal | None:
    """Return the seal that a client sends back, *at* that place of its request; None for a placeholder."""
    if not signature or signature in _PLACEHOLDERS:
        return None
    if signature.startswith(_MARK):
        said = _tagged(signature)
        family, _, data = said.removeprefix(_REDACTED if said.startswith(_REDACTED) else _OURS).partition(":")
        return chat.Seal(family=family, data=data, at=at) if family and data else None
    return chat.Seal(family=FAMILY, data=signature, at=at)


def is_redacted(signature: str) -> bool:
    """Whether it says that the seal is all there is (``Reasoning.redacted``)."""
    return signature.startswith(_MARK) and _tagged(signature).startswith(_REDACTED)


def _tagged(signature: str) -> str:
    try:
        return base64.b64decode(signature).decode()
    except ValueError:
        return ""


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False
