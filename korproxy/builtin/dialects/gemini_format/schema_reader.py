"""Gemini's ``Schema`` as JSON Schema, for providers of other formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_COUNTS = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})
_LISTS = frozenset({"anyOf", "prefixItems"})
_INNER = frozenset({"items", "additionalProperties"})
_SNAKE: Mapping[str, str] = {
    "any_of": "anyOf",
    "max_items": "maxItems",
    "max_length": "maxLength",
    "max_properties": "maxProperties",
    "min_items": "minItems",
    "min_length": "minLength",
    "min_properties": "minProperties",
    "property_ordering": "propertyOrdering",
    "prefix_items": "prefixItems",
    "additional_properties": "additionalProperties",
    "defs": "$defs",
    "ref": "$ref",
}
_REFERENCE = "#/defs/"
_DEEPEST = 64


def json_schema(schema: Any, depth: int = 0) -> Any:
    """Return *schema* in the words of JSON Schema. What is no schema stays as it is, and so does JSON Schema itself.

    ``propertyOrdering`` is the order in which properties are to be written: they are put into it, which is how others are told.
    """
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema
    written: dict[str, Any] = {}
    for spelled, value in schema.items():
        key: str = _SNAKE.get(spelled, spelled)
        if key == "type" and isinstance(value, str):
            written["type"] = value.lower()
        elif key in {"properties", "$defs"} and isinstance(value, dict):
            written[key] = {name: json_schema(each, depth + 1) for name, each in value.items()}
        elif key in _LISTS and isinstance(value, list):
            written[key] = [json_schema(each, depth + 1) for each in value]
        elif key in _INNER:
            written[key] = json_schema(value, depth + 1)
        elif key in _COUNTS and isinstance(value, str) and value.isdecimal():
            written[key] = int(value)
        elif key == "$ref" and isinstance(value, str) and value.startswith(_REFERENCE):
            written[key] = f"#/$defs/{value.removeprefix(_REFERENCE)}"
        elif key == "example":
            written["examples"] = [value]
        elif key not in {"nullable", "propertyOrdering"} and (key, value) != ("format", "enum"):
            written[key] = value
    _put_in_order(written, schema.get("propertyOrdering") or schema.get("property_ordering"))
    return _nullable(written) if schema.get("nullable") is True else written


def _put_in_order(schema: dict[str, Any], wanted: Any) -> None:
    properties = schema.get("properties")
    if isinstance(wanted, list) and isinstance(properties, dict):
        first = [name for name in wanted if isinstance(name, str) and name in properties]
        schema["properties"] = {name: properties[name] for name in (*first, *properties)}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list):
            schema["enum"] = [*schema["enum"], None]
    elif isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    return schema
