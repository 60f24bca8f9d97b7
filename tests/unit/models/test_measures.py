from __future__ import annotations

import random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.histogram import Histogram
from korproxy.models.measures import (
    HOUR,
    MINUTE,
    MOST_IN_LABEL,
    MOST_TOKENS,
    OTHERS,
    SeriesKey,
    Totals,
    beginning,
    bounded,
    count,
    key_of,
)
from korproxy.models.outcome import NO_USAGE, Finished, Usage
from tests.fakes.finished import finished as ended

NOW = 1_800_000_000.0
KEY = SeriesKey("claude", "opus", "day", "chat", "ok", "")
TOKENS = st.none() | st.integers(0, 10**7)


def finished(**changes: object) -> Finished:
    told = {"at": NOW, "seconds": 1.0, "provider": "claude", "upstream_model": "opus", "profile": "day", "type": "chat"}
    return ended(1, **{**told, "attempts": 1, **changes})


EVENTS = st.lists(
    st.builds(
        finished,
        at=st.floats(NOW, NOW + 300),
        provider=st.sampled_from([None, "claude"]),
        upstream_model=st.sampled_from([None, "opus", "x" * 150 + "1", "x" * 150 + "2"]),
        outcome=st.sampled_from(["ok", "failed"]),
        code=st.sampled_from([None, "KP-PROV-101"]),
        seconds=st.floats(0, 9000),
        first_byte=st.none() | st.floats(0, 9000),
        attempts=st.integers(0, 5),
        bytes_in=st.integers(0, 10**9),
        bytes_out=st.integers(0, 10**9),
        usage=st.just(NO_USAGE) | st.builds(Usage, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS),
    ),
    max_size=30,
)


def test_all_of_a_request_is_counted() -> None:
    event = finished(attempts=2, first_byte=0.25, bytes_in=10, bytes_out=20, usage=Usage(1, 2, 3, 4, 5))

    assert count([event]) == {
        (int(NOW) // 60 * 60, KEY): Totals(
            requests=1,
            attempts=2,
            tokens_in=1,
            cache_read=2,
            cache_write=3,
            tokens_out=4,
            reasoning=5,
            bytes_in=10,
            bytes_out=20,
            seconds=Histogram.of([1.0]),
            first_byte=Histogram.of([0.25]),
        )
    }


def test_what_nobody_said_is_not_counted() -> None:
    counted = count([finished(usage=Usage(7, None, None, None, None)), finished(usage=NO_USAGE)])

    assert [(each.tokens_in, each.tokens_out, each.first_byte.count) for each in counted.values()] == [(7, 0, 0)]


@pytest.mark.parametrize(("said", "counted"), [(10**30, MOST_TOKENS + 5), (-(10**30), 5)])
def test_a_provider_that_says_nonsense_does_not_break_the_books(said: int, counted: int) -> None:
    events = [finished(usage=Usage(said)), finished(usage=Usage(5))]

    assert [each.tokens_in for each in count(events).values()] == [counted]


def test_a_name_that_no_database_takes_is_changed() -> None:
    assert key_of(finished(upstream_model="a\0b\ud800c")).model == "a?b?c"


def test_each_minute_is_counted_by_itself() -> None:
    minute = NOW // MINUTE * MINUTE
    counted = count([finished(at=minute), finished(at=minute + 59.999), finished(at=minute + 60)])

    assert {at: each.requests for (at, _), each in counted.items()} == {int(minute): 2, int(minute) + 60: 1}


@given(EVENTS)
def test_a_batch_comes_to_the_same_as_its_requests_one_by_one(events: list[Finished]) -> None:
    one_by_one: dict[tuple[int, SeriesKey], Totals] = {}
    for event in events:
        at = int(event.at) // MINUTE * MINUTE, key_of(event)
        one_by_one.setdefault(at, Totals()).merge(Totals.of([event]))

    together = count(events)

    assert {at: attrs.evolve(each, seconds=Histogram(), first_byte=Histogram()) for at, each in together.items()} == {
        at: attrs.evolve(each, seconds=Histogram(), first_byte=Histogram()) for at, each in one_by_one.items()
    }
    assert {at: (each.seconds.counts, each.first_byte.counts) for at, each in together.items()} == {
        at: (each.seconds.counts, each.first_byte.counts) for at, each in one_by_one.items()
    }


def test_a_name_that_is_too_long_is_cut_and_one_that_is_not_known_is_empty() -> None:
    assert key_of(finished(upstream_model="x" * 1000)).model == "x" * MOST_IN_LABEL
    assert key_of(finished(provider=None, upstream_model=None, profile="", type="", outcome="failed", code="KP-RATE-402")) == (
        SeriesKey("", "", "", "", "failed", "KP-RATE-402")
    )


def test_names_beyond_so_many_are_counted_among_others_and_nothing_is_lost() -> None:
    names = [KEY._replace(model=f"m{number}", outcome=outcome) for number in range(50) for outcome in ("ok", "failed")]

    found = bounded([(key, Totals(1)) for key in names], str, most=10)

    kept = dict.fromkeys(names[:10], 1)
    others = KEY._replace(model=OTHERS, profile=OTHERS)
    assert {key: each.requests for key, each in found.items()} == {**kept, others: 45, others._replace(outcome="failed"): 45}


def test_what_has_the_same_name_once_it_is_redacted_is_one() -> None:
    rows = [(KEY._replace(model="sk-1"), Totals(1)), (KEY._replace(model="sk-2"), Totals(2)), (KEY, Totals(4))]

    found = bounded(rows, lambda name: "***" if name.startswith("sk-") else name)

    assert {key.model: each.requests for key, each in found.items()} == {"***": 3, "opus": 4}


def test_what_was_counted_is_not_changed_by_who_adds_it_up() -> None:
    row = KEY, Totals(1, seconds=Histogram.of([1.0]))

    bounded([row, row], str)

    assert row == (KEY, Totals(1, seconds=Histogram.of([1.0])))


@pytest.mark.parametrize(
    ("ago", "unit"),
    [(30, MINUTE), (24 * HOUR, MINUTE), (24.4 * HOUR, MINUTE), (25 * HOUR, HOUR), (7 * 24 * HOUR, HOUR)],
)
def test_what_happened_since_a_day_ago_is_told_by_the_minute_and_before_by_the_hour(ago: float, unit: int) -> None:
    since = NOW - ago - random.Random(1).random()

    begin = beginning(since, NOW, 30)

    assert (begin % unit, 0 <= since - begin < unit) == (0, True)


def test_what_is_not_kept_any_more_is_not_told() -> None:
    assert beginning(0, NOW, 7) == (NOW - 7 * 24 * HOUR) // HOUR * HOUR
