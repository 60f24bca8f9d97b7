"""The user's rules, made ready to be asked thousands of times. Pure.

A rule is a few checks, the cheap ones first, each of one thing that is known of a request. What to say of a rule that does
not hold is made beforehand, too: 200 rules cost 200 calls and no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from functools import partial
from operator import contains, methodcaller
from typing import Any, TypeAlias

import attrs

from korproxy.gateway.facts import Facts
from korproxy.kit.patterns import fits
from korproxy.models.decisions import RuleTried
from korproxy.models.routing import Rule, When

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Check: TypeAlias = Callable[[Any], Any]


class Of(IntEnum):
    """What a check is given: the place of it among the ``_subjects`` of a request."""

    MODEL, TYPE, KEY, PROFILE, SIZE, TOOLS, HEADERS, FACTS = range(8)


@attrs.frozen
class Ready:
    """A rule, and what it asks: of what, the check, and what is said where it fails."""

    rule: Rule
    checks: Sequence[tuple[int, Check, RuleTried]]
    held: RuleTried


def ready(rules: Sequence[Rule]) -> Sequence[Ready]:
    """Return those of *rules* that are enabled, in their order."""
    return tuple(
        Ready(
            rule, tuple((of, check, RuleTried(rule.name, why)) for of, check, why in _checks(rule.when)), RuleTried(rule.name)
        )
        for rule in rules
        if rule.enabled
    )


def first_that_holds(rules: Sequence[Ready], facts: Facts) -> tuple[Rule | None, tuple[RuleTried, ...]]:
    """Return the first rule of which all holds, and all that were looked at; None where none does."""
    subjects = _subjects(facts)
    tried = []
    for each in rules:
        for of, check, failed in each.checks:
            if not check(subjects[of]):
                tried.append(failed)
                break
        else:
            tried.append(each.held)
            return each.rule, tuple(tried)
    return None, tuple(tried)


def _subjects(facts: Facts) -> tuple[Any, ...]:
    call = facts.call
    peek = call.peek
    return (peek.model, facts.type, call.key_name, facts.profile.name, len(call.body), peek.tools, call.headers, facts)


def _checks(when: When) -> Iterator[tuple[int, Check, str]]:
    """Yield what *when* asks, the cheap things first; why it does not hold is said as the user would say it."""
    if when.types:
        yield Of.TYPE, partial(contains, when.types), f"type is not {' or '.join(when.types)}"
    if when.model:
        yield Of.MODEL, fitting(when.model), f"model is not {when.model}"
    if when.profile:
        yield Of.PROFILE, fitting_exactly(when.profile), f"profile is not {when.profile}"
    if when.key:
        yield Of.KEY, fitting(when.key), f"key is not {when.key}"
    if when.min_body is not None:
        yield Of.SIZE, partial(_at_least, when.min_body), f"body is smaller than {when.min_body}"
    if when.max_body is not None:
        yield Of.SIZE, partial(_at_most, when.max_body), f"body is larger than {when.max_body}"
    if when.tools is not None:
        yield Of.TOOLS, partial(_same, when.tools), "no tools" if when.tools else "has tools"
    for name, pattern in when.headers.items():
        yield Of.HEADERS, partial(_in_header, name.encode(), fitting(pattern)), f"header {name} is not {pattern}"
    if when.hours or when.days:
        said = " ".join(filter(None, (when.hours, ",".join(when.days))))
        yield Of.FACTS, partial(_in_time, *_span(when.hours), frozenset(map(_DAYS.index, when.days))), f"time is not {said}"
    if when.reasoning is not None:
        yield Of.FACTS, partial(_reasons, when.reasoning), "no reasoning" if when.reasoning else "asks for reasoning"
    if when.images is not None:
        yield Of.FACTS, partial(_shows, when.images), "no images" if when.images else "has images"


def fitting(pattern: str) -> Callable[[str], Any]:
    """Return a faster ``kit.patterns.fits`` for *pattern*."""
    begin, star, end = pattern.partition("*")
    if not star:
        return fitting_exactly(pattern)
    if not end:
        return methodcaller("startswith", begin)
    if not begin and "*" not in end:
        return methodcaller("endswith", end)
    return partial(_fits, pattern)


def fitting_exactly(name: str) -> Callable[[str], Any]:
    """Return what says whether a text is *name*."""
    return partial(_same, name)


def _fits(pattern: str, name: str) -> bool:
    return fits(name, pattern)


def _same(one: object, other: object) -> bool:
    return one == other


def _at_least(least: int, size: int) -> bool:
    return size >= least


def _at_most(most: int, size: int) -> bool:
    return size <= most


def _in_header(name: bytes, fits: Callable[[str], Any], headers: Any) -> bool:
    return name in headers.first and bool(fits(headers.text(name)))


def _span(hours: str) -> tuple[int, int]:
    """Return the first minute of the day and the one behind the last; all of it where *hours* says nothing."""
    if not hours:
        return 0, 24 * 60
    begin, end = (int(hour) * 60 + int(minute) for hour, minute in re.findall(r"(\d\d):(\d\d)", hours))
    return begin, end


def _in_time(begin: int, end: int, days: frozenset[int], facts: Facts) -> bool:
    day, minute = facts.moment
    if begin < end:
        inside = begin <= minute < end
    else:  # over midnight
        inside = minute >= begin or minute < end
        day = (day - 1) % 7 if minute < end else day
    return inside and (not days or day in days)


def _reasons(wanted: bool, facts: Facts) -> bool:
    return facts.content.reasoning is wanted


def _shows(wanted: bool, facts: Facts) -> bool:
    return facts.content.images is wanted
