"""A streamed message.

The rules: every event has a name, which is the type in its data; ``message_start`` first and once; blocks one after the other,
numbered without a gap, each with its own kind of delta between start and stop; a signature last in its block; one
``message_delta`` with reason and usage, then ``message_stop``, and nothing behind it or behind an ``error``. Pings anywhere.
"""

from __future__ import annotations

from typing import Any

import attrs

from korproxy_conformance.clients.anthropic_messages_answer import STOPS, read_blocks, read_failure, read_usage
from korproxy_conformance.place import Place, parsed
from korproxy_conformance.said import Answer, Failure
from korproxy_conformance.sse import Event
from korproxy_conformance.wrong import Words, Wrong, same

_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "thinking", "input_json_delta": "tool_use"}
_FIELDS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
_EMPTY: dict[str, dict[str, Any]] = {"text": {"text": ""}, "thinking": {"thinking": ""}, "tool_use": {"input": {}}}


@attrs.define
class MessagesStream:
    """See ``StreamReader``."""

    _start: Place | None = None
    _blocks: list[dict[str, Any]] = attrs.field(factory=list)
    _open: bool = False
    _json: str = ""
    _pieces: list[str] = attrs.field(factory=list)
    _thoughts: list[str] = attrs.field(factory=list)
    _delta: Place | None = None
    _closed: bool = False
    _failure: Failure | None = None

    def take(self, event: Event) -> None:
        """See ``StreamReader``."""
        if self._closed or self._failure is not None:
            raise Wrong(Words("nothing after the end"), Words(repr(event.data[:80])), event.at)
        data = event.json()
        data["type"].equals(event.name)
        match event.name:
            case "ping":
                return
            case "error":
                self._failure = read_failure(data)
            case "message_start":
                self._starts(data)
            case _ if self._start is None:
                raise Wrong(Words("message_start first"), event.name, event.at)
            case "content_block_start" | "content_block_delta" | "content_block_stop":
                self._block(event.name, data)
            case "message_delta":
                self._ends(data)
            case "message_stop":
                if self._delta is None:
                    raise Wrong(Words("message_delta before message_stop"), event.name, event.at)
                self._closed = True
            case _:
                raise Wrong(Words("an event that the format has"), event.name, event.at)

    def answer(self) -> Answer:
        """See ``StreamReader``."""
        message = self._start["message"] if self._start else None
        identity, model = (message["id"].word(), message["model"].word()) if message else ("", "")
        if self._delta is None or message is None or not self._closed:  # a reason alone is no end: message_stop is
            pieces, thoughts = tuple(self._pieces), "".join(self._thoughts)
            return Answer(id=identity, model=model, pieces=pieces, thoughts=thoughts, failure=self._failure)
        reason = self._delta["delta"]["stop_reason"]
        usage = Place(message["usage"].members() | self._delta["usage"].members(), self._delta["usage"].at)
        blocks = [Place(each, f"the stream /content/{at}") for at, each in enumerate(self._blocks)]
        read = read_blocks(blocks, id=identity, model=model, stop=reason.one_of(STOPS), at=reason.at, usage=usage)
        return attrs.evolve(read, pieces=tuple(self._pieces))

    def _starts(self, data: Place) -> None:
        if self._start is not None:
            data.wrong(Words("one message_start"))
        message = data["message"]
        message["type"].equals("message")
        message["role"].equals("assistant")
        message["content"].equals([])
        message["stop_reason"].equals(None)
        message["model"].word()
        message["id"].word()
        read_usage(message["usage"])
        self._start = data

    def _block(self, name: str, data: Place) -> None:
        if self._delta is not None:
            data.wrong(Words("no block after message_delta"))
        starts = name == "content_block_start"
        same(data["index"].count(), len(self._blocks) - (0 if starts else 1), data["index"].at)
        if self._open is starts:
            data.wrong(Words("one block after the other: start, deltas, stop"))
        if starts:
            self._begin(data["content_block"])
        elif name == "content_block_delta":
            self._more(data["delta"])
        else:
            self._end(data)
        self._open = name != "content_block_stop"

    def _begin(self, block: Place) -> None:
        for name, empty in _EMPTY.get(block["type"].text(), {}).items():
            block[name].equals(empty)
        self._blocks.append(dict(block.members()))
        self._json = ""

    def _more(self, delta: Place) -> None:
        kind = delta["type"].one_of(_DELTAS)
        block = self._blocks[-1]
        if block["type"] != _DELTAS[kind]:
            delta["type"].wrong(Words(f"a delta for a block of type {block['type']}"))
        if kind == "input_json_delta":
            self._json += delta["partial_json"].text()
            return
        field = _FIELDS[kind]
        piece = delta[field].text()
        if block.get("signature"):
            delta.wrong(Words("the signature last in its block, and once"))
        block[field] = block.get(field, "") + piece
        if piece and kind != "signature_delta":
            (self._pieces if kind == "text_delta" else self._thoughts).append(piece)

    def _end(self, data: Place) -> None:
        block = self._blocks[-1]
        if block["type"] == "tool_use" and self._json:
            place = parsed(self._json.encode(), f"the partial_json of {data.at}, joined")
            block["input"] = place.members()

    def _ends(self, data: Place) -> None:
        if self._delta is not None or self._open:
            data.wrong(Words("one message_delta, after the last block's stop"))
        data["delta"]["stop_reason"].one_of(STOPS)
        data["usage"]["output_tokens"].count()
        self._delta = data
