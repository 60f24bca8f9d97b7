"""Cleaned schemas, remembered: nobody can tell."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.schema_cleaning import clean_parameters, clean_schema
from korproxy.builtin.dialects.gemini_format.schema_memory import answer_schema, parameters
from tests.unit.builtin.dialects.gemini_format.test_schema_cleaning import SCHEMAS

SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "$id": "x"}}}


def outcome(clean: Any, schema: Any, at: str = "/s") -> Any:
    """Return what *clean* gives, reports or refuses."""
    report = chat.Report()
    try:
        found = clean(schema, at, report)
    except chat.CannotCarry as refusal:
        return refusal.pointer, str(refusal)
    found = msgspec.json.decode(found) if isinstance(found, msgspec.Raw) else found
    return found, [(each.pointer, each.fate, each.why) for each in report.notes]


def test_the_same_schema_is_reported_where_it_stands_each_time() -> None:
    expected = {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}

    for at in ("/tools/0/input_schema", "/tools/7/input_schema"):
        found, notes = outcome(parameters, SCHEMA, at)
        assert found == expected
        assert [each[:2] for each in notes] == [(f"{at}/properties/a/$id", "lost")]
    assert outcome(parameters, SCHEMA, "") == (expected, [])


def test_a_refusal_is_remembered_with_its_place() -> None:
    for at in ("/a", "/b", ""):
        pointer, why = outcome(parameters, {"properties": {"a": {"$ref": "#"}}}, at)
        assert pointer == (f"{at}/properties/a/$ref" if at else "")
        assert "refers to itself" in why


def test_arguments_and_answers_are_kept_apart() -> None:
    schema = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}

    assert "propertyOrdering" not in outcome(parameters, schema)[0]
    assert outcome(answer_schema, schema)[0]["propertyOrdering"] == ["b", "a"]
    assert outcome(parameters, {"type": "object"})[0] is None


def test_a_long_schema_and_half_a_character_are_cleaned_all_the_same() -> None:
    assert outcome(answer_schema, {"type": "string", "description": "x" * 100_000})[0]["description"] == "x" * 100_000
    assert outcome(answer_schema, {"type": "string", "description": "\ud83d"})[0]["description"] == "\ufffd"


def test_a_schema_deeper_than_python_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(100_000):
        schema = {"items": schema}
    with pytest.raises(chat.CannotCarry, match="nested too deeply") as caught:
        parameters(schema, "/s", chat.Report())

    assert caught.value.pointer == "/s"


def test_the_second_time_costs_microseconds() -> None:
    schema = {"type": "object", "properties": {f"p{number}": {"type": "string", "minLength": number} for number in range(200)}}
    parameters(schema, "/s", chat.Report())
    began = time.perf_counter()
    for _ in range(100):
        parameters(schema, "/s", chat.Report())

    assert time.perf_counter() - began < 0.2  # measured: 0.006 s


@given(SCHEMAS)
def test_what_is_remembered_is_what_cleaning_gives(schema: Any) -> None:
    plain = json.loads(json.dumps(schema))
    for _ in range(2):
        assert outcome(parameters, schema) == outcome(clean_parameters, plain)
        assert outcome(answer_schema, schema) == outcome(clean_schema, plain)
