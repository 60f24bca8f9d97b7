"""A schema becomes a draft. The whole is tested with ``schema_cleaning``."""

from __future__ import annotations

from typing import Any

from korproxy.builtin.dialects.gemini_format.schema_drafts import Budget, Draft, Merging
from korproxy.builtin.dialects.gemini_format.schema_intake import Intake
from korproxy.builtin.dialects.gemini_format.schema_refs import References


def read(schema: Any) -> tuple[Draft, list[tuple[str, str]]]:
    notes: list[tuple[str, str]] = []
    budget = Budget("")
    merging = Merging(budget.spend, lambda at, _why: notes.append(("lost", at)))
    intake = Intake(References(schema, ""), budget, merging, lambda fate, at, _why: notes.append((fate, at)))
    return intake.whole(schema, ""), notes


def test_every_schema_knows_where_it_stands() -> None:
    draft, notes = read({"properties": {"a/b": {"items": {"$ref": "#/$defs/C"}}}, "$defs": {"C": {"anyOf": [{}, {}]}}})
    inner = draft.properties["a/b"]

    assert inner.at == "/properties/a~1b"
    assert inner.items is not None
    assert [each.at for each in inner.items.any_of] == ["/$defs/C/anyOf/0", "/$defs/C/anyOf/1"]
    assert notes == []


def test_booleans_are_schemas_and_other_values_none() -> None:
    assert (read(True)[0].never, read(False)[0].never) == (False, True)
    assert read("x")[1] == [("lost", "")]


def test_a_list_of_items_is_sent_as_any_of_them() -> None:
    draft, notes = read({"prefixItems": [{"type": "string"}], "items": [{"type": "number"}]})

    assert draft.items is not None
    assert [each.types for each in draft.items.any_of] == [("STRING",)]
    assert notes[0] == ("mapped", "/prefixItems")
    assert ("lost", "/items") in notes


def test_definitions_that_nobody_uses_are_lost() -> None:
    assert read({"$defs": {"a": {}}, "definitions": [1]})[1] == [("lost", "/$defs/a"), ("lost", "/definitions")]
