"""Reads a JSON Schema of any vintage (draft 4 to 2020-12) into a draft: references followed, ``allOf`` merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.schema_drafts import Budget, Draft, Merging
from korproxy.builtin.dialects.gemini_format.schema_keywords import Note, read_keyword
from korproxy.builtin.dialects.gemini_format.schema_refs import References


@attrs.define
class Intake:
    """Reads one schema.

    Attributes:
        note: Is told of what becomes something else (``mapped``) or goes (``lost``).
    """

    references: References
    budget: Budget
    merging: Merging
    note: Note
    _definitions: list[str] = attrs.field(factory=list, init=False)

    def whole(self, schema: object, at: str) -> Draft:
        """Return the schema at *at*; definitions that nobody uses are lost."""
        draft = self._read(schema, at, 0)
        for each in self._definitions:
            if not self.references.is_used(each):
                self.note("lost", each, "is used nowhere")
        return draft

    def _read(self, schema: object, at: str, depth: int) -> Draft:
        self.budget.spend(depth=depth)
        if not isinstance(schema, dict):
            if not isinstance(schema, bool):
                self.note("lost", at, "is no schema")
            return Draft(at=at, never=schema is False)
        draft = Draft(at=at)
        besides: list[Draft] = []
        for key, value in schema.items():
            besides += self._keyword(draft, key, value, chat.child(at, key), depth + 1)
        if draft.enum is not None and not draft.types and all(each is None for each in draft.enum.value):
            draft.types, draft.enum, draft.nullable = ("NULL",), None, True
        for each in besides:
            draft = self.merging.both(draft, each)
        return draft

    def _keyword(self, draft: Draft, key: str, value: Any, at: str, depth: int) -> Sequence[Draft]:
        """Put into *draft* what *key* says; return what has to hold besides."""
        match key:
            case "properties":
                self._properties(draft, value, at, depth)
            case "items" if not isinstance(value, list):
                found = self._read(value, at, depth)
                draft.items = self.merging.both(draft.items, found) if draft.items else found
            case "items" | "prefixItems":  # a list: of the first item, the second...
                self._tuple(draft, value, at, depth)
            case "anyOf" | "oneOf":
                found_ones = self._list(value, at, depth)
                return [Draft(at=at, any_of=tuple(found_ones), any_at=at)] if found_ones else []
            case "allOf":
                return self._list(value, at, depth)
            case "$ref":
                return self._referred(value, at, depth)
            case "$defs" | "definitions":
                self._definitions += [chat.child(at, name) for name in value] if isinstance(value, dict) else [at]
            case _:
                read_keyword(draft, key, value, at, self.note)
        return []

    def _properties(self, draft: Draft, value: Any, at: str, depth: int) -> None:
        if isinstance(value, dict):
            draft.properties = {name: self._read(each, chat.child(at, name), depth) for name, each in value.items()}
        else:
            self.note("lost", at, "is no object")

    def _tuple(self, draft: Draft, value: Any, at: str, depth: int) -> None:
        members = self._list(value, at, depth)
        if members:
            found = Draft(at=at, any_of=tuple(members), any_at=at)
            draft.items = self.merging.both(draft.items, found) if draft.items else found
            self.note("mapped", at, "is sent as items that may be any of these, in any order")

    def _referred(self, value: Any, at: str, depth: int) -> Sequence[Draft]:
        with self.references.followed(value, at) as found:
            if found is None:
                self.note("lost", at, "points to nothing in this schema")
                return []
            return [self._read(*found, depth)]

    def _list(self, value: Any, at: str, depth: int) -> Sequence[Draft]:
        if not isinstance(value, list):
            self.note("lost", at, "is no list")
            return []
        return [self._read(each, chat.child(at, number), depth) for number, each in enumerate(value)]
