"""The schema of what a tool takes, as OpenAI wants it.

Facts: OpenAI refuses a tool whose schema is not one of an object with properties, or has an array that does not say what it
holds (``array schema missing items``), strict or not; some servers refuse a tool without a schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from korproxy.api import chat

_UNIONS = {"oneOf", "anyOf", "allOf", "$ref"}
_OF_MANY = ("properties", "$defs", "definitions", "patternProperties")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")

_HOLD_SCHEMAS = frozenset({*_OF_MANY, *_LISTS, "items", "additionalProperties"})


def parameters_of(schema: chat.JsonObject | None) -> Mapping[str, Any]:
    """Return *schema*, which may be none at all, with what OpenAI misses in it; it means the same.

    Raises:
        RecursionError: It is nested too deeply.
    """
    if schema is None:
        return {"type": "object", "properties": {}}
    done = schema if "type" in schema or schema.keys() & _UNIONS else {"type": "object", **schema}
    done = {**done, "properties": {}} if done.get("type") == "object" and "properties" not in done else done
    found: Mapping[str, Any] = _with_items(done)
    return found


def _with_items(schema: Any) -> Any:
    """Return *schema* in which each array says what it holds: anything, where it did not say."""
    if not isinstance(schema, dict):
        return schema
    new = schema
    for key in schema.keys() & _HOLD_SCHEMAS:  # most have none of them: they are leaves
        inside = _inside(key, schema[key])
        if inside is not schema[key]:
            new = {**new, key: inside}
    kind = new.get("type")
    if "items" not in new and (kind == "array" or (isinstance(kind, list) and "array" in kind)):
        return {**new, "items": {}}
    return new


def _inside(key: str, value: Any) -> Any:
    if key in _OF_MANY and isinstance(value, dict):
        new = {name: _with_items(each) for name, each in value.items()}
        return new if any(new[name] is not each for name, each in value.items()) else value
    if key in _LISTS and isinstance(value, list):
        listed = [_with_items(each) for each in value]
        return listed if any(one is not two for one, two in zip(listed, value, strict=True)) else value
    return _with_items(value) if key in {"items", "additionalProperties"} else value
