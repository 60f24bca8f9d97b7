"""Schemas that a model can be held to exactly."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.builtin.dialects.chat_format.strict_schemas import is_strict


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


NAME = {"type": "string"}


@pytest.mark.parametrize(
    "schema",
    [
        closed(),
        closed(name=NAME, age={"type": ["integer", "null"]}),
        closed(inner=closed(name=NAME), rows={"type": "array", "items": closed(name=NAME)}),
        closed(either={"anyOf": [closed(a=NAME), {"type": "null"}]}),
        {**closed(tree={"$ref": "#/$defs/tree"}), "$defs": {"tree": closed(name=NAME)}},
        {"type": "object", "additionalProperties": False, "required": []},
        closed(**{"not": NAME, "oneOf": NAME}),
    ],
)
def test_a_schema_that_leaves_nothing_open_is_strict(schema: dict[str, Any]) -> None:
    assert is_strict(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string"},
        {"anyOf": [closed()]},
        {"type": "object", "properties": {"name": NAME}},
        {**closed(name=NAME), "required": []},
        {**closed(name=NAME), "required": "name"},
        {**closed(name=NAME), "required": ["name", "age"]},
        {**closed(name=NAME), "additionalProperties": True},
        closed(inner={"type": "object", "properties": {}}),
        closed(inner={"type": ["object", "null"]}),
        closed(rows={"type": "array", "items": {"type": "object"}}),
        closed(either={"anyOf": [{"type": "object"}]}),
        closed(one={"oneOf": [NAME]}),
        {**closed(), "$defs": {"tree": {"type": "object"}}},
    ],
)
def test_a_schema_that_leaves_something_open_is_not(schema: dict[str, Any]) -> None:
    assert not is_strict(schema)
