"""Checks of single values, as attrs validators: they hold for a file, for an override and for a test alike.

A message says what is wanted, never what was given: what stands in the wrong place may be a secret.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from korproxy.config.shown import Step, number

WEEK = 7 * 86400.0  # the longest duration: the kernel's own timers end at 24 days

Check = Callable[[str], None]
Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


@attrs.define(eq=False)
class Mistake(ValueError):
    """A value that cannot stand.

    Attributes:
        message: What is wanted instead; shown to the user.
        code: None: the code of the field it is in, else KP-CONF-202.
        at: Where below the checked value.
    """

    message: str
    code: str | None = None
    at: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return self.message


def whole(low: int, high: int | None = None) -> Validator:
    """Return a validator of whole numbers from *low* to *high*, both included; None passes."""
    wanted = f"at least {low}" if high is None else f"from {low} to {high}" if high > low else f"{low}"

    def validate(_: Any, __: attrs.Attribute[Any], value: int | None) -> None:
        if value is not None and (value < low or (high is not None and value > high)):
            raise Mistake(f"must be {wanted}, not {number(value)}")

    return validate


def seconds(_: Any, __: attrs.Attribute[Any], value: float | None) -> None:
    """Validate a duration: more than 0 and at most a week; None passes."""
    if value is not None and not (math.isfinite(value) and 0 < value <= WEEK):
        raise Mistake(f"must be more than 0 and at most {WEEK:.0f} seconds (a week), not {number(value)}")


def up_to(most: float) -> Validator:
    """Return a validator of durations from 0 to *most* seconds, both included."""

    def validate(_: Any, __: attrs.Attribute[Any], value: float) -> None:
        if not 0 <= value <= most:  # so no nan either
            raise Mistake(f"must be from 0 to {number(most)} seconds, not {number(value)}")

    return validate


def text(check: Check) -> Validator:
    """Return a validator that puts a string through *check*; None passes."""

    def validate(_: Any, __: attrs.Attribute[Any], value: str | None) -> None:
        if value is not None:
            check(value)

    return validate


def said(check: Check) -> Validator:
    """Return a validator that puts a string through *check*; an empty one passes, it says nothing."""

    def validate(_: Any, __: attrs.Attribute[Any], value: str) -> None:
        if value:
            check(value)

    return validate


class Anyway:
    """A validator that copes with anything the user wrote, so that a value of a wrong type beside others does not hide them."""

    def __call__(self, _: Any, __: attrs.Attribute[Any], value: object) -> None:
        if wrong := self.mistakes(value):
            raise ExceptionGroup("wrong entries", wrong)

    def mistakes(self, value: object) -> list[Mistake]:
        """Return what is wrong in *value*; nothing where it has another type than it should."""
        raise NotImplementedError


@attrs.frozen
class Each(Anyway):
    """Puts every string of an array through ``check``; wants at least ``least`` of them, and none twice."""

    check: Check
    least: int = attrs.field(default=0, kw_only=True)

    def mistakes(self, value: object) -> list[Mistake]:
        """Return one for each wrong entry, at its index."""
        if not isinstance(value, list | tuple):
            return []
        wrong = _all_wrong(self.check, enumerate(value))
        wrong += [Mistake("is there twice", at=(at,)) for at, one in enumerate(value) if one in value[:at]]
        if len(value) < self.least:
            wrong.append(Mistake("must not be empty"))
        return wrong


@attrs.frozen
class Entries(Anyway):
    """Puts the keys of a table through ``keys``, and those of its values that are strings through ``values``."""

    keys: Check
    values: Check | None = None

    def mistakes(self, value: object) -> list[Mistake]:
        """Return one for each wrong key or value, at its key."""
        if not isinstance(value, Mapping):
            return []
        wrong = _all_wrong(self.keys, ((name, name) for name in value))
        return wrong + _all_wrong(self.values, value.items()) if self.values else wrong


@attrs.frozen
class OneStep(Entries):
    """Wants, beyond that, that no value is one of the keys: each name leads straight to where it ends."""

    def mistakes(self, value: object) -> list[Mistake]:
        """Return also one for each value that would have to be looked up again."""
        wrong = Entries.mistakes(self, value)
        if not isinstance(value, Mapping):
            return wrong
        return wrong + [
            Mistake("leads to itself" if one == name else "leads to another alias: say where that one leads", at=(name,))
            for name, one in value.items()
            if isinstance(one, str) and one in value
        ]


@attrs.frozen
class Distinct(Anyway):
    """Wants the string at ``key`` to differ in all tables of an array; ``code`` is the code of the mistake."""

    key: str
    code: str

    def mistakes(self, value: object) -> list[Mistake]:
        """Return one for each repeated string, at its place."""
        if not isinstance(value, list | tuple):
            return []
        said = [each.get(self.key) if isinstance(each, Mapping) else getattr(each, self.key, None) for each in value]
        return [
            Mistake(f"entry {said.index(one) + 1} has the same", code=self.code, at=(at, self.key))
            for at, one in enumerate(said)
            if isinstance(one, str) and one in said[:at]
        ]


def _all_wrong(check: Check, items: Iterable[tuple[Step, object]]) -> list[Mistake]:
    wrong: list[Mistake] = []
    for at, one in items:
        try:
            if isinstance(one, str):
                check(one)
        except Mistake as exc:
            wrong.append(attrs.evolve(exc, at=(at, *exc.at)))
    return wrong
