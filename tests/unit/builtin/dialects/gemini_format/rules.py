"""What Gemini demands of a schema, written from its reference and not from the code: it says what is wrong, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ALLOWED = {
    "STRING": {"enum", "format", "minLength", "maxLength", "pattern"},
    "NUMBER": {"format", "minimum", "maximum"},
    "INTEGER": {"format", "minimum", "maximum"},
    "BOOLEAN": set[str](),
    "ARRAY": {"items", "minItems", "maxItems"},
    "OBJECT": {"properties", "required", "propertyOrdering", "minProperties", "maxProperties"},
}
EVERYWHERE = {"title", "description", "default", "example", "nullable"}
FORMATS = {"STRING": {"date-time", "enum"}, "NUMBER": {"float", "double"}, "INTEGER": {"int32", "int64"}}


def broken_rules(schema: Any, at: str = "#") -> Iterator[str]:
    """Yield each rule that *schema* breaks, and where."""
    if not isinstance(schema, dict):
        yield f"{at} is no object"
        return
    yield from _for_people(schema, at)
    if "anyOf" in schema:
        yield from _alternatives(schema, at)
    elif schema.get("type") not in ALLOWED:
        yield f"{at} has the type {schema.get('type')!r}"
    else:
        yield from _typed(schema, schema["type"], at)


def _for_people(schema: dict[str, Any], at: str) -> Iterator[str]:
    if "nullable" in schema and schema["nullable"] is not True:
        yield f"{at}/nullable is not true"
    for key in ("title", "description"):
        if key in schema and not isinstance(schema[key], str):
            yield f"{at}/{key} is no text"


def _alternatives(schema: dict[str, Any], at: str) -> Iterator[str]:
    if schema.keys() - EVERYWHERE != {"anyOf"}:
        yield f"{at} has more than anyOf: {sorted(schema)}"
    if not isinstance(schema["anyOf"], list) or len(schema["anyOf"]) < 2:
        yield f"{at}/anyOf has less than two"
        return
    for number, each in enumerate(schema["anyOf"]):
        yield from broken_rules(each, f"{at}/anyOf/{number}")


def _typed(schema: dict[str, Any], kind: str, at: str) -> Iterator[str]:
    unknown = schema.keys() - EVERYWHERE - ALLOWED[kind] - {"type"}
    if unknown:
        yield f"{at} of type {kind} has {sorted(unknown)}"
    if "format" in schema and schema["format"] not in FORMATS[kind]:
        yield f"{at}/format is {schema['format']!r}"
    if schema.get("format") == "enum" and "enum" not in schema:
        yield f"{at} has the format enum and none"
    for key in schema.keys() & {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}:
        if type(schema[key]) is not int or schema[key] < 0:
            yield f"{at}/{key} is {schema[key]!r}"
    for key in schema.keys() & {"minimum", "maximum"}:
        if type(schema[key]) not in {int, float}:
            yield f"{at}/{key} is {schema[key]!r}"
    if "pattern" in schema and not isinstance(schema["pattern"], str):
        yield f"{at}/pattern is no text"
    if "enum" in schema and not _texts(schema["enum"]):
        yield f"{at}/enum is {schema['enum']!r}"
    if kind == "ARRAY":
        yield from broken_rules(schema.get("items"), f"{at}/items")
    if kind == "OBJECT":
        yield from _object(schema, at)


def _object(schema: dict[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {"x": {"type": "STRING"}})
    if not isinstance(properties, dict) or not properties:
        yield f"{at}/properties are {properties!r}"
        return
    for name, each in properties.items():
        yield from broken_rules(each, f"{at}/properties/{name}")
    for key in schema.keys() & {"required", "propertyOrdering"}:
        names = schema[key]
        if not _texts(names, empty=True) or not set(names) <= schema.get("properties", {}).keys():
            yield f"{at}/{key} is {names!r}"


def _texts(values: Any, *, empty: bool = False) -> bool:
    return (
        isinstance(values, list)
        and len(values) > 0
        and all(isinstance(each, str) and (each or empty) for each in values)
        and len(set(values)) == len(values)
    )
