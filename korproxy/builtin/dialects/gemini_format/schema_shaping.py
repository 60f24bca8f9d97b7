"""Writes a draft as a schema that Gemini takes.

Its rules: one type, or alternatives and nothing else about the value; null is ``nullable``; values are listed of texts only; an
array says what is in it; what is required is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec

from korproxy.builtin.dialects.gemini_format.schema_drafts import HOMES, Budget, Draft, Limit, Merging
from korproxy.builtin.dialects.gemini_format.schema_keywords import Note
from korproxy.builtin.dialects.gemini_format.schema_values import of_type, texts, types_of
from korproxy.builtin.dialects.gemini_format.schema_words import described, one_of

Schema = dict[str, Any]
_STRING: Schema = {"type": "STRING"}
_ANYTHING: tuple[Schema, ...] = (
    _STRING,
    {"type": "NUMBER"},
    {"type": "BOOLEAN"},
    {"type": "OBJECT"},
    {"type": "ARRAY", "items": _STRING},
)
_FORMATS: Mapping[str, str] = {
    "date-time": "STRING",
    "enum": "STRING",
    "int32": "INTEGER",
    "int64": "INTEGER",
    "float": "NUMBER",
    "double": "NUMBER",
}
_LIKELY: Mapping[str, str] = {  # which type is meant by a limit where no ``type`` is
    **{key: min(homes) for key, homes in HOMES.items()},
    "minimum": "NUMBER",
    "maximum": "NUMBER",
}


@attrs.define(kw_only=True)
class Shaping:
    """Writes the drafts of one schema.

    Attributes:
        note: Is told of what becomes something else (``mapped``) or goes (``lost``): fate, pointer, why.
        ordered: Write the properties' order down; else it is lost, and the model makes its own.
    """

    budget: Budget
    merging: Merging
    note: Note
    ordered: bool = False

    def shaped(self, draft: Draft) -> Schema:
        """Return *draft* as a schema."""
        self.budget.spend()
        types = draft.types or _guessed(draft)
        self._check(draft, types)
        branches = self._branches(draft) if draft.any_of else self._by_type(draft, types)
        if branches is not None:
            return self._any_of(draft, branches)
        if not types:
            words = self._words_of(draft.enum) if draft.enum else []
            return self._noted(draft, {"anyOf": [*_ANYTHING], "nullable": True}, words)
        if types[0] == "NULL":
            return self._noted(attrs.evolve(draft, nullable=True), {**_STRING}, ["always null"])
        return self._one(draft, types[0])

    def _one(self, draft: Draft, kind: str) -> Schema:
        schema: Schema = {"type": kind}
        words = self._values(draft, kind, schema) if draft.enum else []
        if kind == "OBJECT":
            self._object(draft, schema)
        if kind == "ARRAY":
            plain = draft.items is None or draft.items.never
            schema["items"] = {**_STRING} if draft.items is None or plain else self.shaped(draft.items)
        for key, limit in draft.limits.items():
            if kind in _homes(key, limit) and (limit.value != "enum" or key != "format" or "enum" in schema):
                schema[key] = limit.value
        self.budget.spend(characters=len(schema.get("pattern", "")))
        return self._noted(draft, schema, words)

    def _noted(self, draft: Draft, schema: Schema, words: Sequence[str] = ()) -> Schema:
        """Return *schema* with what is said for people, and whether null will do."""
        if draft.nullable or (draft.enum and None in draft.enum.value and not draft.types):
            schema["nullable"] = True
        schema.update(draft.notes)
        description = described(draft.notes.get("description"), [*draft.words, *words])
        if description is not None:
            schema["description"] = description
        for key in ("title", "description", "default", "example"):
            if key in schema:
                self.budget.spend(characters=_size(schema[key]))
        return schema

    def _object(self, draft: Draft, schema: Schema) -> None:
        properties = {name: self.shaped(each) for name, each in draft.properties.items() if not each.never}
        if properties:
            schema["properties"] = properties
        order = [each for each in draft.order if each in properties]
        if self.ordered and len(properties) > 1:
            order = list(dict.fromkeys([*order, *properties]))
        if order:
            schema["propertyOrdering"] = order
        required = [name for name in draft.required if name in properties]
        if required:
            schema["required"] = required

    def _values(self, draft: Draft, kind: str, schema: Schema) -> list[str]:
        """List the values in *schema*, or return what is said about them in words."""
        if draft.enum is None:
            return []
        known = texts(draft.enum.value) if kind == "STRING" else None
        if known is None:
            return self._words_of(draft.enum)
        self.budget.spend(characters=sum(map(len, known)))
        if any(known):
            schema["enum"] = [each for each in known if each]
        return ["may be empty"] if "" in known else []  # Gemini: "enum[0]: cannot be empty"

    def _words_of(self, enum: Limit) -> list[str]:
        words = one_of([each for each in enum.value if each is not None])
        if words is None:
            self.note("lost", enum.at, "Gemini's schemas list only texts")
            return []
        self.note("mapped", enum.at, "is said in the description: Gemini's schemas list only texts")
        return [words]

    # Alternatives.

    def _branches(self, draft: Draft) -> list[Draft] | None:
        """Return the alternatives, each with what holds for all of them; None where they say nothing."""
        possible = [each for each in draft.any_of if not each.never]
        if not draft.shaped:
            return possible or None
        around = draft.only_shape()
        values = [each for each in possible if each.types != ("NULL",)]
        return [self.merging.both(_about(around, each.types), each) for each in values] or None

    def _by_type(self, draft: Draft, types: Sequence[str]) -> list[Draft] | None:
        """Return one alternative for each type; None where there is one type at most."""
        if len(types) < 2:
            return None
        around = [_about(draft.only_shape(), (each,)) for each in types]
        return [each for each in around if each.enum is None or each.enum.value] or around[:1]

    def _any_of(self, draft: Draft, branches: Sequence[Draft]) -> Schema:
        nullable = draft.nullable
        found: list[Schema] = []
        for each in branches:
            if each.types == ("NULL",):
                nullable = True
                continue
            schema = self.shaped(each)
            inner = schema["anyOf"] if schema.keys() <= {"anyOf", "nullable"} else None
            nullable = nullable or (inner is not None and "nullable" in schema)
            found += [one for one in (inner or [schema]) if one not in found]
        around = attrs.evolve(draft, nullable=nullable, enum=None)
        if len(found) > 1:
            return self._noted(around, {"anyOf": found})
        if not found:
            return self.shaped(attrs.evolve(draft, types=("NULL",), any_of=()))
        said = found[0].get("description")
        if said is not None and "description" in draft.notes:
            around.words = [*draft.words, said]
        elif said is not None:
            around.notes = {**draft.notes, "description": said}
        return self._noted(around, found[0])

    def _check(self, draft: Draft, types: Sequence[str]) -> None:
        """Report what says nothing here."""
        alternatives = [each.types for each in draft.any_of if not each.never]
        if alternatives and not types and all(alternatives):
            types = [each for types in alternatives for each in types]
        for key, limit in draft.limits.items():
            if types and not _homes(key, limit) & set(types):
                self.note("lost", limit.at, f"says nothing about a value of this type ({', '.join(types).lower()})")
        is_object, is_array = not types or "OBJECT" in types, not types or "ARRAY" in types
        for each in draft.properties.values():
            if each.never or not is_object:
                self.note("lost", each.at, f"Gemini's schemas cannot {'forbid' if each.never else 'have'} a property here")
        for name, at in draft.required.items():
            if not is_object or (not draft.any_of and (name not in draft.properties or draft.properties[name].never)):
                self.note("lost", at, "names no property")
        if draft.items is not None and (draft.items.never or not is_array):
            self.note("lost", draft.items.at, "Gemini's schemas cannot say it here")


def _about(draft: Draft, types: Sequence[str]) -> Draft:
    """Return what *draft* says about values of *types*."""
    if not types:
        return draft
    enum = draft.enum
    return attrs.evolve(
        draft,
        types=tuple(each for each in draft.types if each in types) or tuple(types),
        limits={key: limit for key, limit in draft.limits.items() if _homes(key, limit) & set(types)},
        enum=enum and Limit([each for kind in types for each in of_type(enum.value, kind)], enum.at),
        properties=draft.properties if "OBJECT" in types else {},
        required=draft.required if "OBJECT" in types else {},
        items=draft.items if "ARRAY" in types else None,
    )


def _homes(key: str, limit: Limit) -> frozenset[str]:
    return frozenset({_FORMATS[limit.value]}) if key == "format" else HOMES[key]


def _guessed(draft: Draft) -> tuple[str, ...]:
    """Return the type that is meant where none is said."""
    if draft.any_of:
        return ()
    if draft.enum is not None:
        return types_of(draft.enum.value)
    if draft.properties or draft.required:
        return ("OBJECT",)
    if draft.items is not None:
        return ("ARRAY",)
    for key, limit in draft.limits.items():
        return (_FORMATS[limit.value] if key == "format" else _LIKELY[key],)
    return ()


def _size(value: Any) -> int:
    """Return about how many characters *value* has as JSON."""
    if isinstance(value, str):
        return len(value)
    try:
        return len(msgspec.json.encode(value))
    except (UnicodeEncodeError, RecursionError):
        return len(repr(value))
