"""JSON as other programs write it, and the places in it that have to stay as they are written.

What a model wrote as the input of a tool goes on byte for byte: ``1.10``, ``1e400``, integers of any length and the order of
keys survive. So such values are never decoded; msgspec hands them out as they stand in the text (``msgspec.Raw``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from korproxy.api import chat, without_lone_surrogates

_decode = msgspec.json.Decoder().decode


class _Body(msgspec.Struct):
    messages: list[msgspec.Raw] = []


class _Message(msgspec.Struct):
    content: list[msgspec.Raw] = []


class _Block(msgspec.Struct):
    input: msgspec.Raw = msgspec.Raw(b"{}")


_bodies = msgspec.json.Decoder(_Body)
_messages = msgspec.json.Decoder(_Message)
_blocks = msgspec.json.Decoder(_Block)


def read_json(text: bytes) -> tuple[Any, bytes]:
    """Return the value of *text*, and the text that was read: halves of surrogate pairs are replaced in it.

    Numbers beyond a double's range are infinite in the value; the text still has them.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.
    """
    try:
        return _decode(text), text
    except msgspec.ValidationError:  # it is JSON, but msgspec makes no infinity of a number
        return json.loads(text, parse_constant=_refuse), text
    except msgspec.DecodeError:
        mended = without_lone_surrogates(text)
        if mended is text:
            raise
        return read_json(mended)


def write_json(value: object) -> bytes:
    """Return *value* as JSON in one line; ``msgspec.Raw`` in it stays as it is."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # half a surrogate pair; json writes it as an escape
        return json.dumps(value, separators=(",", ":"), default=lambda raw: json.loads(bytes(raw))).encode()


def messages_of(body: bytes) -> Sequence[msgspec.Raw]:
    """Return the texts of the messages in the request *body*."""
    return _bodies.decode(body).messages


def blocks_of(message: bytes | msgspec.Raw) -> Sequence[msgspec.Raw]:
    """Return the texts of the blocks in *message*, whose content is a list."""
    return _messages.decode(message).content


def input_of(block: bytes | msgspec.Raw) -> str:
    """Return the input of the ``tool_use`` in *block* as the text of an object: as it is written, where it is one.

    Null and nothing are ``{}``. A text that holds an object is that object: some tools encode twice. Anything else becomes the
    only member of an object (``chat.as_object``).
    """
    raw = bytes(_blocks.decode(block).input)
    if raw.startswith(b"{"):
        return raw.decode()
    value = read_json(raw)[0]
    if isinstance(value, str) and value.lstrip().startswith("{") and chat.is_object(value):
        return value
    return bytes(chat.as_object(raw.decode())).decode()


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
