"""A whole answer, written for a client.

Facts: ``Message`` of Anthropic's Python SDK 2.12, whose required members are all there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import attrs

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.messages_format.endings import write_ending
from korproxy.builtin.dialects.messages_format.seals import signature_of
from korproxy.builtin.dialects.messages_format.usage import write_usage

_PREFIX = "msg_"
_ROOM = 58  # characters of an id, so that a number behind it fits into the 64 that are safe


def write_answer(answer: chat.Answer, asked: chat.Asked) -> bytes:
    """Return *answer* as a message. It says the model's name as the client wrote it: tools compare."""
    ids = CallIds()
    content = [block for part in answer.parts for block in _blocks(_whole(part), ids)]
    message = opening(answer.id, asked.model) | {"content": content, **write_ending(answer.ending)}
    return json_bytes({**message, "usage": write_usage(answer.usage)})


def _whole(part: chat.Part) -> chat.Part:
    """Return *part*; of a call that was cut off without its arguments: closed, they might say what the model never meant."""
    if isinstance(part, chat.ToolCall) and not part.freeform:
        text = part.arguments.strip()
        if text.startswith("{") and not chat.is_object(text):
            return attrs.evolve(part, arguments="{}")
    return part


def opening(id: str, model: str) -> dict[str, Any]:  # noqa: A002
    """Return the beginning of a message; *id* is the provider's own. Without one it gets a new one: clients count by it."""
    fitted = chat.fit_id(id) or uuid4().hex
    return {
        "id": fitted if fitted.startswith(_PREFIX) else f"{_PREFIX}{fitted}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def picture(part: chat.Image | chat.Document) -> str:
    """Return what a model made as a text: this format's answers have no place for it, but Markdown can show it."""
    if isinstance(part, chat.Document) and part.blob is None:
        return part.text or ""
    where = f"({chat.data_url(part.blob)})" if part.blob is not None and part.blob.file is None else ""
    return f"![image]{where}" if isinstance(part, chat.Image) else f"[{part.title or 'file'}]{where}"


@attrs.define
class CallIds:
    """The ids of the calls in one answer: results come back by them, so each stands for one call only."""

    _taken: set[str] = attrs.field(factory=set, init=False)
    _next: dict[str, int] = attrs.field(factory=dict, init=False)

    def fitted(self, id: str) -> str:  # noqa: A002
        """Return *id* in characters that this format allows, unlike all others; without one it gets a new one."""
        found = stem = chat.fit_id(id) or f"toolu_{uuid4().hex}"
        number = self._next.get(stem, 1)
        while found in self._taken:
            number += 1
            found = f"{stem[:_ROOM]}_{number}"
        self._next[stem] = number
        self._taken.add(found)
        return found


def _blocks(part: chat.Part, ids: CallIds) -> Iterator[Mapping[str, Any]]:
    match part:
        case chat.Text(text=text) | chat.Refusal(text=text):
            if text:
                yield {"type": "text", "text": text}
        case chat.Reasoning(seal=seal, redacted=True):
            if seal is not None:
                yield {"type": "redacted_thinking", "data": signature_of(seal)}
        case chat.Reasoning(text=text, seal=seal):
            if text or seal:
                yield {"type": "thinking", "thinking": text, "signature": signature_of(seal)}
        case chat.ToolCall(id=id_, name=name):
            arguments = chat.as_object(part.arguments, freeform=part.freeform)
            yield {"type": "tool_use", "id": ids.fitted(id_), "name": name, "input": arguments}
        case chat.Image() | chat.Document():
            yield {"type": "text", "text": picture(part)}
        case _:  # no answer has sound or results of tools in it
            return
