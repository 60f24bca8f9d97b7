"""Look into JSON and change a little of it, without touching what stays: its values are handed on as they are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeVar

import msgspec

from korproxy.kit.json_edit import without_lone_surrogates

T = TypeVar("T")

_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_lists = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_texts = msgspec.json.Decoder(str)


def raw_object(text: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Return the members of the object in *text*; none where it is something else."""
    return _read(_objects.decode, text) or {}


def raw_items(text: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """Return the items of the list in *text*; none where it is something else."""
    return _read(_lists.decode, text) or []


def raw_text(text: bytes | msgspec.Raw) -> str:
    """Return the string in *text*; an empty one where it is something else."""
    return _read(_texts.decode, text) or ""


def texts_at(body: bytes, *keys: str) -> Iterator[str]:
    """Yield the strings at *keys* in all objects of the JSON *body*, in their order. Nothing is decoded but they.

    What looks like one inside of a string is none: its quotes are escaped there.
    """
    if not any(b'"%b"' % key.encode() in body for key in keys):
        return
    for found in _pattern(keys).finditer(body):
        start = found.end()
        text = body[start : body.find(b'"', start)]
        if b"\\" in text:  # then that was perhaps not the end of it
            whole = _TEXT.match(body, start - 1)
            yield raw_text(whole[0]) if whole is not None else ""
        else:
            yield text.decode("utf-8", "replace")


def raw_json(value: object) -> msgspec.Raw:
    """Return *value* as JSON; what is raw in it stays as it is written."""
    return msgspec.Raw(msgspec.json.encode(value))


@cache
def _pattern(keys: tuple[str, ...]) -> re.Pattern[bytes]:
    names = "|".join(map(re.escape, keys))
    return re.compile(rf'"(?:{names})"[ \t\r\n]*+:[ \t\r\n]*+"'.encode())


def _read(decode: Callable[[bytes | msgspec.Raw], T], text: bytes | msgspec.Raw) -> T | None:
    try:
        return decode(text)
    except (ValueError, RecursionError):
        mended = without_lone_surrogates(bytes(text))
    try:
        return decode(mended)
    except (ValueError, RecursionError):
        return None
