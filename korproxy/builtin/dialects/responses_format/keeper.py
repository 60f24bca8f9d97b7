"""Answers that clients come back to: ``store``, ``previous_response_id`` and ``/v1/responses/ID``.

Facts: OpenAI's reference of Responses, and ``resources/responses`` of its Python SDK 3.57. Answers are stored unless ``store``
is false; ``instructions`` are not inherited; ids of items belong to whoever stored them, items without are taken by
everybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import attrs
import msgspec

from korproxy.api import json_bytes, raw_items, raw_json, raw_object, raw_text, sse_events

_LAST = (b"response.completed", b"response.incomplete")
_DONE = frozenset({"completed", "incomplete"})
_FIRST = (b"response.created", b"response.queued")
_PENDING = frozenset({"queued", "in_progress"})


class _Answer(msgspec.Struct):
    id: Any = None
    status: Any = None
    store: Any = None
    background: Any = None
    output: msgspec.Raw = msgspec.Raw(b"[]")


class _Event(msgspec.Struct):
    type: Any = None
    response: msgspec.Raw = msgspec.Raw(b"null")


_answers = msgspec.json.Decoder(_Answer)
_events = msgspec.json.Decoder(_Event)
_lists = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_COUNT = re.compile(r"[0-9]{1,9}")


@attrs.frozen
class ResponsesKeeper:
    """Is an ``AnswerKeeper``."""

    path: str = "/v1/responses"
    below: Mapping[str, str] = attrs.field(factory=lambda: {"/input_items": "GET", "/cancel": "POST"})

    def repeated(self, previous: str) -> Mapping[str, str]:
        """See ``AnswerKeeper``."""
        return {"previous_response_id": previous}

    def items(self, body: bytes) -> bytes:
        """Return ``input``; a text is one message of the user's."""
        said = bytes(raw_object(body).get("input", b""))
        if said.startswith(b'"'):
            return b'[{"type":"message","role":"user","content":' + said + b"}]"
        return said if said.startswith(b"[") else b"[]"

    def expanded(self, body: bytes, turns: Sequence[tuple[bytes, bytes]]) -> bytes:
        """Return *body* with everything before it in front of its own items, and without ``previous_response_id``."""
        request = raw_object(body)
        items = [item for sent, answer in turns for item in (*_bare(sent), *_bare(bytes(_answers.decode(answer).output)))]
        request["input"] = msgspec.Raw(msgspec.json.encode([*items, *_lists.decode(self.items(body))]))
        request.pop("previous_response_id", None)
        return msgspec.json.encode(request)

    def whole_answer(self, events: bytes) -> bytes | None:
        """Return the response of ``response.completed`` or ``response.incomplete``."""
        return _response_in(events, _LAST)

    def id_of(self, answer: bytes) -> str | None:
        """See ``AnswerKeeper``. One that is still being made in the background has not come to its end."""
        return _id_of(_answer(answer), _DONE)

    def begun(self, events: bytes) -> bytes | None:
        """Return the response of ``response.created`` or ``response.queued``, where it says ``background``."""
        found = _response_in(events, _FIRST) if b'"background"' in events else None
        return found if found is not None and _answer(found).background is True else None

    def pending(self, answer: bytes) -> str | None:
        """See ``AnswerKeeper``. A stream of one that is not stored ends with its connection."""
        found = _answer(answer)
        return _id_of(found, _PENDING) if found.store is True else None

    def is_stored(self, answer: bytes) -> bool:
        """Whether it says so itself: many servers take ``store``, and store nothing."""
        return _answers.decode(answer).store is True

    def listed(self, kept: bytes, query: bytes) -> bytes:
        """Return the page of items that ``order``, ``after`` and ``limit`` ask for, each with an id; the last one first."""
        wishes = dict(parse_qsl(query.decode("latin-1")))
        items = [_shown(item, number) for number, item in enumerate(raw_items(kept))]
        if wishes.get("order") != "asc":
            items.reverse()
        after = wishes.get("after", "")
        begin = next((place for place, (name, _) in enumerate(items, 1) if name == after), 0) if after else 0
        limit = wishes.get("limit", "")
        page = items[begin : begin + max(int(limit), 1)] if _COUNT.fullmatch(limit) else items[begin:]
        ids = [name for name, _ in page]
        return msgspec.json.encode(
            {
                "object": "list",
                "data": [item for _, item in page],
                "first_id": ids[0] if ids else None,
                "last_id": ids[-1] if ids else None,
                "has_more": begin + len(page) < len(items),
            }
        )

    def deleted(self, id: str) -> bytes:  # noqa: A002 -- the word for it
        """See ``AnswerKeeper``."""
        return json_bytes({"id": id, "object": "response", "deleted": True})


def _shown(item: msgspec.Raw, number: int) -> tuple[str, msgspec.Raw]:
    """Return the id of *item*, which stands at *number*, and *item* with it."""
    fields = raw_object(item)
    if not fields:
        return "", item  # some servers take what is no item
    name = raw_text(fields.get("id", b"")) or f"item_{number}"
    kind = raw_text(fields.get("type", b"")) or "message"
    return name, raw_json({**fields, "id": name, "type": kind})


def _response_in(events: bytes, kinds: tuple[bytes, ...]) -> bytes | None:
    """Return the response that the first of *events* of these *kinds* holds."""
    if not any(each in events for each in kinds):
        return None
    for _, data in sse_events(events):
        if any(each in data for each in kinds):
            event = _decoded(data)
            if isinstance(event.type, str) and event.type.encode() in kinds:
                return bytes(event.response)
    return None


def _answer(text: bytes) -> _Answer:
    try:
        return _answers.decode(text)
    except (ValueError, RecursionError):
        return _Answer()


def _id_of(answer: _Answer, states: frozenset[str]) -> str | None:
    named = isinstance(answer.id, str) and answer.id and isinstance(answer.status, str) and answer.status in states
    return answer.id if named else None


def _decoded(data: bytes) -> _Event:
    try:
        return _events.decode(data)
    except (ValueError, RecursionError):
        return _Event()


def _bare(items: bytes) -> Sequence[dict[str, msgspec.Raw]]:
    """Return *items* without ids and states of their own; reasoning that then says nothing to anybody is left out."""
    found = []
    for item in _lists.decode(items):
        kind = bytes(item.get("type", b""))
        if kind == b'"reasoning"' and bytes(item.get("encrypted_content", b"null")) == b"null":
            continue
        if kind != b'"item_reference"':
            item.pop("id", None)
        item.pop("status", None)
        found.append(item)
    return found
