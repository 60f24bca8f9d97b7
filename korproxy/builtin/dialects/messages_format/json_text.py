"""The places in JSON that have to stay as they are written.

What a model wrote as the input of a tool goes on byte for byte: ``1.10``, ``1e400``, integers of any length and the order of
keys survive. So such values are never decoded; msgspec hands them out as they stand in the text (``msgspec.Raw``).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from korproxy.api import chat, read_json


class _Body(msgspec.Struct):
    messages: list[msgspec.Raw] = []


class _Message(msgspec.Struct):
    content: list[msgspec.Raw] = []


class _Block(msgspec.Struct):
    input: msgspec.Raw = msgspec.Raw(b"{}")


_bodies = msgspec.json.Decoder(_Body)
_messages = msgspec.json.Decoder(_Message)
_blocks = msgspec.json.Decoder(_Block)


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
