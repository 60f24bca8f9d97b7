"""Read a body as Gemini's JSON parser does: both spellings of names, strict about types and unknown names. Pure.

What comes out is canonical: snake_case names, lists where lists belong, no nulls, enums in capitals. All that is wrong is
refused at once, in the parser's words.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import attrs

from korproxy_mock.formats import JsonObject
from korproxy_mock.gemini_errors import malformed
from korproxy_mock.gemini_fields import ENUMS, MESSAGES, PART_DATA

_DEEPEST = 60  # real requests stay far below; Google's own limit is 100 messages
_SHOWN = 100  # characters of a wrong value in an error
_PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta."
_STRUCT = "type.googleapis.com/google.protobuf.Struct"
_SCALARS: Mapping[str, str] = {
    "string": "TYPE_STRING", "int32": "TYPE_INT32", "int64": "TYPE_INT64", "float": "TYPE_FLOAT", "bool": "TYPE_BOOL",
    "bytes": "TYPE_BYTES",
}  # fmt: skip
_WHOLE = re.compile(r"-?\d+")


def canonical(name: str, body: JsonObject) -> JsonObject:
    """Read *body* as the message *name*.

    Raises:
        Refused: 400 with all that the parser does not like.
    """
    reader = _Reader()
    message = reader.message(name, body, "", 0)
    if reader.violations:
        raise malformed(reader.violations)
    return message


def decoded(data: str) -> bytes | None:
    """Decode base64, the plain one or that for URLs, with or without its padding; None if it is none."""
    plain = data.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def camel(name: str) -> str:
    """Return the other spelling of *name*: ``top_p`` is ``topP``."""
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


_SPELLINGS: Mapping[str, Mapping[str, str]] = {
    message: {spelt: name for name in fields for spelt in (name, camel(name))} for message, fields in MESSAGES.items()
}


@attrs.define
class _Reader:
    """Goes through a body; ``violations`` are (field, description)."""

    violations: list[tuple[str, str]] = attrs.field(factory=list)

    def message(self, name: str, value: JsonObject, path: str, depth: int) -> JsonObject:
        if depth > _DEEPEST:
            self._wrong(path, f"Message too deep. Max recursion depth reached for key '{path[-_SHOWN:]}'")
            return {}
        read: JsonObject = {}
        for key, each in value.items():
            field = _SPELLINGS[name].get(key)
            if field is None:
                self._unknown(key, path, "Cannot find field.")
            elif each is not None or MESSAGES[name][field] == "value":
                if name == "Part" and field in PART_DATA and read.keys() & set(PART_DATA):
                    self._wrong(
                        path, f"Invalid value at '{path}' (oneof), oneof field 'data' is already set. Cannot set '{key}'"
                    )
                read[field] = self._field(MESSAGES[name][field], each, path, (key, field), depth)
        return read

    def _field(self, kind: str, value: object, path: str, names: tuple[str, str], depth: int) -> Any:
        inside = f"{path}.{names[1]}" if path else names[1]
        if kind.startswith("["):
            if not isinstance(value, list):  # one message in place of a list of one is taken, too
                return [self._single(kind[1:-1], value, inside, depth)]
            return [self._single(kind[1:-1], each, f"{inside}[{at}]", depth) for at, each in enumerate(value)]
        if kind.startswith("{"):
            if not isinstance(value, dict):
                return self._invalid(inside, "Map", value)
            entries = enumerate(value.items())
            return {key: self._single(kind[1:-1], each, f"{inside}[{at}].value", depth) for at, (key, each) in entries}
        if isinstance(value, list) and kind != "value":
            self._unknown(names[0], path, "Proto field is not repeating, cannot start list.")
            return None
        return self._single(kind, value, inside, depth)

    def _single(self, kind: str, value: object, path: str, depth: int) -> Any:
        if kind == "value":
            return value
        if kind in {"struct", "any"} or kind in MESSAGES:
            if not isinstance(value, dict):
                return self._invalid(path, _STRUCT if kind == "struct" else f"{_PACKAGE}{kind}", value)
            return self.message(kind, value, path, depth + 1) if kind in MESSAGES else value
        if kind.startswith("enum "):
            name = kind.removeprefix("enum ")
            if isinstance(value, str) and value.upper() in ENUMS[name]:
                return value.upper()
            return self._invalid(path, _PACKAGE + name, value)
        return self._scalar(kind, value, path)

    def _scalar(self, kind: str, value: object, path: str) -> object:
        if isinstance(value, dict):
            self._wrong(path, f"Invalid value at '{path}' ({_SCALARS[kind]}), Starting an object on a scalar field")
            return None
        if kind == "bytes" and isinstance(value, str):
            if decoded(value) is None:
                shown = value[:_SHOWN]
                self._wrong(path, f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed for \"{shown}\"")
            return value
        if kind in {"int32", "int64"} and isinstance(value, str) and _WHOLE.fullmatch(value[:20]):
            return int(value[:20])
        if kind in {"int32", "int64"} and isinstance(value, float) and value.is_integer():
            return int(value)
        wanted: Mapping[str, type | tuple[type, ...]] = {
            "string": str, "bool": bool, "float": (int, float), "int32": int, "int64": int, "bytes": str,
        }  # fmt: skip
        fits = isinstance(value, wanted[kind]) and (isinstance(value, bool) == (kind == "bool"))
        return value if fits else self._invalid(path, _SCALARS[kind], value)

    def _invalid(self, path: str, kind: str, value: object) -> object:
        """Note what is wrong; it counts as not given."""
        shown = f'"{value[:_SHOWN]}"' if isinstance(value, str) else str(value)[:_SHOWN]
        self._wrong(path, f"Invalid value at '{path}' ({kind}), {shown}")
        return None

    def _unknown(self, key: str, path: str, why: str) -> None:
        place = f" at '{path}'" if path else ""
        self._wrong(path, f'Invalid JSON payload received. Unknown name "{key[:_SHOWN]}"{place}: {why}')

    def _wrong(self, path: str, description: str) -> None:
        self.violations.append((path, description))
