"""Which JSON Schemas a model can be held to exactly.

Facts: OpenAI's guide to structured outputs. Every object says ``additionalProperties: false`` and requires all of its
properties; some keywords are not taken; the whole is an object. Anything else is refused together with ``strict``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_REFUSED = frozenset({
    "oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
    "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contains", "prefixItems",
})  # fmt: skip


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Whether an answer, or the arguments of a tool, can be held to *schema* exactly."""
    if schema.get("type") != "object":
        return False
    waiting: list[object] = [schema]
    while waiting:
        inner = waiting.pop()
        if not isinstance(inner, dict):
            continue
        if inner.keys() & _REFUSED or not _is_closed(inner):
            return False
        waiting.extend(_inside(inner))
    return True


def _is_closed(schema: Mapping[str, Any]) -> bool:
    """Whether *schema*, if it is one of an object, leaves nothing open."""
    properties = schema.get("properties")
    kind = schema.get("type")
    if not isinstance(properties, dict) and kind != "object" and not (isinstance(kind, list) and "object" in kind):
        return True
    names = set(properties) if isinstance(properties, dict) else set()
    required = schema.get("required")
    listed = {each for each in required if isinstance(each, str)} if isinstance(required, list) else set()
    return schema.get("additionalProperties") is False and listed == names


def _inside(schema: Mapping[str, Any]) -> Iterator[object]:
    for key in ("properties", "$defs", "definitions"):
        if isinstance(schema.get(key), dict):
            yield from schema[key].values()
    if isinstance(schema.get("anyOf"), list):
        yield from schema["anyOf"]
    yield schema.get("items")
