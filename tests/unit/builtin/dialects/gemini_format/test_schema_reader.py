"""Gemini's schemas as JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.schema_cleaning import clean_schema
from korproxy.builtin.dialects.gemini_format.schema_reader import json_schema
from tests.unit.builtin.dialects.gemini_format.test_schema_cleaning import SCHEMAS


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": "STRING", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "STRING", "nullable": False}, {"type": "string"}),
        (
            {"type": "STRING", "enum": ["a"], "format": "enum", "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"anyOf": [{"type": "STRING"}], "nullable": True}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"any_of": [{"type": "STRING"}]}, {"anyOf": [{"type": "string"}]}),
        (
            {"type": "ARRAY", "items": {"type": "NUMBER"}, "minItems": "2"},
            {"type": "array", "items": {"type": "number"}, "minItems": 2},
        ),
        (
            {"type": "OBJECT", "properties": {"type": {"type": "STRING"}, "a": {"example": 1}}, "propertyOrdering": ["a"]},
            {"type": "object", "properties": {"type": {"type": "string"}, "a": {"examples": [1]}}},
        ),
        (
            {"properties": {"a": {"ref": "#/defs/b"}}, "defs": {"b": {"type": "STRING", "nullable": True}}},
            {"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"type": ["string", "null"]}}},
        ),
        ({"$ref": "#/$defs/b", "$defs": {"b": {"type": "string"}}}, {"$ref": "#/$defs/b", "$defs": {"b": {"type": "string"}}}),
        ({"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": False}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        (True, True),
        ({"properties": 7, "anyOf": 7}, {"properties": 7, "anyOf": 7}),
    ],
)
def test_geminis_words_become_those_of_json_schema(schema: Any, expected: Any) -> None:
    assert json_schema(schema) == expected


@pytest.mark.parametrize("key", ["propertyOrdering", "property_ordering"])
def test_properties_stand_in_the_order_that_is_asked_for(key: str) -> None:
    properties = {name: {"type": "STRING"} for name in ("a", "b", "c")}

    assert list(json_schema({"properties": properties, key: ["c", "d", "b"]})["properties"]) == ["c", "b", "a"]
    assert list(json_schema({key: "c", "properties": properties})["properties"]) == ["a", "b", "c"]
    assert list(json_schema({key: [["c"], "b"], "properties": properties})["properties"]) == ["b", "a", "c"]


def test_a_schema_without_end_has_one() -> None:
    schema: dict[str, Any] = {"type": "STRING"}
    for _ in range(1000):
        schema = {"items": schema}

    assert json_schema(schema) is not None


@given(SCHEMAS)
def test_there_and_back_a_clean_schema_stays_as_it_is(schema: Any) -> None:
    try:
        clean = clean_schema(schema, "", chat.Report())
    except chat.CannotCarry:
        return

    back = clean_schema(json_schema(clean), "", chat.Report())
    assert _plain(back) == _plain(clean)


def _plain(schema: Any) -> Any:
    """Leave out what only Gemini says and JSON Schema has no word for."""
    if isinstance(schema, dict):
        gone = {"propertyOrdering", "example", "format", "nullable"}
        return {key: _plain(value) for key, value in schema.items() if key not in gone or isinstance(value, dict)}
    return [_plain(each) for each in schema] if isinstance(schema, list) else schema
