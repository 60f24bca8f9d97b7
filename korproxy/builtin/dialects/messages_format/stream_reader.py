"""A provider's stream, read.

Facts: ``RawMessageStreamEvent`` of Anthropic's Python SDK 2.12 and how its ``accumulate_event`` puts a message together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs
import msgspec

from korproxy.api import Usage, chat, read_json, sse_events
from korproxy.builtin.dialects.chat_format.json_text import is_utf8
from korproxy.builtin.dialects.messages_format.answer_reader import made_up_id, sealed
from korproxy.builtin.dialects.messages_format.citations import read_citations
from korproxy.builtin.dialects.messages_format.endings import read_ending
from korproxy.builtin.dialects.messages_format.errors import read_late_error
from korproxy.builtin.dialects.messages_format.json_text import input_of
from korproxy.builtin.dialects.messages_format.usage import read_usage

_Object: TypeAlias = Mapping[str, Any]


class _Piece(msgspec.Struct, gc=False):
    type: str
    text: str = ""
    partial_json: str = ""
    thinking: str = ""


class _Usual(msgspec.Struct, gc=False):
    """One more piece of a block: what nearly every event is."""

    type: str
    index: int
    delta: _Piece


_usual = msgspec.json.Decoder(_Usual).decode


class _Start(msgspec.Struct):
    content_block: msgspec.Raw = msgspec.Raw(b"{}")


_starts = msgspec.json.Decoder(_Start)


@attrs.define
class _Block:
    """A block that has begun and not ended. ``skip``: of a tool that the provider runs itself, or of a kind nobody knows."""

    kind: Literal["text", "thinking", "call", "skip"]
    key: int = 0
    id: str = ""
    input: str = attrs.field(default="", repr=False)  # what the start said; counts only where no delta says more
    seal: chat.Seal | None = None
    touched: bool = False
    said: bool = False  # a text has told something
    cited: list[chat.Citation] = attrs.field(factory=list, repr=False)  # told at the end: they come in front of the text


@attrs.define
class MessagesStreamReader:
    """Reads one stream. Blocks are known by their index, calls by a running number: their keys count from 0 without gaps."""

    _blocks: dict[object, _Block] = attrs.field(factory=dict, init=False, repr=False)
    _calls: int = attrs.field(default=0, init=False)
    _id: str = attrs.field(default="", init=False)
    _usage: Usage = attrs.field(factory=Usage, init=False)
    _ending: chat.Ending = attrs.field(default=chat.Ending(reason="end"), init=False)
    _begun: bool = attrs.field(default=False, init=False)
    _over: bool = attrs.field(default=False, init=False)
    _in_text: bool = attrs.field(default=False, init=False)  # the last thing told was text
    _new_text: bool = attrs.field(default=False, init=False)  # a text block began since

    def feed(self, events: bytes) -> Sequence[chat.Event]:
        """Read whole events. Behind ``message_stop`` or ``error`` nothing counts."""
        told: list[chat.Event] = []
        readable = is_utf8(events)
        for name, data in sse_events(events):
            if self._over:
                break
            usual = self._piece(data) if readable and self._blocks else None
            if usual is not None:
                told.append(usual)
            elif data != b"[DONE]":  # some servers cannot help it
                told += self._event(name, data)
        return told

    def finish(self) -> Sequence[chat.Event]:
        """Return nothing: a stream that ends well says so itself."""
        return ()

    def _piece(self, data: bytes) -> chat.Event | None:
        """Return the one event that *data* tells, if it is one more piece of an open block; None: it has to be read in full."""
        try:
            event = _usual(data)
        except (ValueError, RecursionError):
            return None
        block, piece = self._blocks.get(event.index), event.delta
        if block is None or event.type != "content_block_delta":
            return None
        if piece.type == "text_delta" and block.kind == "text" and piece.text and not (self._in_text and self._new_text):
            block.said, self._in_text, self._new_text = True, True, False
            return chat.TextDelta(piece.text)
        if piece.type == "input_json_delta" and block.kind == "call" and piece.partial_json:
            block.touched = True
            return chat.CallDelta(block.key, piece.partial_json)
        if piece.type == "thinking_delta" and block.kind == "thinking" and piece.thinking:
            block.touched, self._in_text = True, False
            return chat.ReasoningDelta(piece.thinking)
        return None

    def _event(self, name: bytes, data: bytes) -> Iterator[chat.Event]:
        try:
            event, text = read_json(data)
        except ValueError:
            raise chat.Unreadable("an event is no JSON") from None
        if not isinstance(event, dict):
            raise chat.Unreadable("an event is no object")
        kind = event.get("type") or name.decode("utf-8", "replace")
        if kind == "error" or (not kind and event.get("error")):
            self._over = True
            yield chat.Failed(read_late_error(event.get("error")))
        elif kind == "content_block_delta":
            yield from self._delta(_index(event), _object(event, "delta"))
        elif kind == "content_block_start":
            yield from self._start(_index(event), _object(event, "content_block"), text)
        elif kind == "content_block_stop":
            yield from self._stop(_index(event))
        elif kind == "message_start":
            yield from self._begin(_object(event, "message"))
        elif kind == "message_delta":
            yield from self._end(event)
        elif kind == "message_stop":
            yield from self._close()
        elif not kind:
            raise chat.Unreadable("an event has no type")

    def _begin(self, message: _Object) -> Iterator[chat.Event]:
        if self._begun:
            return
        self._begun = True
        self._id = _text(message, "id")
        yield chat.Started(id=self._id, model=_text(message, "model"))
        yield from self._count(message.get("usage"))

    def _count(self, said: object) -> Iterator[chat.Event]:
        """Tell the usage: each event counts from the beginning, so numbers are replaced and never added."""
        if isinstance(said, dict):
            self._usage = read_usage(said, self._usage)
            yield chat.UsageSeen(self._usage)

    def _start(self, index: object, said: _Object, text: bytes) -> Iterator[chat.Event]:
        open_one = self._blocks.get(index)
        if open_one is not None:
            if not open_one.touched and open_one.id == _text(said, "id"):
                return  # the same start once more
            yield from self._stop(index)
        kind = said.get("type")
        if kind == "tool_use":
            yield from self._start_call(index, said, text)
        elif kind == "text":
            self._blocks[index] = _Block("text")
            self._new_text = True
            self._blocks[index].cited += read_citations(said.get("citations"))
            yield from self._say(self._blocks[index], _text(said, "text"))
        elif kind == "thinking":
            self._blocks[index] = _Block("thinking", seal=sealed(said.get("signature")))
            yield from self._think(_text(said, "thinking"))
        else:
            self._blocks[index] = _Block("skip")
            seal = sealed(said.get("data")) if kind == "redacted_thinking" else None
            if seal is not None:
                self._in_text = False
                yield chat.ReasoningEnded(seal=seal, redacted=True)

    def _start_call(self, index: object, said: _Object, text: bytes) -> Iterator[chat.Event]:
        key, name = self._calls, _text(said, "name")
        if not name:
            raise chat.Unreadable("a call of a tool has no name")
        self._calls += 1
        id_ = _text(said, "id")
        input_ = input_of(_starts.decode(text).content_block) if said.get("input") else ""
        self._blocks[index] = _Block("call", key=key, id=id_, input=input_)
        self._in_text = False
        yield chat.CallStarted(key=key, id=id_ or made_up_id(self._id, key), name=name)

    def _delta(self, index: object, said: _Object) -> Iterator[chat.Event]:
        kind = said.get("type")
        block = self._blocks.get(index)
        if block is None:
            block = self._blocks[index] = _Block(_unannounced(kind))
            self._new_text = self._new_text or block.kind == "text"
        if block.kind == "skip":
            return
        if kind == "text_delta" and block.kind == "text":
            yield from self._say(block, _text(said, "text"))
        elif kind == "citations_delta" and block.kind == "text":
            block.cited += read_citations([said.get("citation")])
        elif kind == "input_json_delta" and block.kind == "call":
            piece = _text(said, "partial_json")
            if piece:
                block.touched = True
                yield chat.CallDelta(block.key, piece)
        elif kind == "thinking_delta" and block.kind == "thinking":
            block.touched = True
            yield from self._think(_text(said, "thinking"))
        elif kind == "signature_delta" and block.kind == "thinking":
            block.touched = True
            block.seal = sealed(said.get("signature")) or block.seal

    def _say(self, block: _Block, text: str) -> Iterator[chat.Event]:
        if not text:
            return
        block.said = True
        if self._in_text and self._new_text:
            yield chat.TextEnded()
        self._in_text, self._new_text = True, False
        yield chat.TextDelta(text)

    def _think(self, text: str) -> Iterator[chat.Event]:
        if text:
            self._in_text = False
            yield chat.ReasoningDelta(text)

    def _stop(self, index: object) -> Iterator[chat.Event]:
        block = self._blocks.pop(index, None)
        if block is None:
            return
        if block.kind == "thinking":
            self._in_text = False
            yield chat.ReasoningEnded(seal=block.seal)
        elif block.kind == "call":
            if block.input and not block.touched:
                yield chat.CallDelta(block.key, block.input)
            yield chat.CallEnded(block.key)
        elif block.said:
            yield from map(chat.Cited, block.cited)

    def _end(self, event: _Object) -> Iterator[chat.Event]:
        delta = _object(event, "delta")
        if delta.get("stop_reason"):
            self._ending = read_ending(delta)
        yield from self._count(event.get("usage"))

    def _close(self) -> Iterator[chat.Event]:
        for index in tuple(self._blocks):
            yield from self._stop(index)
        self._over = True
        yield chat.Ended(self._ending)


def _unannounced(delta: object) -> Literal["text", "thinking"]:
    """Return what a block is that begins with a *delta*: text explains itself, a call has no name."""
    if delta in ("text_delta", "citations_delta"):  # no sets: a list in its place could not even be looked for
        return "text"
    if delta in ("thinking_delta", "signature_delta"):
        return "thinking"
    raise chat.Unreadable("a block goes on that never began")


def _index(event: _Object) -> object:
    found = event.get("index")
    return found if isinstance(found, (int, str)) else None


def _object(event: _Object, key: str) -> _Object:
    found = event.get(key)
    return found if isinstance(found, dict) else {}


def _text(said: _Object, key: str) -> str:
    found = said.get(key)
    return found if isinstance(found, str) else ""
