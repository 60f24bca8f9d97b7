"""JSON Schema for Gemini: what is kept, what goes into words, what is lost; the outcome always keeps Gemini's rules."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.schema_cleaning import clean_parameters, clean_schema
from tests.fakes.json_bodies import VALUES
from tests.unit.builtin.dialects.gemini_format.rules import broken_rules

TEXT = {"type": "STRING"}
ANYTHING = {
    "anyOf": [TEXT, {"type": "NUMBER"}, {"type": "BOOLEAN"}, {"type": "OBJECT"}, {"type": "ARRAY", "items": TEXT}],
    "nullable": True,
}


def cleaned(schema: Any) -> tuple[Any, dict[str, str]]:
    """Return the cleaned schema, and the fate of everything that is not kept."""
    report = chat.Report()
    return clean_schema(schema, "/s", report), {each.pointer.removeprefix("/s"): each.fate for each in report.notes}


def parameters(schema: Any) -> tuple[Any, dict[str, str]]:
    report = chat.Report()
    return clean_parameters(schema, "/s", report), {each.pointer.removeprefix("/s"): each.fate for each in report.notes}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, TEXT),
        ({"type": "String"}, TEXT),
        ({"type": "integer", "format": "int32", "minimum": 1, "maximum": 9}, None),
        ({"type": "number", "format": "double", "minimum": 0.5}, None),
        ({"type": "boolean", "title": "T", "description": "d", "default": False, "example": True}, None),
        ({"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a", "format": "date-time"}, None),
        ({"type": "string", "minLength": "1"}, {"type": "STRING", "minLength": 1}),
        ({"type": "string", "minLength": 1.0}, {"type": "STRING", "minLength": 1}),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2}, {
            "type": "ARRAY", "items": {"type": "BOOLEAN"}, "minItems": 1, "maxItems": 2,
        }),
        ({"type": "array"}, {"type": "ARRAY", "items": TEXT}),
        ({"type": "object"}, {"type": "OBJECT"}),
        ({"type": "object", "properties": {}}, {"type": "OBJECT"}),
        ({"type": "string", "default": None}, {"type": "STRING", "default": None}),
        # Null.
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"type": "string", "nullable": True}, {"type": "STRING", "nullable": True}),
        ({"type": "string", "nullable": False}, TEXT),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "T"}, {
            "type": "STRING", "nullable": True, "default": None, "title": "T",
        }),
        ({"type": "null"}, {"type": "STRING", "nullable": True, "description": "always null"}),
        ({"const": None}, {"type": "STRING", "nullable": True, "description": "always null"}),
        ({"anyOf": [{"type": "null"}, {"enum": [None]}]}, {"type": "STRING", "nullable": True, "description": "always null"}),
        # Several types, alternatives.
        ({"type": ["string", "integer"], "minLength": 1, "minimum": 0}, {
            "anyOf": [{"type": "STRING", "minLength": 1}, {"type": "INTEGER", "minimum": 0}],
        }),
        ({"type": ["integer", "number"]}, {"type": "NUMBER"}),
        ({"type": ["string", "array", "null"], "items": {"type": "string"}}, {
            "anyOf": [TEXT, {"type": "ARRAY", "items": TEXT}], "nullable": True,
        }),
        ({"type": ["string", "integer"], "enum": ["a", "b"]}, {"type": "STRING", "enum": ["a", "b"]}),
        ({"oneOf": [{"type": "string"}, {"type": "number"}], "description": "d"}, {
            "anyOf": [TEXT, {"type": "NUMBER"}], "description": "d",
        }),
        ({"anyOf": [{"type": "string"}]}, TEXT),
        ({"anyOf": [{"type": "string"}, {"type": "string"}]}, TEXT),
        ({"anyOf": [{"type": "string", "description": "inner"}], "description": "outer"}, {
            "type": "STRING", "description": "outer (inner)",
        }),
        ({"anyOf": [{"type": "string", "description": "inner"}], "title": "T"}, {
            "type": "STRING", "description": "inner", "title": "T",
        }),
        ({"anyOf": [False, {"type": "string"}]}, TEXT),
        ({"anyOf": [{"anyOf": [{"type": "string"}, {"type": "number"}]}, {"type": "boolean"}]}, {
            "anyOf": [TEXT, {"type": "NUMBER"}, {"type": "BOOLEAN"}],
        }),
        ({"type": "string", "anyOf": [{"minLength": 3}, {"enum": ["a"]}]}, {
            "anyOf": [{"type": "STRING", "minLength": 3}, {"type": "STRING", "enum": ["a"]}],
        }),
        ({"anyOf": [True, {"type": "string"}]}, ANYTHING),
        # Values.
        ({"enum": ["a", "b", "a"]}, {"type": "STRING", "enum": ["a", "b"]}),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}),
        ({"const": "a", "enum": ["a", "b"]}, {"type": "STRING", "enum": ["a"]}),
        ({"enum": ["a", None]}, {"type": "STRING", "enum": ["a"], "nullable": True}),
        ({"type": "string", "enum": ["a", None]}, {"type": "STRING", "enum": ["a"]}),
        ({"enum": ["a", 1, True, 1.5]}, {"type": "STRING", "enum": ["a", "1", "true", "1.5"]}),
        ({"type": "string", "enum": [1, 2]}, {"type": "STRING", "enum": ["1", "2"]}),
        ({"type": "string", "format": "enum", "enum": ["a"]}, {"type": "STRING", "format": "enum", "enum": ["a"]}),
        ({"type": "string", "format": "enum"}, TEXT),
        ({"type": "string", "enum": ["", "a"]}, {"type": "STRING", "enum": ["a"], "description": "may be empty"}),
        # What a schema means that does not say its type.
        ({"properties": {"a": {"type": "string"}}}, {"type": "OBJECT", "properties": {"a": TEXT}}),
        ({"items": {"type": "string"}}, {"type": "ARRAY", "items": TEXT}),
        ({"minLength": 1}, {"type": "STRING", "minLength": 1}),
        ({"pattern": "a"}, {"type": "STRING", "pattern": "a"}),
        ({"minimum": 1}, {"type": "NUMBER", "minimum": 1}),
        ({"maxItems": 1}, {"type": "ARRAY", "items": TEXT, "maxItems": 1}),
        ({"format": "int64"}, {"type": "INTEGER", "format": "int64"}),
        ({}, ANYTHING),
        (True, ANYTHING),
        ({"description": "d"}, {**ANYTHING, "description": "d"}),
        # All of them.
        ({"allOf": [{"type": "string"}, {"minLength": 1}, {"minLength": 3, "maxLength": 9}, {"maxLength": 8}]}, {
            "type": "STRING", "minLength": 3, "maxLength": 8,
        }),
        ({"allOf": [{"type": ["string", "integer"]}, {"type": ["integer", "null"]}]}, {"type": "INTEGER"}),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, {"type": "INTEGER"}),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, {"type": "STRING", "enum": ["b"]}),
        ({"allOf": [{"items": {"type": "string"}}, {"items": {"minLength": 1}}]}, {
            "type": "ARRAY", "items": {"type": "STRING", "minLength": 1},
        }),
        ({"allOf": [{"type": "string", "nullable": True}, {"nullable": True}]}, {"type": "STRING", "nullable": True}),
    ],
    ids=lambda value: json.dumps(value)[:60],
)  # fmt: skip
def test_a_schema_becomes_one_of_geminis_and_nothing_is_lost(schema: Any, expected: Any) -> None:
    wanted = expected if expected is not None else {**schema, "type": schema["type"].upper()}
    found, fates = cleaned(schema)

    assert found == wanted
    assert [at for at, fate in fates.items() if fate == "lost"] == []


def test_edge_36_an_object_without_properties_makes_no_empty_ones() -> None:
    nested = {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}

    assert parameters({"type": "object"}) == (None, {})
    assert parameters({"type": "object", "properties": {}}) == (None, {})
    assert parameters(nested) == ({"type": "OBJECT", "properties": {"a": {"type": "OBJECT"}}}, {})


def test_edge_37_nullable_types_are_kept_and_unknown_keywords_cleaned() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "a": {"type": ["string", "null"]},
            "b": {"const": "x"},
            "c": {"type": "number", "exclusiveMinimum": 0, "description": "How much."},
        },
        "required": ["a"],
        "additionalProperties": False,
    }

    assert parameters(schema) == (
        {
            "type": "OBJECT",
            "properties": {
                "a": {"type": "STRING", "nullable": True},
                "b": {"type": "STRING", "enum": ["x"]},
                "c": {"type": "NUMBER", "description": "How much. (more than 0)"},
            },
            "required": ["a"],
        },
        {"/$schema": "lost", "/additionalProperties": "lost", "/properties/c/exclusiveMinimum": "mapped"},
    )


@pytest.mark.parametrize(
    ("keyword", "words"),
    [
        ({"exclusiveMinimum": 0}, "more than 0"),
        ({"exclusiveMaximum": 1.5}, "less than 1.5"),
        ({"minimum": 0, "exclusiveMinimum": True}, "more than the minimum"),
        ({"multipleOf": 5}, "a multiple of 5"),
        ({"enum": [1, 2]}, "one of 1, 2"),
        ({"const": 1}, "always 1"),
        ({"not": {"const": 3}}, 'not: {"const":3}'),
    ],
)
def test_constraints_on_numbers_are_said_in_words(keyword: dict[str, Any], words: str) -> None:
    found, fates = cleaned({"type": "integer", **keyword})

    assert found["description"] == words
    assert set(fates.values()) == {"mapped"}


@pytest.mark.parametrize(
    ("schema", "description"),
    [
        ({"type": "array", "uniqueItems": True}, "no item twice"),
        ({"type": "array", "contains": {"const": 1}}, 'contains: {"const":1}'),
        ({"type": "string", "format": "email"}, "format: email"),
        ({"type": "string", "contentEncoding": "base64"}, 'contentEncoding: "base64"'),
        ({"type": "object", "additionalProperties": {"type": "string"}}, 'additionalProperties: {"type":"string"}'),
        ({"type": "object", "patternProperties": {"^x": True}}, 'patternProperties: {"^x":true}'),
        ({"type": "object", "dependentRequired": {"a": ["b"]}}, 'dependentRequired: {"a":["b"]}'),
        ({"if": {"minLength": 1}, "then": {"maxLength": 2}}, 'if: {"minLength":1}; then: {"maxLength":2}'),
        ({"type": "boolean", "enum": [True]}, "always true"),
        ({"type": "object", "enum": [{"a": 1}]}, 'always {"a":1}'),
        ({"enum": [{"a": 1}, "b"]}, 'one of {"a":1}, "b"'),
        ({"type": "string", "enum": ["a", {}]}, 'one of "a", {}'),
    ],
)
def test_other_constraints_are_said_in_words(schema: dict[str, Any], description: str) -> None:
    found, fates = cleaned(schema)

    assert found["description"] == description
    assert set(fates.values()) == {"mapped"}


@pytest.mark.parametrize(
    ("schema", "lost"),
    [
        ({"type": "string", "$id": "x", "$comment": "c"}, ["/$id", "/$comment"]),
        ({"type": "string", "examples": ["a"], "deprecated": True}, ["/examples", "/deprecated"]),
        ({"type": "string", "x-order": 1, "strict": True}, ["/x-order", "/strict"]),
        ({"type": "object", "additionalProperties": True}, ["/additionalProperties"]),
        ({"type": "object", "unevaluatedProperties": False}, ["/unevaluatedProperties"]),
        ({"type": "object", "additionalProperties": {"$ref": "#/$defs/a"}}, ["/additionalProperties"]),
        ({"type": "object", "patternProperties": {"x" * 300: True}}, ["/patternProperties"]),
        ({"type": "array", "uniqueItems": False}, ["/uniqueItems"]),
        ({"type": "number", "exclusiveMinimum": False}, ["/exclusiveMinimum"]),
        ({"type": "number", "multipleOf": "x"}, ["/multipleOf"]),
        ({"type": "integer", "enum": [*range(999)]}, ["/enum"]),
        ({"type": "any"}, ["/type"]),
        ({"type": []}, ["/type"]),
        ({"type": 7}, ["/type"]),
        ({"type": "string", "minLength": -1}, ["/minLength"]),
        ({"type": "string", "minLength": True}, ["/minLength"]),
        ({"type": "string", "minLength": 1.5}, ["/minLength"]),
        ({"type": "string", "minLength": "x"}, ["/minLength"]),
        ({"type": "number", "minimum": "1"}, ["/minimum"]),
        ({"type": "number", "minimum": float("inf")}, ["/minimum"]),
        ({"type": "string", "pattern": 1, "title": 1}, ["/pattern", "/title"]),
        ({"type": "string", "description": [], "nullable": "yes"}, ["/description", "/nullable"]),
        ({"type": "string", "format": "x" * 101}, ["/format"]),
        ({"type": "string", "format": 1}, ["/format"]),
        ({"type": "string", "format": "int32", "minimum": 1, "minItems": 1}, ["/format", "/minimum", "/minItems"]),
        ({"type": "string", "properties": {"a": {}}, "required": ["a"]}, ["/properties/a", "/required/0"]),
        ({"type": "string", "items": {}}, ["/items"]),
        ({"type": "string", "enum": []}, ["/enum"]),
        ({"type": "string", "enum": "a"}, ["/enum"]),
        ({"type": "object", "properties": [], "required": True}, ["/properties", "/required"]),
        ({"properties": {"a": {"type": "string"}}, "required": ["b", 7, "a"]}, ["/required/1", "/required/0"]),
        ({"properties": {"a": False, "b": {"type": "string"}}, "required": ["a"]}, ["/properties/a", "/required/0"]),
        ({"type": "object", "propertyOrdering": "a"}, ["/propertyOrdering"]),
        ({"type": "array", "items": False}, ["/items"]),
        ({"type": "array", "items": 7}, ["/items"]),
        ({"type": "string", "anyOf": "x", "allOf": {}}, ["/anyOf", "/allOf"]),
        ({"allOf": [{"type": "string"}, {"type": "number"}]}, ["/allOf/1/type"]),
        ({"allOf": [{"enum": ["a"]}, {"enum": ["b"]}]}, ["/allOf/1/enum"]),
        ({"allOf": [{"pattern": "a"}, {"pattern": "b"}]}, ["/allOf/1/pattern"]),
        ({"anyOf": [{"type": "string"}, {"type": "number"}], "oneOf": [{"minLength": 1}, {"minimum": 1}]}, ["/oneOf"]),
        ({"type": "string", "allOf": [{"description": "b"}], "description": "a"}, ["/allOf/0/description"]),
        ({"type": "string", "$ref": "https://example.test/schema.json"}, ["/$ref"]),
        ({"type": "string", "$ref": "#/$defs/none"}, ["/$ref"]),
        ({"type": "string", "$ref": "#name"}, ["/$ref"]),
        ({"type": "string", "$ref": 7}, ["/$ref"]),
        ({"type": "string", "$defs": {"a": {"type": "string"}, "b~/": {}}}, ["/$defs/a", "/$defs/b~0~1"]),
        ({"type": "string", "definitions": 7}, ["/definitions"]),
        ("string", [""]),
    ],
    ids=lambda value: json.dumps(value)[:60],
)  # fmt: skip
def test_what_cannot_be_said_is_reported_by_its_pointer(schema: Any, lost: list[str]) -> None:
    found, fates = cleaned(schema)

    assert [at for at, fate in fates.items() if fate == "lost"] == lost
    assert list(broken_rules(found)) == []


def test_a_property_may_be_called_like_a_keyword() -> None:
    names = ["type", "const", "$ref", "properties", "enum", "anyOf", "items", "required", "$defs", "not", "format", "default"]
    schema = {"type": "object", "properties": {each: {"type": "string"} for each in names}, "required": names}

    assert parameters(schema) == ({"type": "OBJECT", "properties": dict.fromkeys(names, TEXT), "required": names}, {})


def test_boolean_schemas_leave_the_property_or_forbid_it() -> None:
    schema = {"type": "object", "properties": {"a": True, "b": False}}

    assert parameters(schema) == ({"type": "OBJECT", "properties": {"a": ANYTHING}}, {"/properties/b": "lost"})


def test_references_are_written_out_with_what_stands_beside_them() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"$ref": "#/$defs/A", "description": "mine"},
            "b": {"$ref": "#/definitions/x~1y~0z"},
            "c": {"$ref": "#/properties/a"},
            "d": {"$ref": "#/$defs/A/properties/deep"},
            "e": {"allOf": [{"$ref": "#/$defs/with%20space"}], "default": "q"},
        },
        "$defs": {
            "A": {"type": "object", "properties": {"deep": {"$ref": "#/definitions/x~1y~0z"}}},
            "with space": {"enum": ["p", "q"]},
        },
        "definitions": {"x/y~z": {"type": "integer"}},
    }
    inner = {"type": "OBJECT", "properties": {"deep": {"type": "INTEGER"}}, "description": "mine"}

    assert parameters(schema) == (
        {
            "type": "OBJECT",
            "properties": {
                "a": inner,
                "b": {"type": "INTEGER"},
                "c": inner,
                "d": {"type": "INTEGER"},
                "e": {"type": "STRING", "enum": ["p", "q"], "default": "q"},
            },
        },
        {},
    )


def test_what_is_lost_of_a_definition_is_reported_once_and_where_it_stands() -> None:
    schema = {
        "properties": {"a": {"$ref": "#/$defs/A"}, "b": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {"type": "string", "$id": "x"}},
    }
    report = chat.Report()
    clean_parameters(schema, "/tools/0/input_schema", report)

    assert [each.pointer for each in report.notes] == ["/tools/0/input_schema/$defs/A/$id"]


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        ({"properties": {"a": {"$ref": "#"}}}, "/s/properties/a/$ref"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}}, "/s/$defs/B/$ref"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, "/s/$defs/A/$ref"),
        ({"properties": {"a": {"items": {"$ref": "#/properties/a"}}}}, "/s/properties/a/items/$ref"),
        ({"allOf": [{"$ref": "#"}]}, "/s/allOf/0/$ref"),
    ],
)  # fmt: skip
def test_a_schema_that_refers_to_itself_is_refused(schema: Any, at: str) -> None:
    with pytest.raises(chat.CannotCarry, match="refers to itself") as caught:
        clean_parameters(schema, "/s", chat.Report())

    assert caught.value.pointer == at


def bomb(levels: int, width: int) -> dict[str, Any]:
    """Return a small schema that is huge once its references are written out."""
    definitions: dict[str, Any] = {f"d{levels}": {"type": "string", "description": "x" * 500}}
    for level in range(levels):
        inner = {f"p{number}": {"$ref": f"#/$defs/d{level + 1}"} for number in range(width)}
        definitions[f"d{level}"] = {"type": "object", "properties": inner}
    return {"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": definitions}


@pytest.mark.parametrize(
    "schema",
    [
        bomb(20, 8),
        bomb(2, 50),
        {"allOf": [{"$ref": "#/$defs/a"}] * 99, "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}] * 99}, "b": {}}},
        {"properties": {"a": {"default": "x" * 2_000_000}}},
        {"properties": {"a": {"enum": ["x" * 2_000_000]}}},
        {"properties": {"a": {"pattern": "x" * 2_000_000}}},
    ],
    ids=["levels", "long texts", "all of", "default", "enum", "pattern"],
)  # fmt: skip
def test_a_schema_that_grows_too_large_is_refused_at_once(schema: Any) -> None:
    began = time.perf_counter()
    with pytest.raises(chat.CannotCarry, match="written out") as caught:
        clean_parameters(schema, "/s", chat.Report())

    assert caught.value.pointer == "/s"
    assert time.perf_counter() - began < 1


def test_alternatives_of_alternatives_do_not_grow_without_end() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(14):
        around = {"type": "object", "properties": {"a": schema}}
        schema = {**around, "anyOf": [{"required": ["a"]}, {"minProperties": 1}, {"maxProperties": 2}]}
    with pytest.raises(chat.CannotCarry, match="written out"):
        clean_schema(schema, "/s", chat.Report())


def test_a_schema_that_is_too_deep_is_refused() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(70):
        schema = {"type": "array", "items": schema}
    with pytest.raises(chat.CannotCarry, match="levels deep"):
        clean_schema(schema, "/s", chat.Report())


def test_the_arguments_of_a_tool_are_one_object_whatever_the_alternatives() -> None:
    schema = {
        "oneOf": [
            {"properties": {"kind": {"const": "a"}, "x": {"type": "number"}}, "required": ["kind", "x"]},
            {"properties": {"kind": {"const": "b"}, "y": {"type": "number"}}, "required": ["kind", "y"]},
            {"type": "null"},
        ],
        "description": "Either.",
    }
    expected = {
        "type": "OBJECT",
        "properties": {
            "kind": {"anyOf": [{"type": "STRING", "enum": ["a"]}, {"type": "STRING", "enum": ["b"]}]},
            "x": {"type": "NUMBER"},
            "y": {"type": "NUMBER"},
        },
        "required": ["kind"],
        "description": "Either. (required: x, or y)",
    }

    assert parameters(schema) == (expected, {"/oneOf": "mapped"})


def test_an_object_that_wants_one_of_two_properties_says_so_in_words() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    }
    found, fates = parameters(schema)

    assert found == {"type": "OBJECT", "properties": {"a": TEXT, "b": TEXT}, "description": "required: a, or b"}
    assert fates == {"/anyOf": "mapped"}


@pytest.mark.parametrize("schema", [{"type": "string"}, False, {"anyOf": [{"type": "string"}]}])
def test_arguments_that_are_no_object_are_lost(schema: Any) -> None:
    found, fates = parameters(schema)

    assert found is None
    assert "lost" in fates.values()


def test_the_schema_of_an_answer_keeps_the_order_of_its_properties() -> None:
    schema = {
        "type": "object",
        "properties": {"z": {"type": "string"}, "a": {"type": "string"}},
        "propertyOrdering": ["a", "b"],
    }

    assert cleaned(schema)[0]["propertyOrdering"] == ["a", "z"]
    assert parameters(schema)[0]["propertyOrdering"] == ["a"]


NAMES = st.sampled_from(["a", "b", "type", "const", "$ref", "items", "anyOf", "", "x y"])
REFS = st.sampled_from(
    ["#", "#/$defs/a", "#/$defs/b", "#/definitions/a", "#/properties/a", "#/x", "a", "#/$defs/a/items", "#/anyOf/0"]
)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "array", "object", "null", "STRING", "Object", "any"])
LEAVES = {
    "type": TYPES | st.lists(TYPES, max_size=3),
    "enum": st.lists(st.sampled_from(["a", "b", "", 1, 2.5, True, None]) | VALUES, max_size=4),
    "const": VALUES,
    "nullable": st.booleans(),
    "title": st.text(max_size=3),
    "description": st.text(max_size=3),
    "default": VALUES,
    "format": st.sampled_from(["date-time", "enum", "int32", "float", "uri"]),
    "pattern": st.text(max_size=3),
    "required": st.lists(NAMES, max_size=3),
    "propertyOrdering": st.lists(NAMES, max_size=3),
    "$schema": st.text(max_size=3),
    "uniqueItems": st.booleans(),
    "additionalProperties": VALUES,
    **dict.fromkeys(["minItems", "maxItems", "minLength", "maxLength", "minProperties"], st.integers(-1, 3)),
    **dict.fromkeys(["minimum", "maximum", "exclusiveMinimum", "multipleOf"], st.integers(-1, 3) | st.floats(-1, 1)),
}


def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    schemas = st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    several = st.lists(inner, max_size=3)
    members = {
        **LEAVES,
        **dict.fromkeys(["properties", "$defs", "definitions", "patternProperties"], schemas),
        **dict.fromkeys(["anyOf", "oneOf", "allOf", "prefixItems"], several),
        "items": inner | several,
        "not": inner,
        "$ref": REFS,
    }
    mixed = st.fixed_dictionaries(
        {}, optional={key: value | VALUES if key not in LEAVES else value for key, value in members.items()}
    )
    return mixed.map(lambda whole: dict(list(whole.items())[:6])) | st.fixed_dictionaries({}, optional=members)


SCHEMAS = st.recursive(st.booleans() | st.just({}) | st.fixed_dictionaries({}, optional=LEAVES) | VALUES, wider, max_leaves=12)


@given(SCHEMAS)
def test_whatever_comes_keeps_geminis_rules_or_is_refused(schema: Any) -> None:
    report = chat.Report()
    found, refused = None, []
    try:
        found = clean_schema(schema, "/s", report)
    except chat.CannotCarry as exc:
        refused.append(exc.pointer)

    assert found is None or list(broken_rules(found)) == []
    pointers = [*(each.pointer for each in report.notes), *refused]
    assert all(each == "/s" or each.startswith("/s/") for each in pointers)
    assert all(each.why == each.why.strip() != "" for each in report.notes)


@given(SCHEMAS)
def test_the_arguments_of_a_tool_keep_them_too_and_are_an_object(schema: Any) -> None:
    try:
        found = clean_parameters(schema, "/s", chat.Report())
    except chat.CannotCarry:
        return

    if found is not None:
        assert list(broken_rules(found)) == []
        assert found["type"] == "OBJECT"
        assert "nullable" not in found


@given(SCHEMAS)
def test_cleaning_what_is_clean_changes_nothing_and_loses_nothing(schema: Any) -> None:
    try:
        once = clean_schema(schema, "/s", chat.Report())
    except chat.CannotCarry:
        return
    report = chat.Report()

    assert clean_schema(once, "/s", report) == once
    assert report.notes == []


@given(SCHEMAS)
def test_cleaning_leaves_the_clients_schema_as_it_is(schema: Any) -> None:
    before = json.dumps(schema)
    with contextlib.suppress(chat.CannotCarry):
        clean_schema(schema, "/s", chat.Report())

    assert json.dumps(schema) == before
