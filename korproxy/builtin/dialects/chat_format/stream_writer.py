"""Events, written as a client's stream.

Facts: ``ChatCompletionChunk`` of OpenAI's Python SDK 3.54; the order of events is the one that every client takes. Its type of
a delta lacks ``annotations``, which OpenAI's models that search send there all the same.
"""

from __future__ import annotations

from typing import Any

import attrs

from korproxy.api import Usage, chat, json_bytes
from korproxy.builtin.dialects.chat_format.annotations import write_annotation
from korproxy.builtin.dialects.chat_format.answer_writer import answer_id, part_text, write_seal
from korproxy.builtin.dialects.chat_format.endings import write_ending
from korproxy.builtin.dialects.chat_format.errors import error_object
from korproxy.builtin.dialects.chat_format.freeform import bare_text
from korproxy.builtin.dialects.chat_format.reasoning import write_detail
from korproxy.builtin.dialects.chat_format.usage import write_usage

_DONE = b"data: [DONE]\n\n"


@attrs.define
class ChatStreamWriter:
    """Writes one answer. Each event leaves at once, but for the input of tools that are called with bare text."""

    asked: chat.Asked
    _head: bytes = attrs.field(default=b"", init=False, repr=False)  # of every chunk
    _tail: bytes = attrs.field(default=b"}\n\n", init=False, repr=False)
    # What stands in front of a text, and behind it: nothing else differs from chunk to chunk.
    _text: bytes = attrs.field(default=b"", init=False, repr=False)
    _reasoning: bytes = attrs.field(default=b"", init=False, repr=False)
    _after: bytes = attrs.field(default=b"", init=False, repr=False)
    _usage: Usage = attrs.field(factory=Usage, init=False)
    _thought: list[str] = attrs.field(factory=list, init=False, repr=False)  # reasoning since the last end of one
    _details: int = attrs.field(default=0, init=False)
    _calls: dict[int, _Call] = attrs.field(factory=dict, init=False)
    _count: chat.TextCount = attrs.field(factory=chat.TextCount, init=False)
    _has_text: bool = attrs.field(default=False, init=False)
    _has_refusal: bool = attrs.field(default=False, init=False)

    def write(self, event: chat.Event) -> bytes:
        """Return the bytes for *event*; see ``StreamWriter``."""
        self._count.see(event)
        if isinstance(event, chat.TextDelta):
            self._has_text = True
            return self._text + json_bytes(event.text) + self._after
        if isinstance(event, chat.ReasoningDelta):
            self._thought.append(event.text)
            return self._reasoning + json_bytes(event.text) + self._after
        return self._other(event)

    def keep_alive(self) -> bytes:
        """Return a comment."""
        return b": keep-alive\n\n"

    def _other(self, event: chat.Event) -> bytes:
        match event:
            case chat.Started():
                return self._start(event)
            case chat.CallStarted() | chat.CallDelta() | chat.CallEnded():
                return self._call(event)
            case chat.Ended(ending=ending):
                return self._end(ending)
            case chat.Failed(error=error):
                return b"data: " + json_bytes({"error": error_object(error)}) + b"\n\n"
            case chat.UsageSeen(usage=usage):
                self._usage = usage
        delta = self._sealed(event) if isinstance(event, chat.ReasoningEnded) else self._said(event)
        return b"" if delta is None else self._delta(delta)

    def _start(self, event: chat.Started) -> bytes:
        fields = {"id": answer_id(event.id), "object": "chat.completion.chunk", "created": self.asked.created}
        self._head = b"data: " + json_bytes({**fields, "model": self.asked.model})[:-1] + b',"choices":'
        if self.asked.usage:
            self._tail = b',"usage":null}\n\n'  # as OpenAI does where usage will follow
        before = self._head + b'[{"index":0,"delta":{'
        self._text, self._reasoning = before + b'"content":', before + b'"reasoning_content":'
        self._after = b'},"finish_reason":null}]' + self._tail
        return self._delta({"role": "assistant", "content": ""})

    def _delta(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        reason = b"null" if finish is None else json_bytes(finish)
        choice = b'[{"index":0,"delta":' + json_bytes(delta) + b',"finish_reason":' + reason + b"}]"
        return self._head + choice + self._tail

    def _said(self, event: chat.Event) -> dict[str, Any] | None:
        """Return *event* as a delta; None where it says nothing here."""
        match event:
            case chat.RefusalDelta(text=text):
                self._has_refusal = True
                return {"refusal": text}
            case chat.PartAdded(part=part):
                return self._picture(part)
            case chat.Cited(citation=citation):
                return {"annotations": [write_annotation(citation, self._count.span(citation))]}
        return None

    def _picture(self, part: chat.Image | chat.Document) -> dict[str, Any]:
        text = f"\n\n{part_text(part)}" if self._has_text else part_text(part)
        self._has_text = True
        self._count.add(text)
        return {"content": text}

    def _sealed(self, event: chat.ReasoningEnded) -> dict[str, Any] | None:
        """Return the seal of the reasoning before it, with its text once more: a client sends the two back together."""
        text = "".join(self._thought)
        self._thought.clear()
        if event.seal is None:
            return None
        part = chat.Reasoning(text="" if event.redacted else text, seal=event.seal, redacted=event.redacted)
        self._details += 1
        return {"reasoning_details": [write_detail(part, self._details - 1)]}

    def _call(self, event: chat.CallStarted | chat.CallDelta | chat.CallEnded) -> bytes:
        if isinstance(event, chat.CallStarted):
            wrapped = event.name in self.asked.freeform and not event.freeform
            call = _Call(index=len(self._calls), custom=event.freeform or wrapped, wrapped=wrapped)
            self._calls[event.key] = call
            return self._called(call, call.beginning(event))
        call = self._calls[event.key]
        if isinstance(event, chat.CallDelta) and not call.wrapped:
            if self.asked.legacy:
                return self._called(call, call.more(event.json))
            call.before = call.before or self._before(call)
            return call.before + json_bytes(event.json) + b"}}]" + self._after
        if isinstance(event, chat.CallDelta):
            call.held.append(event.json)
        elif call.wrapped:
            return self._called(call, call.more(bare_text("".join(call.held))))
        return b""

    def _before(self, call: _Call) -> bytes:
        """Return what stands in front of each piece of the text of *call*."""
        written = json_bytes({"tool_calls": [call.more("")]}).removesuffix(b'""}}]}')
        return self._head + b'[{"index":0,"delta":' + written

    def _called(self, call: _Call, said: dict[str, Any]) -> bytes:
        if not self.asked.legacy:
            return self._delta({"tool_calls": [said]})
        return b"" if call.index else self._delta({"function_call": said["function"]})  # there is room for one

    def _end(self, ending: chat.Ending) -> bytes:
        said = b""
        if ending.reason == "refusal" and ending.explanation and not self._has_refusal:
            said = self._delta({"refusal": ending.explanation})
        said += self._delta({}, write_ending(ending, legacy=self.asked.legacy))
        usage = write_usage(self._usage)
        if self.asked.usage and usage is not None:
            said += self._head + b'[],"usage":' + json_bytes(usage) + b"}\n\n"
        return said + _DONE


@attrs.define
class _Call:
    """A call that was begun; ``wrapped``: its text is inside of an object, and has to be taken out of it."""

    index: int
    custom: bool
    wrapped: bool
    held: list[str] = attrs.field(factory=list, repr=False)
    before: bytes = attrs.field(default=b"", repr=False)  # in front of each piece

    def beginning(self, event: chat.CallStarted) -> dict[str, Any]:
        kind, key = ("custom", "input") if self.custom else ("function", "arguments")
        inner = {"name": event.name, key: ""}
        return {"index": self.index, "id": event.id, "type": kind, kind: inner, **write_seal(event)}

    def more(self, text: str) -> dict[str, Any]:
        kind, key = ("custom", "input") if self.custom else ("function", "arguments")
        return {"index": self.index, kind: {key: text}}
