"""The arguments of a tool call, which a model writes as text: as the JSON object that Messages and Gemini want."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_objects: msgspec.json.Decoder[Any] = msgspec.json.Decoder(dict[str, msgspec.Raw])
_values: msgspec.json.Decoder[Any] = msgspec.json.Decoder(msgspec.Raw)
# Escapes; the group catches halves of pairs, where models cut their answers. JSON allows them; Messages refuses them, and then
# nothing more could be said in a conversation that holds one.
_ESCAPES = re.compile(r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})")
_PIECES = re.compile(r'"(?:[^"\\]++|\\.)*+(?P<end>")?|[][{}]', re.DOTALL)
_CLOSED_BY = {"{": "}", "[": "]"}


def as_object(arguments: str, *, freeform: bool = False) -> msgspec.Raw:
    """Return *arguments* as the text of a JSON object, byte for byte where they are one; for Messages and Gemini.

    Empty: ``{}``. A freeform text: ``{"input": text}``. JSON but no object: ``{"value": ...}``, null ``{}``. No JSON: an object
    that was cut off is closed where that suffices, anything else becomes ``{"_raw": text}``. Escaped halves of characters
    become U+FFFD: providers refuse them. Never raises.
    """
    if freeform:
        return _holding("input", arguments)
    if _is_json(arguments, _objects):
        return msgspec.Raw(arguments.encode())
    whole = _without_halves(arguments).strip()
    if whole in {"", "null"}:
        return msgspec.Raw(b"{}")
    for text in (whole, _closed(whole)):
        if _is_json(text, _objects):
            return msgspec.Raw(text.encode())
    return msgspec.Raw(b'{"value":' + whole.encode() + b"}") if _is_json(whole, _values) else _holding("_raw", arguments)


def is_object(text: str) -> bool:
    """Whether *text* is one JSON object; space around it is allowed."""
    return _is_json(text, _objects) or _is_json(_without_halves(text), _objects)


def _is_json(text: str, decoder: msgspec.json.Decoder[Any]) -> bool:
    try:
        decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True


def _without_halves(text: str) -> str:
    return _ESCAPES.sub(lambda found: r"\ufffd" if found[1] else found[0], text)


def _closed(text: str) -> str:
    """Return *text* with the ends of all that is open in it; an object only if nothing else was wrong with it."""
    open_ones: list[str] = []
    for found in _PIECES.finditer(text):
        piece = found[0]
        if piece in _CLOSED_BY:
            open_ones.append(_CLOSED_BY[piece])
        elif piece[0] == '"':
            open_ones += [] if found["end"] else ['"']
        elif open_ones:
            open_ones.pop()
    return text + "".join(reversed(open_ones))


def _holding(key: str, text: str) -> msgspec.Raw:
    whole = text.encode("utf-8", "replace").decode()  # no half characters: UTF-8 has none
    return msgspec.Raw(msgspec.json.encode({key: whole}))
