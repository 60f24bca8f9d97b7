"""JSON as other programs write it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from korproxy.api import without_lone_surrogates

_decode = msgspec.json.Decoder().decode


def read_json(text: bytes) -> Any:
    """Return the value of *text*; halves of surrogate pairs in it are replaced, numbers beyond a double's range are infinite.

    Raises:
        ValueError: It is no JSON, or nested too deeply.
    """
    try:
        return _decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except msgspec.ValidationError:  # it is JSON, but msgspec makes no infinity of a number
        return json.loads(text)
    except msgspec.DecodeError:
        mended = without_lone_surrogates(text)
        if mended is text:
            raise
        return read_json(mended)


def inner_object(value: object, key: str) -> dict[str, Any]:
    """Return the object at *key* of *value*, an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def some_text(value: object) -> str:
    """Return *value* if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""
