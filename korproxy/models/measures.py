"""What is counted of requests: how many, how they ended, what they cost, how long they took. No content. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import attrs

from korproxy.models.histogram import Histogram
from korproxy.models.outcome import NO_USAGE, Finished

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
MINUTES_KEPT = 25 * HOUR  # older ones are added up to hours: a day, and one to do so
OTHERS = "(others)"  # in place of a name, once there are too many of them
MOST_SERIES = 500  # of one daemon; more are counted together, whoever chooses models' names
MOST_IN_LABEL = 100  # characters
MOST_TOKENS = 10**9  # of one request


class SeriesKey(NamedTuple):
    """What is counted apart. A name that is not known is empty.

    ``model`` is the provider's name of it; empty where nobody was asked, so that no caller can fill the store with names.
    """

    provider: str
    model: str
    profile: str
    type: str
    outcome: str
    code: str


def key_of(event: Finished) -> SeriesKey:
    """Return where *event* is counted."""
    model = (event.upstream_model or "")[:MOST_IN_LABEL]
    return SeriesKey(
        event.provider or "",
        model.encode(errors="replace").decode().replace("\0", "?"),  # no database takes half a pair, and not each a NUL
        event.profile,
        event.type,
        event.outcome,
        event.code or "",
    )


def count(events: Iterable[Finished]) -> dict[tuple[int, SeriesKey], Totals]:
    """Return what *events* come to, by the beginning of their minute (seconds since the epoch) and where they are counted.

    All at once, for it is done with every request: most of a batch is alike, and then each costs a microsecond.
    """
    alike: dict[tuple[Any, ...], list[Finished]] = {}
    for each in events:
        where = (each.at // MINUTE, each.provider, each.upstream_model, each.profile, each.type, each.outcome, each.code)
        group = alike.get(where)
        if group is None:
            alike[where] = [each]
        else:
            group.append(each)
    counted: dict[tuple[int, SeriesKey], Totals] = {}
    for where, group in alike.items():
        at = int(where[0]) * MINUTE, key_of(group[0])
        if at in counted:  # names that differ behind what is kept of them
            counted[at].merge(Totals.of(group))
        else:
            counted[at] = Totals.of(group)
    return counted


def beginning(since: float, now: float, days: int) -> int:
    """Return from when on what happened *since* can be told: since its minute; since its hour where minutes are no longer kept.

    Args:
        since, now: Seconds since the epoch.
        days: For how many anything is kept.
    """
    since = max(since, now - days * DAY)
    unit = MINUTE if since > now - MINUTES_KEPT + HOUR / 2 else HOUR
    return int(since) // unit * unit


def among_others(key: SeriesKey) -> SeriesKey:
    """Return where *key* is counted once there are ``MOST_SERIES``: the few values of the rest are kept."""
    return key._replace(model=OTHERS if key.model else "", profile=OTHERS if key.profile else "")


def bounded(
    counted: Iterable[tuple[SeriesKey, Totals]], renamed: Callable[[str], str], most: int = MOST_SERIES
) -> dict[SeriesKey, Totals]:
    """Return *counted* with each key once, and few of them.

    Args:
        renamed: What becomes of each name of a provider, model, profile or type.
        most: Keys that keep their names, the first ones; further ones are counted among others.
    """
    names: dict[str, str] = {"": ""}
    found: dict[SeriesKey, Totals] = {}
    for key, totals in counted:
        for each in key[:4]:
            if each not in names:
                names[each] = renamed(each)
        provider, model, profile, kind = [names[each] for each in key[:4]]
        safe = SeriesKey(provider, model, profile, kind, key.outcome, key.code)
        if safe not in found and len(found) >= most:
            safe = among_others(safe)
        found.setdefault(safe, Totals()).merge(totals)
    return found


@attrs.define
class Totals:
    """What was counted of one series, or of many together.

    Attributes:
        tokens_in, cache_read, cache_write, tokens_out, reasoning: As in ``Usage``; what nobody said is not in them.
        bytes_in, bytes_out: Of the client's requests and of what went back.
        seconds, first_byte: How long they took; see ``Finished``.
    """

    requests: int = 0
    attempts: int = 0
    tokens_in: int = 0
    cache_read: int = 0
    cache_write: int = 0
    tokens_out: int = 0
    reasoning: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    seconds: Histogram = attrs.field(factory=Histogram)
    first_byte: Histogram = attrs.field(factory=Histogram)

    @classmethod
    def of(cls, events: Sequence[Finished]) -> Totals:
        """Return what *events* come to."""
        told = [each.usage for each in events if each.usage is not NO_USAGE]
        return cls(
            len(events),
            sum([each.attempts for each in events]),
            _tokens([each.tokens_in or 0 for each in told]),
            _tokens([each.cache_read or 0 for each in told]),
            _tokens([each.cache_write or 0 for each in told]),
            _tokens([each.tokens_out or 0 for each in told]),
            _tokens([each.reasoning or 0 for each in told]),
            sum([each.bytes_in for each in events]),
            sum([each.bytes_out for each in events]),
            Histogram.of([each.seconds for each in events]),
            Histogram.of([each.first_byte for each in events if each.first_byte is not None]),
        )

    def merge(self, other: Totals) -> None:
        """Count all of *other*, too."""
        for name in COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seconds.merge(other.seconds)
        self.first_byte.merge(other.first_byte)


COUNTERS = tuple(field.name for field in attrs.fields(Totals) if str(field.type) == "int")


def _tokens(counts: Sequence[int]) -> int:
    """Return what *counts* add up to; a provider may say any number, and it must fit into every column."""
    total = sum(counts)
    return total if 0 <= total <= MOST_TOKENS else sum([min(max(each, 0), MOST_TOKENS) for each in counts])
