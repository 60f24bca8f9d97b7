"""The output of a streamed answer: one item is open at a time, and is told whole when it is done.

Facts: the events of OpenAI's Python SDK 3.57, ``ResponseOutputItemAddedEvent`` and those that go with it.
"""

from __future__ import annotations

from typing import Any, Literal

import attrs

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.responses_format.written_items import Called, Item, Items, Words, annotation, summed_up, words


@attrs.define
class _Open:
    """The item that is open, and what was told of it. ``over``: the next text belongs into another one."""

    kind: Words | Literal["reasoning", "call"]
    id: str
    called: Called | None = None
    pieces: list[str] = attrs.field(factory=list, repr=False)
    length: int = 0
    annotations: list[Item] = attrs.field(factory=list, repr=False)
    over: bool = False


@attrs.define
class Output:
    """Writes the items of one stream, and counts its events.

    Attributes:
        items: Makes the items.
        done: Those that are complete.
    """

    items: Items
    done: list[Item] = attrs.field(factory=list, init=False, repr=False)
    _open: _Open | None = attrs.field(default=None, init=False, repr=False)
    _number: int = attrs.field(default=0, init=False)
    _before: bytes = attrs.field(default=b"", init=False, repr=False)  # the number of an event with which the item grows
    _between: bytes = attrs.field(default=b"", init=False, repr=False)  # the two

    def event(self, kind: str, **fields: Any) -> bytes:
        """Return one event, with the next number."""
        data = json_bytes({"type": kind, "sequence_number": self._number, **fields})
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)

    def say(self, kind: Words, text: str) -> bytes:
        """Add *text* to the message that is open, or to a new one."""
        said = b""
        if self._open is None or self._open.kind != kind or self._open.over:
            said = self.close()
            item = self.items.message(len(self.done), kind, "", status="in_progress")
            said += self._added(_Open(kind, item["id"]), item)
            said += self._about("response.content_part.added", content_index=0, part=words(kind, ""))
            self._grows(f"response.{kind}.delta", content_index=0, **_extra(kind))
        return said + self._grow(text)

    def cite(self, citation: chat.Citation) -> bytes:
        """Add *citation* to the text that is open."""
        opened = self._open
        if opened is None or opened.kind != "output_text":
            return b""
        opened.annotations.append(annotation(citation, opened.length))
        place = {"content_index": 0, "annotation_index": len(opened.annotations) - 1}
        return self._about("response.output_text.annotation.added", **place, annotation=opened.annotations[-1])

    def think(self, text: str) -> bytes:
        """Add *text* to the reasoning that is open, or to a new one."""
        said = b""
        if self._open is None or self._open.kind != "reasoning":
            said = self.close()
            item = self.items.reasoning(len(self.done), "")
            said += self._added(_Open("reasoning", item["id"]), item)
            said += self._about("response.reasoning_summary_part.added", summary_index=0, part=summed_up(""))
            self._grows("response.reasoning_summary_text.delta", summary_index=0)
        return said + self._grow(text)

    def seal(self, seal: chat.Seal | None, *, redacted: bool) -> bytes:
        """Close the reasoning that is open, or tell reasoning whose text is hidden."""
        if self._open is not None and self._open.kind == "reasoning":
            return self._close_reasoning(self._open, seal, redacted=redacted)
        if seal is None:
            self.part()
            return b""
        said = self.close()
        item = self.items.reasoning(len(self.done), "")
        opened = _Open("reasoning", item["id"])
        return said + self._added(opened, item) + self._close_reasoning(opened, seal, redacted=redacted)

    def part(self) -> None:
        """Take note that the next text is a block of its own. The message stays open: its status depends on what follows."""
        if self._open is not None:
            self._open.over = True

    def call(self, call: chat.CallStarted) -> bytes:
        """Open the item of *call*."""
        said = self.close()
        called = self.items.called(len(self.done), call)
        said += self._added(_Open("call", called.about["id"], called), called.begun())
        self._grows(f"response.{_arguments(called)}.delta")
        return said

    def argue(self, piece: str) -> bytes:
        """Add *piece* to the arguments of the call that is open; a text that comes inside of an object waits for its end."""
        opened = self._open
        if opened is None or opened.called is None or not piece:
            return b""
        if opened.called.wrapped:
            opened.pieces.append(piece)
            return b""
        return self._grow(piece)

    def close(self, *, cut: bool = False) -> bytes:
        """Close the item that is open. *cut*: the answer has broken off in it."""
        match self._open:
            case None:
                return b""
            case _Open(called=Called() as called) as opened:
                return self._close_call(opened, called)
            case _Open(kind="reasoning") as opened:
                return self._close_reasoning(opened, None, redacted=False)
            case _Open() as opened:
                return self._close_message(opened, "refusal" if opened.kind == "refusal" else "output_text", cut=cut)

    def _close_message(self, opened: _Open, kind: Words, *, cut: bool) -> bytes:
        text = "".join(opened.pieces)
        field = "refusal" if kind == "refusal" else "text"
        said = self._about(f"response.{kind}.done", content_index=0, **{field: text}, **_extra(kind))
        said += self._about("response.content_part.done", content_index=0, part=words(kind, text, opened.annotations))
        status = "incomplete" if cut else "completed"
        item = self.items.message(len(self.done), kind, text, opened.annotations, status=status)
        return said + self._done(item)

    def _close_reasoning(self, opened: _Open, seal: chat.Seal | None, *, redacted: bool) -> bytes:
        text, said = "".join(opened.pieces), b""
        if text:
            said += self._about("response.reasoning_summary_text.done", summary_index=0, text=text)
            said += self._about("response.reasoning_summary_part.done", summary_index=0, part=summed_up(text))
        return said + self._done(self.items.reasoning(len(self.done), text, seal, redacted=redacted))

    def _close_call(self, opened: _Open, called: Called) -> bytes:
        text, kind, said = called.text("".join(opened.pieces)), _arguments(called), b""
        if called.wrapped and text:
            said += self._about(f"response.{kind}.delta", delta=text)
        field = "input" if called.freeform else "arguments"
        said += self._about(f"response.{kind}.done", **{field: text})
        return said + self._done(called.whole(text))

    def _added(self, opened: _Open, item: Item) -> bytes:
        self._open = opened
        return self.event("response.output_item.added", output_index=len(self.done), item=item)

    def _about(self, kind: str, **fields: Any) -> bytes:
        """Return an event about the item that is open."""
        id_ = self._open.id if self._open is not None else ""
        return self.event(kind, item_id=id_, output_index=len(self.done), **fields)

    def _grows(self, kind: str, **fields: Any) -> None:
        """Take note what the events are with which the open item grows: from one to the next only number and text differ."""
        id_ = self._open.id if self._open is not None else ""
        about = json_bytes({"item_id": id_, "output_index": len(self.done), **fields})[1:-1]
        self._before = b'event: %b\ndata: {"type":"%b","sequence_number":' % (kind.encode(), kind.encode())
        self._between = b",%b," % about + b'"delta":'

    def _grow(self, piece: str) -> bytes:
        if self._open is not None:
            self._open.pieces.append(piece)
            self._open.length += len(piece)
        number = self._number
        self._number += 1
        return b"%b%d%b%b}\n\n" % (self._before, number, self._between, json_bytes(piece))

    def _done(self, item: Item) -> bytes:
        said = self.event("response.output_item.done", output_index=len(self.done), item=item)
        self.done.append(item)
        self._open = None
        return said


def _extra(kind: Words) -> dict[str, Any]:
    return {"logprobs": []} if kind == "output_text" else {}


def _arguments(called: Called) -> str:
    return "custom_tool_call_input" if called.freeform else "function_call_arguments"
