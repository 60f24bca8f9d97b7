"""Write JSON, and what KorProxy itself has to say in it."""

from __future__ import annotations

from typing import Any

import msgspec

from korproxy.models.outcome import Fault


def json_bytes(value: object) -> bytes:
    """Return *value* as compact JSON in one line; ``msgspec.Raw`` in it stays as it is written.

    A text in it may hold half a character, or come from a file name that is no UTF-8: an escape says so.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        import json

        return json.dumps(value, separators=(",", ":"), default=_decoded).encode()


def _decoded(value: object) -> Any:
    import json

    if isinstance(value, msgspec.Raw):
        return json.loads(bytes(value))
    raise TypeError(f"{type(value).__name__} is no JSON")


def full_message(fault: Fault) -> str:
    """Return the message of *fault* with its code and its docs link in it, for clients that show nothing but the message."""
    message = fault.message if fault.code in fault.message else f"[{fault.code}] {fault.message}"
    return message if not fault.docs or fault.docs in message else f"{message} {fault.docs}"
