"""Write what KorProxy itself has to say in a client's JSON."""

from __future__ import annotations

import msgspec

from korproxy.models.outcome import Fault


def json_bytes(value: object) -> bytes:
    """Return *value* as compact JSON in one line, also where a text in it came from a file name that is no UTF-8."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        import json

        return json.dumps(value, separators=(",", ":")).encode()


def full_message(fault: Fault) -> str:
    """Return the message of *fault* with its code and its docs link in it, for clients that show nothing but the message."""
    message = fault.message if fault.code in fault.message else f"[{fault.code}] {fault.message}"
    return message if not fault.docs or fault.docs in message else f"{message} {fault.docs}"
