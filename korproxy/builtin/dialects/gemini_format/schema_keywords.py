"""Keywords of JSON Schema that hold no other schema, and what each means for a draft.

Facts: the list of keywords in Gemini's API reference (ai.google.dev/api/caching#Schema). Only what is named here goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.schema_drafts import Draft, Limit
from korproxy.builtin.dialects.gemini_format.schema_words import in_words

Note: TypeAlias = Callable[[str, str, str], None]  # fate, pointer, why
_Keyword: TypeAlias = Callable[[Draft, Any, str, Note], None]

_TYPES = frozenset({"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"})
_FORMATS = frozenset({"date-time", "enum", "int32", "int64", "float", "double"})
_LONGEST_FORMAT = 100
_SAID = "is said in the description"
_WHY = {
    "additionalProperties": "Gemini's schemas can neither allow nor forbid other properties",
    "unevaluatedProperties": "Gemini's schemas can neither allow nor forbid other properties",
    "$schema": "Gemini's schemas have one version only",
}


def read_keyword(draft: Draft, key: str, value: Any, at: str, note: Note) -> None:
    """Put into *draft* what *key*, which stands at *at*, says; *note* is told what becomes something else or goes."""
    if key in _KEYWORDS:
        _KEYWORDS[key](draft, value, at, note)
        return
    words = in_words(key, value)
    if words is None:
        note("lost", at, _WHY.get(key, "Gemini's schemas have no place for it"))
    else:
        draft.words.append(words)
        note("mapped", at, _SAID)


def _type(draft: Draft, value: Any, at: str, note: Note) -> None:
    words = value if isinstance(value, list) else [value]
    known = [word.upper() for word in words if isinstance(word, str) and word.upper() in _TYPES]
    draft.nullable = draft.nullable or "NULL" in known
    draft.types = tuple(dict.fromkeys(each for each in known if each != "NULL")) or (("NULL",) if known else ())
    if "NUMBER" in draft.types:
        draft.types = tuple(each for each in draft.types if each != "INTEGER")
    if not known:
        note("lost", at, "is no type that Gemini knows")


def _nullable(draft: Draft, value: Any, at: str, note: Note) -> None:
    if isinstance(value, bool):
        draft.nullable = draft.nullable or value
    else:
        note("lost", at, "is neither true nor false")


def _text(draft: Draft, value: Any, at: str, note: Note) -> None:
    if isinstance(value, str):
        _value(draft, value, at, note)
    else:
        note("lost", at, "is no text")


def _value(draft: Draft, value: Any, at: str, note: Note) -> None:
    del note
    draft.notes[_key(at)] = value


def _enum(draft: Draft, value: Any, at: str, note: Note) -> None:
    if not isinstance(value, list) or not value:
        note("lost", at, "is no list of values")
        return
    known = value if draft.enum is None else [each for each in value if each in draft.enum.value]
    draft.enum = Limit(known or value, at)


def _const(draft: Draft, value: Any, at: str, note: Note) -> None:
    _enum(draft, [value], at, note)


def _count(draft: Draft, value: Any, at: str, note: Note) -> None:
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:  # proto3 writes whole numbers as texts
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1 or not 0 <= value < 2**53:
        note("lost", at, "is no number of things")
        return
    draft.limits[_key(at)] = Limit(int(value), at)


def _bound(draft: Draft, value: Any, at: str, note: Note) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        note("lost", at, "is no number")
        return
    draft.limits[_key(at)] = Limit(value, at)


def _pattern(draft: Draft, value: Any, at: str, note: Note) -> None:
    if isinstance(value, str):
        draft.limits["pattern"] = Limit(value, at)
    else:
        note("lost", at, "is no text")


def _format(draft: Draft, value: Any, at: str, note: Note) -> None:
    if not isinstance(value, str) or len(value) > _LONGEST_FORMAT:
        note("lost", at, "is no format that Gemini knows")
    elif value in _FORMATS:
        draft.limits["format"] = Limit(value, at)
    else:
        draft.words.append(f"format: {value}")
        note("mapped", at, _SAID)


def _required(draft: Draft, value: Any, at: str, note: Note) -> None:
    if not isinstance(value, list):
        note("lost", at, "is no list of names")
        return
    for number, name in enumerate(value):
        if isinstance(name, str):
            draft.required[name] = chat.child(at, number)
        else:
            note("lost", chat.child(at, number), "is no name")


def _order(draft: Draft, value: Any, at: str, note: Note) -> None:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        draft.order = tuple(dict.fromkeys(value))
    else:
        note("lost", at, "is no list of names")


def _key(at: str) -> str:
    return at.rpartition("/")[2]


_KEYWORDS: Mapping[str, _Keyword] = {
    "type": _type,
    "nullable": _nullable,
    "title": _text,
    "description": _text,
    "default": _value,
    "example": _value,
    "enum": _enum,
    "const": _const,
    **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"), _count),
    "minimum": _bound,
    "maximum": _bound,
    "pattern": _pattern,
    "format": _format,
    "required": _required,
    "propertyOrdering": _order,
}
