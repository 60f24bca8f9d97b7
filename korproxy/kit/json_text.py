"""JSON as other programs write it: halves of characters, numbers beyond a double's range, more brackets than can be counted."""

from __future__ import annotations

from typing import Any

import msgspec

from korproxy.kit.json_edit import without_lone_surrogates

_decode = msgspec.json.Decoder().decode


def read_json(text: bytes) -> tuple[Any, bytes]:
    """Return the value of *text*, and the text that was read: halves of surrogate pairs are replaced in it.

    Numbers beyond a double's range are infinite in the value; the text still has them.

    Raises:
        ValueError: It is no JSON, or nested too deeply.
    """
    try:
        return _read(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _read(text: bytes) -> tuple[Any, bytes]:
    try:
        return _decode(text), text
    except msgspec.ValidationError:  # it is JSON, but msgspec makes no infinity of a number
        import json

        return json.loads(text, parse_constant=_refuse), text
    except msgspec.DecodeError:
        mended = without_lone_surrogates(text)
        if mended is text:
            raise
        return _read(mended)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
