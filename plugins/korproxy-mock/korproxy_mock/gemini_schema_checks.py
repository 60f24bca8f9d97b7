"""Find what Gemini refuses in a ``Schema``: the subset of OpenAPI that functions and answers are described in. Pure.

Unknown keys (``const``, ``oneOf``, ``$schema``...) and lists of types never come here: the JSON parser refuses them.
"""

from collections.abc import Iterator, Mapping

from korproxy_mock.formats import JsonObject

_FORMATS: Mapping[str, tuple[str, ...]] = {
    "STRING": ("enum", "date-time"), "INTEGER": ("int32", "int64"), "NUMBER": ("float", "double"),
}  # fmt: skip
_ONLY: Mapping[str, tuple[str, ...]] = {
    "OBJECT": ("properties", "required", "property_ordering", "min_properties", "max_properties"),
    "ARRAY": ("items", "min_items", "max_items"),
    "STRING": ("enum",),
}  # fmt: skip


def schema_faults(schema: JsonObject, path: str, *, allow_empty: bool) -> Iterator[tuple[str, str]]:
    """Go through what is wrong with *schema*: path and reason.

    Args:
        schema: In canonical form.
        path: Where it stands.
        allow_empty: An object may have no properties; old models want one.
    """
    kind = schema.get("type") or "TYPE_UNSPECIFIED"
    for owner, fields in _ONLY.items():
        yield from ((f"{path}.{each}", f"only allowed for {owner} type") for each in fields if each in schema and kind != owner)
    if kind == "ARRAY" and not schema.get("items"):
        yield f"{path}.items", "missing field."
    if kind == "OBJECT":
        yield from _object_faults(schema, path, allow_empty=allow_empty)
    if kind == "STRING":
        yield from ((f"{path}.enum[{at}]", "cannot be empty") for at, each in enumerate(schema.get("enum") or ()) if not each)
    if schema.get("format") == "enum" and not schema.get("enum"):
        yield f"{path}.enum", "should be non-empty for STRING type with enum format"
    if kind in _FORMATS and schema.get("format") and schema["format"] not in _FORMATS[kind]:
        first, second = _FORMATS[kind]
        yield f"{path}.format", f"only '{first}' and '{second}' are supported for {kind} type"
    for place, inner in _inside(schema):
        yield from schema_faults(inner, f"{path}.{place}", allow_empty=allow_empty)


def as_json_schema(schema: JsonObject) -> JsonObject:
    """Turn a ``Schema`` into JSON Schema, as far as a sample value depends on it."""
    plain = {key: each for key, each in schema.items() if key in ("enum", "default", "required")}
    if schema.get("type"):
        plain["type"] = str(schema["type"]).lower()
    if isinstance(schema.get("items"), dict):
        plain["items"] = as_json_schema(schema["items"])
    if schema.get("properties"):
        plain["properties"] = {name: as_json_schema(each) for name, each in schema["properties"].items() if each}
    if schema.get("any_of"):
        plain["anyOf"] = [as_json_schema(each) for each in schema["any_of"] if each]
    return plain


def _object_faults(schema: JsonObject, path: str, *, allow_empty: bool) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties") or {}
    if not properties and not allow_empty:
        yield f"{path}.properties", "should be non-empty for OBJECT type"
    for at, name in enumerate(schema.get("required") or ()):
        if name not in properties:
            yield f"{path}.required[{at}]", "property is not defined"


def _inside(schema: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    if schema.get("items"):
        yield "items", schema["items"]
    yield from ((f"properties[{name}]", each) for name, each in (schema.get("properties") or {}).items() if each)
    yield from ((f"any_of[{at}]", each) for at, each in enumerate(schema.get("any_of") or ()) if each)
