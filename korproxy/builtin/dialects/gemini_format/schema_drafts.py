"""A schema half-way: in Gemini's words, but not yet in one of the shapes that Gemini takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from korproxy.api import chat

DEEPEST = 64  # schemas inside schemas, references followed
MOST = 5_000  # of them in one schema, references followed
LONGEST = 1_000_000  # characters for people and of values in one schema, references followed

# Which types a limit is for; JSON Schema says nothing about other types by it.
HOMES: dict[str, frozenset[str]] = {
    "format": frozenset({"STRING", "NUMBER", "INTEGER"}),
    "pattern": frozenset({"STRING"}),
    "minLength": frozenset({"STRING"}),
    "maxLength": frozenset({"STRING"}),
    "minimum": frozenset({"NUMBER", "INTEGER"}),
    "maximum": frozenset({"NUMBER", "INTEGER"}),
    "minItems": frozenset({"ARRAY"}),
    "maxItems": frozenset({"ARRAY"}),
    "minProperties": frozenset({"OBJECT"}),
    "maxProperties": frozenset({"OBJECT"}),
}


@attrs.frozen
class Limit:
    """What a keyword says, and where it says so."""

    value: Any
    at: str


@attrs.define(kw_only=True)
class Draft:
    """What is known of a schema: all of it together; of ``any_of`` one at least.

    Attributes:
        at: JSON pointer to where it stands in the request.
        types: Gemini's words; several: any of them; empty: it does not say. ``NULL`` only alone.
        nullable: Null will do as well.
        never: Nothing will do: JSON Schema's ``false``.
        notes: ``title``, ``description``, ``default`` and ``example``.
        words: Constraints that only a description can say.
        limits: By Gemini's keywords.
        enum: Values as they came.
        required: Names of properties, and where each is asked for.
        any_at: Where ``any_of`` stands.
    """

    at: str
    types: tuple[str, ...] = ()
    nullable: bool = False
    never: bool = False
    notes: dict[str, Any] = attrs.field(factory=dict)
    words: list[str] = attrs.field(factory=list)
    limits: dict[str, Limit] = attrs.field(factory=dict)
    enum: Limit | None = None
    properties: dict[str, Draft] = attrs.field(factory=dict)
    order: tuple[str, ...] = ()
    required: dict[str, str] = attrs.field(factory=dict)
    items: Draft | None = None
    any_of: tuple[Draft, ...] = ()
    any_at: str = ""

    @property
    def shaped(self) -> bool:
        """Whether it says anything about the value but what it is for."""
        return bool(self.types or self.limits or self.enum or self.properties or self.required or self.items)

    @property
    def typed(self) -> bool:
        """Whether it says what may be there, so that null may be only if it says so."""
        return bool(self.types or self.any_of or self.enum)

    def only_shape(self) -> Draft:
        """Return what it says about the value, without what is said for people and without alternatives."""
        return attrs.evolve(self, notes={}, words=[], any_of=(), nullable=False)


@attrs.define
class Budget:
    """How much a schema may still grow while its references are written out.

    Attributes:
        at: JSON pointer to the schema, for the error.
    """

    at: str
    _schemas: int = MOST
    _characters: int = LONGEST

    def spend(self, *, depth: int = 0, characters: int = 0) -> None:
        """Take note of one more schema; ``CannotCarry`` where that is too much."""
        self._schemas -= 1
        self._characters -= characters
        if depth > DEEPEST:
            raise chat.CannotCarry(self.at, f"The schema is more than {DEEPEST} levels deep. Make it flatter.")
        if self._schemas < 0 or self._characters < 0:
            text = f"With its references written out, as Gemini wants it, the schema has more than {MOST} parts or {LONGEST}"
            raise chat.CannotCarry(self.at, f"{text} characters. Make it smaller.")


@attrs.define
class Merging:
    """Makes one draft of two that must both hold.

    Attributes:
        spend: Is told of each draft that is made, so that a schema cannot grow without end.
        lost: Is told where something contradicts what is already there.
    """

    spend: Callable[[], None]
    lost: Callable[[str, str], None]

    def both(self, one: Draft, two: Draft) -> Draft:
        """Return *one* and *two*; where both say something for people, *one* is heard."""
        self.spend()
        if one.any_of and two.any_of:
            self.lost(two.any_at, "Gemini's schemas take one list of alternatives")
        for key in one.notes.keys() & two.notes.keys():
            if one.notes[key] != two.notes[key]:
                self.lost(f"{two.at}/{key}", f"another {key} is nearer")
        return Draft(
            at=one.at,
            types=self._types(one, two),
            nullable=one.nullable and two.nullable if one.typed and two.typed else one.nullable or two.nullable,
            never=one.never or two.never,
            notes={**two.notes, **one.notes},
            words=list(dict.fromkeys([*one.words, *two.words])),
            limits=self._limits(one, two),
            enum=self._enum(one, two),
            properties=self._properties(one, two),
            order=one.order or two.order,
            required={**two.required, **one.required},
            items=self.both(one.items, two.items) if one.items and two.items else one.items or two.items,
            any_of=one.any_of or two.any_of,
            any_at=one.any_at if one.any_of else two.any_at,
        )

    def _types(self, one: Draft, two: Draft) -> tuple[str, ...]:
        if not one.types or not two.types:
            return one.types or two.types
        shared = [each for each in one.types if each in two.types or (each == "INTEGER" and "NUMBER" in two.types)]
        if "NUMBER" in one.types and "INTEGER" in two.types and "INTEGER" not in shared:
            shared.append("INTEGER")
        if not shared:
            self.lost(f"{two.at}/type", "contradicts another type that is asked for")
        return tuple(shared) or one.types

    def _limits(self, one: Draft, two: Draft) -> dict[str, Limit]:
        limits = {**two.limits, **one.limits}
        for key in one.limits.keys() & two.limits.keys():
            first, second = one.limits[key], two.limits[key]
            if key.startswith("min"):
                limits[key] = max(first, second, key=_value)
            elif key.startswith("max"):
                limits[key] = min(first, second, key=_value)
            elif first.value != second.value:
                self.lost(second.at, f"Gemini's schemas take one {key}")
        return limits

    def _enum(self, one: Draft, two: Draft) -> Limit | None:
        if one.enum is None or two.enum is None:
            return one.enum or two.enum
        shared = [each for each in one.enum.value if each in two.enum.value]
        if not shared:
            self.lost(two.enum.at, "has no value in common with another list of values")
        return Limit(shared or one.enum.value, one.enum.at)

    def _properties(self, one: Draft, two: Draft) -> dict[str, Draft]:
        properties = {**one.properties, **two.properties}
        for name in one.properties.keys() & two.properties.keys():
            properties[name] = self.both(one.properties[name], two.properties[name])
        return properties


def _value(limit: Limit) -> float:
    number: float = limit.value
    return number
