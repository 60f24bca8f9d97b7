"""A streamed response.

The rules: every event has a name, which is the type in its data; numbers rise by one from 0; ``response.created`` first; items
are added at the next ``output_index``, parts at the next index in their item; deltas belong to what is open; every ``done``
repeats what the deltas built; every item is done before the end, and the last response lists them all; one terminal event, and
nothing behind it. A failure may be told twice, as ``error`` and then as ``response.failed``: the SDK raises on the one, Codex
reads only the other.
"""

from __future__ import annotations

from typing import Any

import attrs

from korproxy_conformance.clients.openai_errors import read_error
from korproxy_conformance.clients.openai_responses_answer import check_head, read_answer
from korproxy_conformance.clients.openai_responses_items import Item
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Failure
from korproxy_conformance.sse import Event
from korproxy_conformance.wrong import Words, Wrong, same

_BEFORE = ("response.created", "response.queued", "response.in_progress")
_TERMINAL = ("response.completed", "response.incomplete")


@attrs.define
class ResponsesStream:
    """See ``StreamReader``."""

    _numbers: int = 0
    _head: Place | None = None
    _items: list[Item] = attrs.field(factory=list)
    _end: Place | None = None
    _failure: Failure | None = None
    _remarks: list[str] = attrs.field(factory=list)
    _flat: bool = False  # it was told as an event ``error``

    def take(self, event: Event) -> None:
        """See ``StreamReader``."""
        told_twice = self._flat and b"response.failed" in event.data
        if self._end is not None or (self._failure is not None and not told_twice):
            raise Wrong(Words("nothing after the end"), Words(repr(event.data[:80])), event.at)
        data = event.json()
        self._framed(event, data)
        match data["type"].word():
            case "error":
                self._failure, self._flat = _flat_error(data), True
            case "response.failed":
                self._same_response(data["response"])
                self._failure, self._flat = _failed(data["response"]), False
            case name if name in _BEFORE:
                self._starts(name, data["response"])
            case name if self._head is None:
                raise Wrong(Words("response.created first"), name, event.at)
            case name if name in _TERMINAL:
                self._ends(name, data["response"])
            case name:
                self._item(name, data)

    def answer(self) -> Answer:
        """See ``StreamReader``."""
        pieces = tuple(piece for each in self._items for piece in each.said())
        thoughts = "".join(piece for each in self._items for piece in each.thought())
        if self._end is not None:
            return attrs.evolve(read_answer(self._end), pieces=pieces, thoughts=thoughts, remarks=tuple(self._remarks))
        head = self._head["id"].word() if self._head else ""
        return Answer(id=head, pieces=pieces, thoughts=thoughts, failure=self._failure)

    def _framed(self, event: Event, data: Place) -> None:
        """Check name and number, which known clients do without where they are missing, but not where they are wrong."""
        if event.name:
            data["type"].equals(event.name)
        number = data.find("sequence_number")
        if number is not None:
            same(number.count(), self._numbers, number.at)
        if not event.name or number is None:
            self._remarks.append(f"{event.at} has no {'name' if number else 'sequence_number'}")
        self._numbers += 1

    def _starts(self, name: str, response: Place) -> None:
        if (name == _BEFORE[0]) is not (self._head is None):
            response.wrong(Words("response.created first, and once"))
        check_head(response)
        response["status"].one_of(("in_progress", "queued"))
        self._same_response(response)
        self._head = self._head or response

    def _same_response(self, response: Place) -> None:
        for name in ("id", "model"):
            same(response[name].value, (self._head or response)[name].value, response[name].at)

    def _ends(self, name: str, response: Place) -> None:
        check_head(response)
        self._same_response(response)
        same(f"response.{response['status'].text()}", name, response["status"].at)
        for each in self._items:
            each.must_be_done(response.at)
        listed = [each.value for each in response["output"].items()]
        same(listed, [each.done for each in self._items], response["output"].at)
        self._end = response

    def _item(self, name: str, data: Place) -> None:
        kind = name.removeprefix("response.")
        if kind == "output_item.added":
            same(data["output_index"].count(), len(self._items), data["output_index"].at)
            self._items.append(Item.added(data["item"]))
            return
        if data.find("output_index") is None:
            return  # an event of another kind, which a program passes over
        index = data["output_index"].count()
        if index >= len(self._items):
            data["output_index"].wrong(Words("the number of an item that was added"))
        self._items[index].take(kind, data)


def _flat_error(data: Place) -> Failure:
    """Read the event ``error``, whose members stand flat in it."""
    for name in ("code", "param"):
        if data[name].value is not None:
            data[name].text()
    code: Any = data["code"].value
    return Failure(kind=code or "error", message=data["message"].word(), code=code or "")


def _failed(response: Place) -> Failure:
    """Read ``response.failed``: Codex looks for code and message in the response's own ``error``."""
    check_head(response)
    response["status"].equals("failed")
    error = response["error"]
    members = error.members()
    if "type" in members and "param" in members:
        return read_error(error)
    return Failure(kind=error["code"].word(), message=error["message"].word(), code=error["code"].word())
