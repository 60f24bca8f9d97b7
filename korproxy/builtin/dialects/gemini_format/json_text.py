"""JSON as other programs write it: halves of characters, numbers beyond a double's range, lists around errors."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from korproxy.api import without_lone_surrogates

_decode = msgspec.json.Decoder().decode


def read_json(text: bytes) -> tuple[Any, bytes]:
    """Return the value of *text*, and the text that was read: halves of surrogate pairs are replaced in it.

    Numbers beyond a double's range are infinite in the value; the text still has them.

    Raises:
        ValueError: It is no JSON, or nested too deeply.
    """
    try:
        return _decode(text), text
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except msgspec.ValidationError:  # it is JSON, but msgspec makes no infinity of a number
        return json.loads(text), text
    except msgspec.DecodeError:
        mended = without_lone_surrogates(text)
        if mended is text:
            raise
        return read_json(mended)


def write_json(value: object) -> bytes:
    """Return *value* as JSON in one line; ``msgspec.Raw`` in it stays as it is written."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # half a character, which only an escape can say
        return json.dumps(value, separators=(",", ":"), default=lambda raw: json.loads(bytes(raw))).encode()
