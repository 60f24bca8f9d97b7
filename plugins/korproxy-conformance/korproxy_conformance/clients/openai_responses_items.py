"""One item of a streamed response, from ``added`` to ``done``."""

from __future__ import annotations

from typing import Any

import attrs

from korproxy_conformance.place import Place
from korproxy_conformance.wrong import Words, Wrong, same

# What begins a part of an item: its event, the member with its index, the list it is in.
_PARTS = {
    "content_part": ("content_index", "content"),
    "reasoning_summary_part": ("summary_index", "summary"),
}
# Texts that come in deltas: the event, the member with the part's index, the member that says it all in ``done``.
_TEXTS = {
    "output_text": ("content_index", "text"),
    "refusal": ("content_index", "refusal"),
    "reasoning_text": ("content_index", "text"),
    "reasoning_summary_text": ("summary_index", "text"),
    "function_call_arguments": ("", "arguments"),
}
_IS_THOUGHT = ("reasoning_text", "reasoning_summary_text")


@attrs.define(kw_only=True)
class _Part:
    """A part, or the arguments of a call. ``told`` is the text in its own ``done``, ``ended`` the part in the one behind."""

    pieces: list[str] = attrs.field(factory=list)
    kind: str = ""
    told: bool = False
    ended: Any = None

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@attrs.define(kw_only=True)
class Item:
    """An item as far as it came. ``done`` is all of it, once it is."""

    added_as: Place
    done: Any = None
    _parts: dict[tuple[str, int], _Part] = attrs.field(factory=dict)

    @classmethod
    def added(cls, item: Place) -> Item:
        """Begin an item: its texts are empty, and its names are there."""
        item["id"].word()
        match item["type"].one_of(("message", "function_call", "reasoning")):
            case "message":
                item["role"].equals("assistant")
                item["content"].equals([])
                item["status"].equals("in_progress")
            case "function_call":
                item["call_id"].word()
                item["name"].word()
                item["arguments"].equals("")
            case _:
                item["summary"].equals([])
        return cls(added_as=item)

    def said(self) -> list[str]:
        """Return the pieces of its text."""
        return [piece for each in self._parts.values() if each.kind == "output_text" for piece in each.pieces]

    def thought(self) -> list[str]:
        """Return the pieces of its reasoning."""
        return [piece for each in self._parts.values() if each.kind in _IS_THOUGHT for piece in each.pieces]

    def must_be_done(self, at: str) -> None:
        """Raise ``Wrong`` unless it is."""
        if self.done is None:
            raise Wrong(Words("all items done before the end"), Words(f"{self.added_as['id'].text()} still open"), at)

    def take(self, kind: str, data: Place) -> None:
        """Take the next event that is about it; *kind* is the type without ``response.``."""
        if self.done is not None:
            data.wrong(Words("nothing about an item that is done"))
        if kind == "output_item.done":
            self._finish(data["item"])
            return
        data["item_id"].equals(self.added_as["id"].text())
        base, _, what = kind.rpartition(".")
        if base in _PARTS and what in {"added", "done"}:
            self._part(base, what, data)
        elif base in _TEXTS and what in {"delta", "done"}:
            self._text(base, what, data)

    def _part(self, base: str, what: str, data: Place) -> None:
        index_name, listed = _PARTS[base]
        key = listed, data[index_name].count()
        if what == "added":
            same(key[1], sum(name == listed for name, _ in self._parts), data[index_name].at)
            for name in ("text", "refusal"):
                found = data["part"].find(name)
                if found is not None:
                    found.equals("")
            self._parts[key] = _Part()
            return
        part = self._open(key, data)
        if not part.told:
            data.wrong(Words("the text's done before its part's"))
        said = data["part"].find("text") or data["part"]["refusal"]
        said.equals(part.text)
        part.ended = data["part"].value

    def _text(self, base: str, what: str, data: Place) -> None:
        index_name, whole = _TEXTS[base]
        key = (_listed(base), data[index_name].count() if index_name else 0)
        if not index_name:
            self._parts.setdefault(key, _Part())
        part = self._open(key, data)
        if part.told:
            data.wrong(Words("nothing more of a text that is done"))
        part.kind = base
        if what == "delta":
            piece = data["delta"].text()
            part.pieces += [piece] if piece else []
        else:
            data[whole].equals(part.text)
            part.told = True

    def _open(self, key: tuple[str, int], data: Place) -> _Part:
        part = self._parts.get(key)
        if part is None or part.ended is not None:
            data.wrong(Words("the number of a part that is open"))
        return part

    def _finish(self, item: Place) -> None:
        for name in ("id", "type", "call_id", "name"):
            expected = self.added_as.find(name)
            if expected is not None:
                item[name].equals(expected.value)
        for listed in ("content", "summary"):
            parts = [part for (name, _), part in self._parts.items() if name == listed]
            if any(each.ended is None for each in parts):
                item.wrong(Words("all parts done before their item"))
            if parts or item.some(listed):
                item[listed].equals([each.ended for each in parts])
        call = self._parts.get(("", 0))
        if item["type"].text() == "function_call":
            item["arguments"].equals(call.text if call and call.told else Words("what an arguments.done said"))
        self.done = item.value


def _listed(base: str) -> str:
    return {"reasoning_summary_text": "summary", "function_call_arguments": ""}.get(base, "content")
