"""A draft becomes a schema. The whole is tested with ``schema_cleaning``."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.builtin.dialects.gemini_format.schema_drafts import Budget, Draft, Limit, Merging
from korproxy.builtin.dialects.gemini_format.schema_shaping import Shaping


def shaped(draft: Draft, *, ordered: bool = False) -> tuple[Any, list[tuple[str, str]]]:
    notes: list[tuple[str, str]] = []
    budget = Budget("")
    merging = Merging(budget.spend, lambda at, _why: notes.append(("lost", at)))
    shaping = Shaping(budget=budget, merging=merging, note=lambda fate, at, _why: notes.append((fate, at)), ordered=ordered)
    return shaping.shaped(draft), notes


def draft(*types: str, **more: Any) -> Draft:
    return Draft(at="/s", types=types, **more)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (draft("STRING", nullable=True), {"type": "STRING", "nullable": True}),
        (draft("ARRAY"), {"type": "ARRAY", "items": {"type": "STRING"}}),
        (draft("ARRAY", items=draft("NUMBER")), {"type": "ARRAY", "items": {"type": "NUMBER"}}),
        (draft("NULL"), {"type": "STRING", "nullable": True, "description": "always null"}),
        (draft("STRING", "NUMBER"), {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]}),
        (draft(any_of=(draft("STRING"), draft("NULL"))), {"type": "STRING", "nullable": True}),
        (draft("INTEGER", enum=Limit([1, 2], "/e")), {"type": "INTEGER", "description": "one of 1, 2"}),
        (draft("NUMBER", limits={"format": Limit("double", "/f")}), {"type": "NUMBER", "format": "double"}),
        (
            draft(any_of=(draft(required={"a": "/r"}), draft()), properties={"a": draft("STRING")}),
            {
                "anyOf": [
                    {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]},
                    {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
                ]
            },
        ),
    ],
)
def test_a_draft_takes_one_of_geminis_shapes(given: Draft, expected: Any) -> None:
    assert shaped(given)[0] == expected


def test_what_says_nothing_about_the_type_is_lost() -> None:
    given = draft(
        "STRING",
        limits={"minimum": Limit(1, "/m"), "format": Limit("int32", "/f")},
        properties={"a": Draft(at="/p")},
        required={"a": "/r"},
        items=Draft(at="/i"),
    )

    assert shaped(given) == ({"type": "STRING"}, [("lost", each) for each in ("/m", "/f", "/p", "/r", "/i")])


def test_the_order_of_properties_is_kept_where_it_is_wanted() -> None:
    given = draft("OBJECT", properties={"b": draft("STRING"), "a": draft("STRING")})

    assert "propertyOrdering" not in shaped(given)[0]
    assert shaped(given, ordered=True)[0]["propertyOrdering"] == ["b", "a"]
