"""The user's rules, made ready to be asked thousands of times. Pure.

A rule is a few checks, each of one thing that is known of a request, the cheap ones first. Those of what hardly changes from
request to request (the model, the type, the key, the time of day to the minute) are remembered with what they come to, and what
to say of a rule that does not hold is made beforehand: of 200 rules a request looks only at those that may hold for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import translate
from functools import partial
from operator import contains, eq, ge, le, methodcaller
from typing import Any, TypeAlias

import attrs

from korproxy.gateway.facts import Facts
from korproxy.models.decisions import RuleTried
from korproxy.models.routing import Rule, When

Check: TypeAlias = tuple[int, Callable[[Any], Any], RuleTried]  # of what, what, and what is said where it fails
Seen: TypeAlias = tuple[str, str, str, str, bool, tuple[int, int] | None]

REMEMBERED = 500  # clients choose the names of models
MODEL, TYPE, KEY, PROFILE, TOOLS, MOMENT = range(6)  # places in ``Seen``
SIZE, FACTS, HEADERS = range(3)  # places in what is looked at anew; from the last one on one for each header
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@attrs.frozen
class Ready:
    """A rule, and what it asks.

    Attributes:
        lasting: Checks of what is in ``Seen``.
        fresh: Checks of the rest.
    """

    rule: Rule
    lasting: Sequence[Check]
    fresh: Sequence[Check]
    held: RuleTried


@attrs.frozen
class Plan:
    """What is left to look at for requests of which the same was ``Seen``.

    Attributes:
        steps: Rules that may hold, each behind those that do not; one without fresh checks holds, and is the last.
        rest: Those behind the last step, which do not hold either.
    """

    steps: Sequence[tuple[tuple[RuleTried, ...], Ready]]
    rest: tuple[RuleTried, ...]


@attrs.frozen
class Rulebook:
    """All rules that are enabled, in their order.

    Attributes:
        headers: The names that rules ask for.
        timed: Whether one asks for the time of day.
    """

    rules: Sequence[Ready] = ()
    headers: Sequence[bytes] = ()
    timed: bool = False
    _plans: dict[Seen, Plan] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    def plan(self, seen: Seen) -> Plan:
        """Return what is left to look at where *seen* is so."""
        known = self._plans.get(seen)
        if known is None:
            known = _planned(self.rules, seen)
            if len(self._plans) >= REMEMBERED:
                del self._plans[next(iter(self._plans))]
            self._plans[seen] = known
        return known

    def first_that_holds(self, facts: Facts) -> tuple[Rule | None, tuple[RuleTried, ...]]:
        """Return the first rule of which all holds, and all that were looked at; None where none does."""
        call = facts.call
        moment = facts.moment if self.timed else None
        plan = self.plan((call.peek.model, facts.type, call.key_name, facts.profile.name, call.peek.tools, moment))
        first = call.headers.first
        values = [first[name].decode("latin-1").strip() if name in first else None for name in self.headers]
        subjects = (len(call.body), facts, *values)
        tried: list[RuleTried] = []
        for before, each in plan.steps:
            if before:
                tried += before
            for of, check, failed in each.fresh:
                subject = subjects[of]
                if subject is None or not check(subject):
                    tried.append(failed)
                    break
            else:
                tried.append(each.held)
                return each.rule, tuple(tried)
        return None, (*tried, *plan.rest)


def ready(rules: Sequence[Rule]) -> Rulebook:
    """Return those of *rules* that are enabled."""
    enabled = [each for each in rules if each.enabled]
    headers = tuple(dict.fromkeys(name.encode() for each in enabled for name in each.when.headers))
    timed = any(each.when.hours or each.when.days for each in enabled)
    return Rulebook(tuple(_ready(each, headers) for each in enabled), headers, timed)


def _ready(rule: Rule, headers: Sequence[bytes]) -> Ready:
    lasting = tuple((of, check, RuleTried(rule.name, why)) for of, check, why in _lasting(rule.when))
    fresh = tuple((of, check, RuleTried(rule.name, why)) for of, check, why in _fresh(rule.when, headers))
    return Ready(rule, lasting, fresh, RuleTried(rule.name))


def _planned(rules: Sequence[Ready], seen: Seen) -> Plan:
    steps: list[tuple[tuple[RuleTried, ...], Ready]] = []
    before: list[RuleTried] = []
    for each in rules:
        for of, check, failed in each.lasting:
            if not check(seen[of]):
                before.append(failed)
                break
        else:
            steps.append((tuple(before), each))
            before = []
            if not each.fresh:
                break
    return Plan(steps, tuple(before))


def _lasting(when: When) -> Iterator[tuple[int, Callable[[Any], Any], str]]:
    """Yield what *when* asks of what is ``Seen``; why it does not hold is said as the user would say it."""
    if when.types:
        yield TYPE, partial(contains, when.types), f"type is not {' or '.join(when.types)}"
    if when.model:
        yield MODEL, fitting(when.model), f"model is not {when.model}"
    if when.profile:
        yield PROFILE, partial(eq, when.profile), f"profile is not {when.profile}"
    if when.key:
        yield KEY, fitting(when.key), f"key is not {when.key}"
    if when.tools is not None:
        yield TOOLS, partial(eq, when.tools), "no tools" if when.tools else "has tools"
    if when.hours or when.days:
        said = " ".join(filter(None, (when.hours, ",".join(when.days))))
        yield MOMENT, partial(_in_time, *_span(when.hours), frozenset(map(_DAYS.index, when.days))), f"time is not {said}"


def _fresh(when: When, headers: Sequence[bytes]) -> Iterator[tuple[int, Callable[[Any], Any], str]]:
    """Yield what *when* asks of the rest, the body last: it is read only where all else holds."""
    if when.min_body is not None:
        yield SIZE, partial(le, when.min_body), f"body is smaller than {when.min_body}"
    if when.max_body is not None:
        yield SIZE, partial(ge, when.max_body), f"body is larger than {when.max_body}"
    for name, pattern in when.headers.items():
        yield HEADERS + headers.index(name.encode()), fitting(pattern), f"header {name} is not {pattern}"
    if when.reasoning is not None:
        yield FACTS, partial(_reasons, when.reasoning), "no reasoning" if when.reasoning else "asks for reasoning"
    if when.images is not None:
        yield FACTS, partial(_shows, when.images), "no images" if when.images else "has images"


def fitting(pattern: str) -> Callable[[str], Any]:
    """Return a faster ``kit.patterns.fits`` for *pattern*."""
    begin, star, end = pattern.partition("*")
    if not star:
        return partial(eq, pattern)
    if not end:
        return methodcaller("startswith", begin)
    if not begin and "*" not in end:
        return methodcaller("endswith", end)
    return re.compile(translate(pattern.replace("[", "[[]").replace("?", "[?]"))).match


def _span(hours: str) -> tuple[int, int]:
    """Return the first minute of the day and the one behind the last; all of it where *hours* says nothing."""
    if not hours:
        return 0, 24 * 60
    begin, end = (int(hour) * 60 + int(minute) for hour, minute in re.findall(r"(\d\d):(\d\d)", hours))
    return begin, end


def _in_time(begin: int, end: int, days: frozenset[int], moment: tuple[int, int]) -> bool:
    day, minute = moment
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
