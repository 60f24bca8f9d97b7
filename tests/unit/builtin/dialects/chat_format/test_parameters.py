"""What OpenAI misses in the schema of a tool is put into it."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.builtin.dialects.chat_format.parameters import parameters_of

LIST = {"type": "array"}
FULL = {"type": "array", "items": {}}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (None, {"type": "object", "properties": {}}),
        ({}, {"type": "object", "properties": {}}),
        ({"type": "object"}, {"type": "object", "properties": {}}),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({"anyOf": [{"type": "object"}]}, {"anyOf": [{"type": "object"}]}),
    ],
)
def test_edge_36_a_schema_is_one_of_an_object_with_properties(schema: Any, expected: Any) -> None:
    assert parameters_of(schema) == expected


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (LIST, FULL),
        ({"type": ["array", "null"]}, {"type": ["array", "null"], "items": {}}),
        ({"type": "array", "items": LIST}, {"type": "array", "items": FULL}),
        ({"anyOf": [LIST, {"type": "string"}]}, {"anyOf": [FULL, {"type": "string"}]}),
        ({"type": "object", "additionalProperties": LIST}, {"type": "object", "additionalProperties": FULL}),
        ({"type": "object", "properties": {"b": LIST}}, {"type": "object", "properties": {"b": FULL}}),
    ],
)
def test_an_array_that_does_not_say_what_it_holds_holds_anything(inner: Any, expected: Any) -> None:
    schema = {"type": "object", "properties": {"a": inner, "c": {"type": "string"}}, "$defs": {"d": inner}}

    assert parameters_of(schema) == {
        "type": "object",
        "properties": {"a": expected, "c": {"type": "string"}},
        "$defs": {"d": expected},
    }


def test_words_of_the_client_that_look_like_a_schema_are_left_alone() -> None:
    schema = {"type": "object", "properties": {"a": {"enum": [LIST], "default": LIST, "type": "object"}}}

    assert parameters_of(schema) is schema


def test_a_schema_that_has_all_of_it_is_not_copied() -> None:
    schema = {"type": "object", "properties": {"a": FULL, "b": {"anyOf": [FULL, True]}}, "additionalProperties": False}

    assert parameters_of(schema) is schema
