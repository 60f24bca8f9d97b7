"""A provider's stream, read into events.

Facts: ``ResponseStreamEvent`` of OpenAI's Python SDK 3.57 and how its ``ResponseStreamState`` puts a response together; what
other servers do differently, the ChatGPT backend among them, is said where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs
import msgspec

from korproxy.api import chat, read_json, sse_events
from korproxy.builtin.dialects.chat_format.annotations import read_annotations
from korproxy.builtin.dialects.chat_format.json_text import inner_object, is_utf8, some_text
from korproxy.builtin.dialects.responses_format.answer_items import Place, call_arguments, content_part, objects, thoughts
from korproxy.builtin.dialects.responses_format.endings import read_ending
from korproxy.builtin.dialects.responses_format.errors import read_late_error
from korproxy.builtin.dialects.responses_format.seals import sealed
from korproxy.builtin.dialects.responses_format.stream_items import ItemState, Kind, Telling, kind_of
from korproxy.builtin.dialects.responses_format.usage import read_usage

_Object: TypeAlias = Mapping[str, Any]


class _Piece(msgspec.Struct, gc=False):
    """One more piece of an item: what nearly every event is."""

    type: str
    delta: str
    output_index: int
    content_index: int = 0
    summary_index: int = 0


_pieces = msgspec.json.Decoder(_Piece).decode
_GROW: Mapping[str, Kind] = {  # by such events: the kind of the item that grows
    "response.output_text.delta": "message",
    "response.function_call_arguments.delta": "call",
    "response.reasoning_summary_text.delta": "reasoning",
    "response.reasoning_text.delta": "reasoning",
}


@attrs.define
class ResponsesStreamReader:
    """Reads one stream. Items are known by their place in the output, calls by a running number of their own."""

    _id: str = attrs.field(default="", init=False)
    _begun: bool = attrs.field(default=False, init=False)
    _over: bool = attrs.field(default=False, init=False)
    _telling: Telling = attrs.field(factory=Telling, init=False, repr=False)
    _items: dict[object, ItemState] = attrs.field(factory=dict, init=False, repr=False)
    _by_id: dict[str, object] = attrs.field(factory=dict, init=False, repr=False)  # id of an item -> its place

    def feed(self, events: bytes) -> Sequence[chat.Event]:
        """Read whole events. Behind the one that ends the response nothing counts."""
        told: list[chat.Event] = []
        readable = is_utf8(events)
        for name, data in sse_events(events):
            if self._over:
                break
            usual = self._usual(data) if readable else None
            if usual is not None:
                told.append(usual)
            elif data.strip() and not data.startswith(b"[DONE]"):  # some servers cannot help it
                told += self._event(name, data)
        return told

    def finish(self) -> Sequence[chat.Event]:
        """Return nothing: a stream that ends well says so itself."""
        return ()

    def _usual(self, data: bytes) -> chat.Event | None:
        """Return the one event that *data* tells, if it is one more piece of an open item; None: it has to be read in full."""
        try:
            event = _pieces(data)
        except (ValueError, RecursionError):
            return None
        state = self._items.get(event.output_index)
        known = state is not None and not state.done and event.delta and state.kind == _GROW.get(event.type)
        return self._more(state, event) if state is not None and known else None

    def _more(self, state: ItemState, event: _Piece) -> chat.Event | None:
        if state.kind == "message":
            place = (event.output_index, event.content_index)
            return self._telling.more_text(state, place, event.content_index, event.delta)
        if state.kind == "call":
            return self._telling.more_arguments(state, event.delta)
        if event.type == "response.reasoning_summary_text.delta":
            return self._telling.more_thought(state, "summary", event.summary_index, event.delta)
        return self._telling.more_thought(state, "content", event.content_index, event.delta)

    def _event(self, name: bytes, data: bytes) -> Iterator[chat.Event]:
        event = _object(data)
        kind = some_text(event.get("type")) or name.decode("utf-8", "replace")
        match kind:
            case "response.output_item.added":
                yield from self._add(event)
            case "response.output_item.done":
                yield from self._finish(self._place(event), inner_object(event, "item"))
            case "response.created" | "response.queued" | "response.in_progress":
                yield from self._begin(event)
            case "response.completed" | "response.incomplete":
                yield from self._end(event)
            case "response.failed" | "error":
                yield from self._fail(event)
            case "" if event.get("error"):
                yield from self._fail(event)
            case "":
                raise chat.Unreadable("an event has no type")
            case _:
                yield from self._piece(kind.removesuffix(".delta").removesuffix(".done"), event)

    def _piece(self, kind: str, event: _Object) -> Iterator[chat.Event]:
        match kind:
            case "response.output_text":
                yield from self._text(event)
            case "response.output_text.annotation.added":
                yield from self._annotation(event)
            case "response.function_call_arguments":
                yield from self._arguments("arguments", event)
            case "response.custom_tool_call_input":
                yield from self._arguments("input", event)
            case "response.reasoning_summary_text":
                yield from self._thought("summary", event)
            case "response.reasoning_text":
                yield from self._thought("content", event)
            case "response.refusal":
                yield from self._refusal(event)

    def _begin(self, event: _Object) -> Iterator[chat.Event]:
        if not self._begun:
            self._begun = True
            response = inner_object(event, "response")
            self._id = some_text(response.get("id"))
            yield chat.Started(id=self._id, model=some_text(response.get("model")))

    def _end(self, event: _Object) -> Iterator[chat.Event]:
        """Take the response as it ends. What only it says counts; that of the ChatGPT backend has no output."""
        yield from self._begin(event)
        self._over = True
        response, said = inner_object(event, "response"), self._telling.said
        for index, item in enumerate(objects(response.get("output"))):
            place = self._by_id.get(some_text(item.get("id")), index)
            if place in self._items or not said:
                yield from self._finish(place, item)
        for state in self._items.values():
            yield from self._telling.end(state)
        yield from _count(response)
        yield chat.Ended(read_ending(response, refused=self._telling.refused))

    def _fail(self, event: _Object) -> Iterator[chat.Event]:
        self._over = True
        yield from _count(inner_object(event, "response"))
        yield chat.Failed(read_late_error(event))

    def _add(self, event: _Object) -> Iterator[chat.Event]:
        """Take an item as it begins. Some servers say it twice."""
        item, place = inner_object(event, "item"), self._place(event)
        known, id_ = self._items.get(place), some_text(item.get("id"))
        if known is not None and (known.done or known.id == id_):
            return
        if known is not None:
            yield from self._telling.end(known)
        state = self._items[place] = ItemState(kind_of(item), id=id_)
        if id_:
            self._by_id[id_] = place
        if state.kind == "call":
            state.early = call_arguments(item)
            if some_text(item.get("name")):
                yield from self._telling.call(state, item, self._id)

    def _finish(self, place: object, item: _Object) -> Iterator[chat.Event]:
        """Take an item as it ends: what of it has not come yet, and its seal, which counts only here."""
        state = self._items.setdefault(place, ItemState(kind_of(item)))
        if state.done or state.kind != kind_of(item):
            return
        if state.kind == "message":
            for index, part in enumerate(objects(item.get("content"))):
                match content_part(part):
                    case chat.Refusal(text=text):
                        yield from self._telling.refusal(state.text(index).rest(text))
                    case chat.Text(text=text, citations=citations):
                        yield from self._telling.text((place, index), state.text(index).rest(text))
                        yield from self._telling.cited(state, (place, index), index, citations)
        elif state.kind == "reasoning":
            where = state.place or thoughts(item)[0]
            for index, part in enumerate(objects(item.get(where))):
                yield from self._telling.thought(state, where, index, state.text(index).rest(some_text(part.get("text"))))
        elif state.kind == "call":
            yield from self._telling.call(state, item, self._id)
            yield from self._telling.arguments(state, state.text(0).rest(call_arguments(item)))
        yield from self._telling.end(state, sealed(item.get("encrypted_content")))

    def _text(self, event: _Object) -> Iterator[chat.Event]:
        state, index = self._of(event, "message"), _index(event, "content_index")
        if state is not None:
            yield from self._telling.text((self._place(event), index), _news(state, index, event, "text"))

    def _annotation(self, event: _Object) -> Iterator[chat.Event]:
        state, index = self._of(event, "message"), _index(event, "content_index")
        if state is not None:
            found = read_annotations([event.get("annotation")])
            yield from self._telling.cited(state, (self._place(event), index), index, found)

    def _refusal(self, event: _Object) -> Iterator[chat.Event]:
        state = self._of(event, "message")
        if state is not None:
            yield from self._telling.refusal(_news(state, _index(event, "content_index"), event, "refusal"))

    def _thought(self, place: Place, event: _Object) -> Iterator[chat.Event]:
        """Take reasoning. Where a server has both a summary and the text itself, the one that came first counts."""
        state = self._of(event, "reasoning")
        if state is not None and state.place in (None, place):
            index = _index(event, f"{place}_index")
            yield from self._telling.thought(state, place, index, _news(state, index, event, "text"))

    def _arguments(self, key: Literal["arguments", "input"], event: _Object) -> Iterator[chat.Event]:
        state = self._of(event, "call")
        if state is not None:
            yield from self._telling.arguments(state, _news(state, 0, event, key))

    def _place(self, event: _Object) -> object:
        index, id_ = event.get("output_index"), some_text(event.get("item_id"))
        return index if isinstance(index, int) else self._by_id.get(id_, id_)

    def _of(self, event: _Object, kind: Literal["message", "reasoning", "call"]) -> ItemState | None:
        """Return the item of *kind* that *event* is about, a new one where it was not announced; None: nothing more counts."""
        place = self._place(event)
        state = self._items.get(place)
        if state is None:
            state = self._items[place] = ItemState(kind, id=some_text(event.get("item_id")))
        return None if state.done or state.kind != kind else state


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = read_json(data)[0]
    except ValueError as exc:
        raise chat.Unreadable(f"an event that is no JSON: {exc}") from None
    if not isinstance(value, dict):
        raise chat.Unreadable(f"an event with a JSON value of the type {type(value).__name__} in place of an object")
    return value


def _count(response: _Object) -> Iterator[chat.Event]:
    usage = read_usage(response.get("usage"))
    if usage is not None:
        yield chat.UsageSeen(usage)


def _news(state: ItemState, index: int, event: _Object, key: str) -> str:
    """Return what *event* adds to a text of *state*: the next piece, or what is missing of the whole, which stands at *key*."""
    if "delta" in event:
        return state.text(index).add(some_text(event["delta"]))
    return state.text(index).rest(some_text(event.get(key)))


def _index(event: _Object, key: str) -> int:
    index = event.get(key)
    return index if isinstance(index, int) else 0
