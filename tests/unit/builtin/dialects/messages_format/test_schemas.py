"""JSON Schemas in the form that the format takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest
from anthropic import transform_schema
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.schemas import arguments_schema, exact_schema
from tests.fakes.json_bodies import VALUES

TEXT = {"type": "string"}
NUMBER = {"type": "number"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (None, {"type": "object", "properties": {}}),
        ({}, {"type": "object", "properties": {}}),
        ({"type": "object"}, {"type": "object", "properties": {}}),
        ({"type": "object", "properties": None}, {"type": "object", "properties": {}}),
        ({"properties": {"a": TEXT}}, {"type": "object", "properties": {"a": TEXT}}),
        ({"type": ["object", "null"], "properties": {}}, {"type": "object", "properties": {}}),
        ({"type": "string"}, {"type": "object", "properties": {}}),
    ],
)
def test_edge_36_arguments_are_an_object_with_properties(schema: Any, expected: Any) -> None:
    assert arguments_schema(schema) == expected


def test_a_schema_that_fits_is_not_touched() -> None:
    schema = {"$schema": "x", "type": "object", "properties": {"a": {"anyOf": [TEXT, NUMBER]}}, "additionalProperties": False}

    assert arguments_schema(schema) is schema


def test_a_choice_at_the_top_has_all_properties_and_requires_what_every_choice_requires() -> None:
    one = {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "required": ["a", "b"]}
    two = {
        "type": "object",
        "properties": {"a": TEXT, "b": NUMBER, "c": TEXT},
        "required": ["a"],
        "additionalProperties": False,
    }

    assert arguments_schema({"oneOf": [one, two], "required": ["id"], "properties": {"id": TEXT}}) == {
        "properties": {"id": TEXT, "a": TEXT, "b": {"anyOf": [TEXT, NUMBER]}, "c": TEXT},
        "required": ["id", "a"],
        "type": "object",
    }


def test_parts_at_the_top_require_what_any_of_them_requires() -> None:
    parts = [{"properties": {"a": TEXT}, "required": ["a"]}, {"description": "d", "properties": {"b": TEXT}, "required": ["b"]}]

    assert arguments_schema({"type": "object", "allOf": parts, "additionalProperties": False}) == {
        "description": "d",
        "type": "object",
        "properties": {"a": TEXT, "b": TEXT},
        "required": ["a", "b"],
    }


@pytest.mark.parametrize("odd", [{"anyOf": []}, {"anyOf": {"type": "string"}}, {"anyOf": "x"}])
def test_a_property_whose_choices_are_none_stays_as_it_is(odd: Any) -> None:
    parts = [{"properties": {"a": odd}}, {"properties": {"a": TEXT}}]

    assert arguments_schema({"type": "object", "anyOf": parts})["properties"] == {"a": {"anyOf": [odd, TEXT]}}


def test_references_in_a_choice_are_followed() -> None:
    definitions = {"A": {"$ref": "#/$defs/B"}, "B": {"type": "object", "properties": {"b": TEXT}, "required": ["b"]}}
    found = arguments_schema({"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}], "$defs": definitions})

    assert found == {"$defs": definitions, "properties": {"b": TEXT}, "required": ["b"], "type": "object"}


@pytest.mark.parametrize(
    "union", [[], "x", [3], [{"type": "string"}], [{"$ref": "#/$defs/no"}], [{"$ref": 5}], [{"$ref": "http://x"}]]
)
def test_choices_that_are_no_objects_leave_nothing(union: Any) -> None:
    assert arguments_schema({"anyOf": union}) == {"type": "object", "properties": {}}


def test_a_reference_to_itself_comes_to_an_end() -> None:
    assert arguments_schema({"anyOf": [{"$ref": "#"}], "properties": {"a": TEXT}})["properties"] == {"a": TEXT}
    assert arguments_schema({"anyOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"$ref": "#/$defs/A"}}})["properties"] == {}


@given(st.dictionaries(st.sampled_from(["type", "anyOf", "oneOf", "allOf", "properties", "required", "$ref", "$defs"]), VALUES))
def test_whatever_comes_becomes_a_schema_of_arguments(schema: dict[str, Any]) -> None:
    found = arguments_schema(schema)

    assert found["type"] == "object"
    assert isinstance(found["properties"], dict)
    assert not {"anyOf", "oneOf", "allOf"} & found.keys()


SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"a": TEXT}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}, "additionalProperties": False},
    {"type": "array", "items": {"type": "object", "properties": {"a": NUMBER}}, "minItems": 1},
    {"anyOf": [{"type": "object", "properties": {}}, {"type": "null"}]},
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "object", "properties": {}}}},
    {"type": "object", "title": "T", "description": "d", "properties": {"a": {"type": "string", "format": "date"}}},
    {"enum": ["a", "b"]},
    {"const": 5},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_exact_schemas_are_those_of_anthropics_own_sdk(schema: dict[str, Any]) -> None:
    assert exact_schema(schema) == transform_schema(schema)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({**NUMBER, "minimum": 1, "description": "A number"}, {**NUMBER, "description": "A number\n\n(minimum: 1)"}),
        ({**TEXT, "pattern": "a+", "format": "color"}, {**TEXT, "description": '(pattern: "a+", format: "color")'}),
        ({"type": "array", "minItems": 3}, {"type": "array", "description": "(minItems: 3)"}),
        ({"oneOf": [TEXT, {**NUMBER, "maximum": 2}]}, {"anyOf": [TEXT, {**NUMBER, "description": "(maximum: 2)"}]}),
        (
            {"type": "object", "additionalProperties": True},
            {"type": "object", "additionalProperties": False, "description": "(additionalProperties: true)"},
        ),
        ({"$ref": "#/$defs/A", "description": "d"}, {"anyOf": [{"$ref": "#/$defs/A"}], "description": "d"}),
        ({"type": "array", "items": True}, {"type": "array", "items": True}),
    ],
)
def test_what_cannot_be_enforced_is_said_in_words(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert exact_schema(schema) == expected


@given(st.sampled_from(SCHEMAS))
def test_an_exact_schema_stays_as_it_is(schema: dict[str, Any]) -> None:
    assert exact_schema(exact_schema(schema)) == exact_schema(schema)


def test_a_few_references_to_references_do_not_grow_without_end() -> None:
    refs = [{"$ref": "#/$defs/a"}] * 3
    looping = {"type": "object", "allOf": refs, "$defs": {"a": {"properties": {"x": {"type": "string"}}, "allOf": refs}}}

    assert arguments_schema(looping)["properties"] == {"x": {"type": "string"}}


def test_unions_that_are_too_many_to_put_together_are_refused_with_their_place() -> None:
    many = {f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 50} for level in range(4)}
    with pytest.raises(chat.CannotCarry) as caught:
        arguments_schema({"allOf": [{"$ref": "#/$defs/d0"}], "$defs": {**many, "d4": {"properties": {}}}}, "/tools/0")

    assert caught.value.pointer == "/tools/0"


def test_what_many_choices_require_is_found_at_once() -> None:
    names = [f"r{number}" for number in range(1000)]
    schema = {"anyOf": [{"$ref": "#/$defs/a"}] * 900, "$defs": {"a": {"required": names}}}
    began = perf_counter()

    assert arguments_schema(schema)["required"] == names
    assert perf_counter() - began < 5  # compared each with each it takes minutes


@pytest.mark.parametrize("inside", [lambda each: {"properties": {"a": each}}, lambda each: {"anyOf": [each]}])
def test_a_schema_that_is_nested_too_deeply_to_be_kept_to_is_refused_with_its_place(
    inside: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    schema: dict[str, Any] = TEXT
    for _ in range(49):
        schema = inside(schema)
    exact_schema(schema, "/schema")
    with pytest.raises(chat.CannotCarry, match="nested more than 100 levels deep") as caught:
        exact_schema(inside(schema), "/schema")

    assert caught.value.pointer == "/schema"


@pytest.mark.parametrize("odd", [{"a": 1}, ["date"]])
@pytest.mark.parametrize("key", ["format", "minItems"])
def test_a_value_of_a_wrong_type_is_said_in_the_description(key: str, odd: object) -> None:
    assert exact_schema({"type": "string", key: odd}) == {
        "type": "string",
        "description": f"({key}: {json.dumps(odd, separators=(',', ':'))})",
    }


def test_what_comes_out_is_not_larger_than_what_came_in() -> None:
    large = {"properties": {"x": {"enum": ["y" * 1000]}}}
    parts = [{"allOf": [{"$ref": "#/$defs/large"}, {"properties": {"x": {"const": number}}}]} for number in range(300)]
    schema = {"type": "object", "allOf": parts, "$defs": {"large": large}}

    assert len(json.dumps(arguments_schema(schema))) < len(json.dumps(schema))
