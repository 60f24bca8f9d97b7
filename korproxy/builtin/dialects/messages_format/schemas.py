"""JSON Schemas as this format takes them.

Facts: the arguments of a tool are an object, with no ``oneOf``, ``anyOf`` or ``allOf`` at the top. Where a schema is to be kept
to exactly (structured outputs, ``strict`` tools) every object says ``additionalProperties: false``, and limits of numbers,
texts and lists are not taken: ``transform_schema`` of Anthropic's Python SDK 2.12 puts them into the description, and so does
this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias

import attrs

from korproxy.api import chat, json_bytes

Schema: TypeAlias = Mapping[str, Any]

_UNIONS = ("allOf", "anyOf", "oneOf")
_KEPT = frozenset({
    "type", "properties", "required", "items", "anyOf", "allOf", "enum", "const", "description", "title", "default",
    "$defs", "definitions",
})  # fmt: skip
_MAPS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "oneOf", "allOf")
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
_DEPTH = 16  # of unions in unions at the top; deeper ones are left out
_DEEPEST = 100  # levels of JSON in a schema that answers are held to: each takes some of the frames that Python allows
_MOST_PARTS = 1000  # of all these unions together: a few references to references grow without end


def arguments_schema(schema: Schema | None, at: str = "") -> Schema:
    """Return *schema* as one of an object with properties; what is such a one stays as it is.

    Raises:
        CannotCarry: The unions at its top are too many to be put together; *at* is where the schema stands.
    """
    if schema is None:
        return {"type": "object", "properties": {}}
    if any(key in schema for key in _UNIONS):
        schema = _Merging(schema, at).merged(schema, 0)
    if schema.get("type") != "object":
        schema = {**schema, "type": "object"}
    properties = schema.get("properties")
    return schema if isinstance(properties, dict) else {**schema, "properties": {}}


def exact_schema(schema: Schema, at: str = "") -> Schema:
    """Return *schema* as one that answers can be held to exactly; what cannot be enforced stands in the descriptions.

    Raises:
        CannotCarry: It is nested too deeply; *at* is where the schema stands.
    """
    if _is_deep(schema):
        raise chat.CannotCarry(at, f"this schema is nested more than {_DEEPEST} levels deep: simplify it")
    return _exactly(schema)


def _is_deep(schema: Schema) -> bool:
    level: list[Any] = [schema]
    for _ in range(_DEEPEST):
        insides = [each.values() if isinstance(each, dict) else each for each in level]
        level = [each for inside in insides for each in inside if isinstance(each, (dict, list))]
    return bool(level)


def _exactly(schema: Schema) -> dict[str, Any]:
    if "$ref" in schema:
        return _reference(schema)
    done = {_named(key): _inner(key, value) for key, value in schema.items() if _is_kept(key, value)}
    if done.get("type") == "object" or "properties" in done:
        done["additionalProperties"] = False
    unkept = {key: value for key, value in schema.items() if not _is_kept(key, value)}
    if unkept:
        said = ", ".join(f"{key}: {json_bytes(value).decode()}" for key, value in unkept.items())
        done["description"] = "\n\n".join(each for each in (done.get("description"), f"({said})") if each)
    return done


def _reference(schema: Schema) -> dict[str, Any]:
    """Return a schema with a ``$ref``, beside which only definitions may stand: anything else comes one level higher."""
    beside = {key: value for key, value in schema.items() if key not in {"$ref", "$defs", "definitions"}}
    done: dict[str, Any] = {"anyOf": [{"$ref": schema["$ref"]}], **_exactly(beside)} if beside else {"$ref": schema["$ref"]}
    return done | {key: _inner(key, schema[key]) for key in ("$defs", "definitions") if key in schema}


def _named(key: str) -> str:
    return "anyOf" if key == "oneOf" else key


def _is_kept(key: str, value: object) -> bool:
    match key:
        case "format":
            return isinstance(value, str) and value in _FORMATS
        case "minItems":
            return value in (0, 1)  # no set: a client may send what has no hash
        case "additionalProperties":
            return value is False
        case _:
            return _named(key) in _KEPT


def _inner(key: str, value: Any) -> Any:
    if key in _MAPS and isinstance(value, dict):
        return {name: _exact(each) for name, each in value.items()}
    if key in _LISTS and isinstance(value, list):
        return [_exact(each) for each in value]
    return _exact(value) if key == "items" else value


def _exact(value: Any) -> Any:
    return _exactly(value) if isinstance(value, dict) else value


@attrs.define
class _Merging:
    """Puts the unions at the top of one schema together."""

    _root: Schema
    _at: str
    _left: int = _MOST_PARTS
    _path: set[str] = attrs.field(factory=set, init=False)

    def merged(self, schema: Schema, depth: int) -> dict[str, Any]:
        """Return *schema* with what its unions say: all properties; required is what every choice requires, or any part."""
        done = {key: value for key, value in schema.items() if key not in _UNIONS}
        required = _names(done)
        for union in _UNIONS:
            parts = list(self._parts(schema.get(union), depth + 1)) if depth < _DEPTH else []
            if not parts:
                continue
            done["properties"] = _united([done, *parts])
            wanted = [_names(part) for part in parts]
            shared = set(wanted[0]).intersection(*wanted[1:])
            common = chain(*wanted) if union == "allOf" else [name for name in wanted[0] if name in shared]
            required = [*dict.fromkeys([*required, *common])]
            for part in parts:
                done = {**{key: part[key] for key in ("description", "$defs") if key in part}, **done}
        if required:
            done["required"] = required
        if "additionalProperties" in done and any(key in schema for key in _UNIONS):
            del done["additionalProperties"]  # it would forbid what only one of the parts names
        return done

    def _parts(self, union: object, depth: int) -> Iterator[dict[str, Any]]:
        """Yield the parts of *union*, each merged itself. One that refers to what it stands in adds nothing to it."""
        for part in union if isinstance(union, list) else ():
            self._left -= 1
            if self._left < 0:
                raise chat.CannotCarry(
                    self._at, f"the choices at the top of this schema are more than {_MOST_PARTS}: simplify it"
                )
            found, names = self._target(part)
            if isinstance(found, dict) and found.get("type", "object") == "object" and "$ref" not in found:
                self._path |= names
                yield self.merged(found, depth)
                self._path -= names

    def _target(self, part: object) -> tuple[object, set[str]]:
        """Return what *part* is or refers to, and the references on the way; None where one of them is being followed."""
        names: set[str] = set()
        while isinstance(part, dict) and "$ref" in part:
            name = str(part["$ref"])
            if name in self._path or name in names:
                return None, names
            names.add(name)
            part = _resolved(part["$ref"], self._root)
        return part, names


def _resolved(reference: object, root: Schema) -> object:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    found: Any = root
    for step in reference[2:].split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found


def _united(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the properties of all *parts*; one that differs between them may be any of its kinds."""
    found: dict[str, list[Any]] = {}
    for part in parts:
        properties = part.get("properties")
        for name, schema in properties.items() if isinstance(properties, dict) else ():
            kinds = found.setdefault(name, [])
            kinds += [each for each in _choices(schema) if each not in kinds]
    return {name: kinds[0] if len(kinds) == 1 else {"anyOf": kinds} for name, kinds in found.items()}


def _choices(schema: object) -> list[Any]:
    """Return what *schema* allows, one by one: choices within choices would hold a large one as often as there are parts."""
    inner = schema.get("anyOf") if isinstance(schema, dict) and len(schema) == 1 else None
    return inner if isinstance(inner, list) and inner else [schema]


def _names(schema: Schema) -> list[str]:
    required = schema.get("required")
    return [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
