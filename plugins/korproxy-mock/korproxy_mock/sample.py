"""Make a value that fits a JSON Schema, the same one every time. Pure."""

from collections.abc import Mapping

_DEEPEST = 6
_SIMPLE: Mapping[str, object] = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "null": None}


def sample(schema: Mapping[str, object]) -> object:
    """Return a value for *schema*: its const, first enum value, default, or the simplest of its type."""
    return _sample(schema, schema, 0)


def _sample(schema: object, root: Mapping[str, object], depth: int) -> object:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    schema = _resolved(schema, root)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "anyOf", "oneOf", "allOf"):
        options = schema.get(key)
        if isinstance(options, list) and options:
            return options[0] if key == "enum" else _sample(options[0], root, depth + 1)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "array":
        return [_sample(schema["items"], root, depth + 1)] if "items" in schema else []
    if kind == "object" or "properties" in schema:
        return _object(schema, root, depth)
    return _SIMPLE.get(kind) if isinstance(kind, str) else {}


def _object(schema: Mapping[str, object], root: Mapping[str, object], depth: int) -> dict[str, object]:
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        return {}
    return {name: _sample(properties.get(name, {}), root, depth + 1) for name in required if isinstance(name, str)}


def _resolved(schema: Mapping[str, object], root: Mapping[str, object]) -> Mapping[str, object]:
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#"):
        return schema
    found: object = root
    for step in reference[1:].split("/")[1:]:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
