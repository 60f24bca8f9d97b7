"""JSON pointers (RFC 6901) into a request, and patterns of them that say which field is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "array": list,
    "object": dict,
    "boolean": bool,
    "number": (int, float),
}


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Yield pointer and value of all that holds nothing else; an empty list or object is a leaf, too."""
    members = _members(value)
    if not members:
        yield at, value
    for key, inner in members:
        yield from leaves(inner, f"{at}/{_escaped(key)}")


def at(value: Any, pointer: str) -> Any:
    """Return what *pointer* points to; ``LookupError`` where there is nothing."""
    for key in _keys(pointer):
        value = {str(name): inner for name, inner in _members(value)}[key]
    return value


def replaced(value: Any, pointer: str, new: Any) -> Any:
    """Return a copy of *value* in which *new* is what *pointer* points to."""
    if not pointer:
        return new
    key, rest = _keys(pointer)[0], pointer[pointer.find("/", 1) :] if "/" in pointer[1:] else ""
    if isinstance(value, list):
        return [replaced(inner, rest, new) if number == int(key) else inner for number, inner in enumerate(value)]
    return {name: replaced(inner, rest, new) if name == key else inner for name, inner in value.items()}


def within(pointer: str, outer: str) -> bool:
    """Return whether *pointer* is *outer* or points into it."""
    return pointer == outer or pointer.startswith(f"{outer}/")


def matches(value: Any, pattern: str) -> list[str]:
    """Return the pointers into *value* that *pattern* describes.

    A pattern is a pointer in which ``*`` stands for any index or key. ``KEY:word`` asks that the object there has this ``type``
    or ``role``, ``KEY#string`` (or another of JSON's types) that the value is one: ``/messages/*:user/content#array``.
    """
    found = [("", value)]
    for step in pattern.split("/")[1:]:
        name, _, type_ = step.partition("#")
        name, _, kind = name.partition(":")
        name = name.replace("~1", "/").replace("~0", "~")
        found = [
            (f"{at}/{_escaped(key)}", inner)
            for at, outer in found
            for key, inner in _members(outer)
            if name in {"*", str(key)} and _is(inner, kind, type_)
        ]
    return [at for at, _ in found]


def _is(value: Any, kind: str, type_: str) -> bool:
    if kind and not (isinstance(value, dict) and kind in {value.get("type"), value.get("role")}):
        return False
    return not type_ or (isinstance(value, _TYPES[type_]) and (type_ == "boolean" or not isinstance(value, bool)))


def _members(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _keys(pointer: str) -> list[str]:
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


def _escaped(key: str | int) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")
