"""How long somebody who failed is left alone: it grows, it is bounded, and a provider's own wish counts."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.backoff import CAP, MOST, delay, wait

ANY = st.floats(allow_nan=True, allow_infinity=True)
ATTEMPTS = st.integers() | st.integers(0, 8)


def test_the_wait_doubles_up_to_a_minute() -> None:
    assert [delay(attempt, 0) for attempt in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_chance_adds_up_to_a_second_but_nothing_to_the_longest_wait() -> None:
    assert (delay(0, 0.25), delay(3, 1), delay(5, 0.5), delay(6, 1)) == (1.25, 9, 32.5, 60)


@pytest.mark.parametrize(("jitter", "taken"), [(-5, 0), (7, 1), (nan, 0), (inf, 1), (-inf, 0)])
def test_chance_beyond_its_second_is_cut(jitter: float, taken: float) -> None:
    assert delay(2, jitter) == 4 + taken


def test_a_provider_may_ask_for_more_but_not_for_less_nor_for_hours() -> None:
    assert wait(1, 0, 20) == 20
    assert wait(3, 0, 2) == 8
    assert wait(0, 0.5) == 1.5
    assert wait(0, 0, 7200) == CAP == 1800


@given(ATTEMPTS, ANY, st.none() | ANY)
def test_whatever_goes_in_a_wait_between_a_second_and_half_an_hour_comes_out(
    attempt: int, jitter: float, retry_after: float | None
) -> None:
    assert 1 <= delay(attempt, jitter) <= MOST
    assert delay(attempt, jitter) <= wait(attempt, jitter, retry_after) <= CAP


@given(ATTEMPTS, st.integers(0, 10**30), st.floats(0, 1), st.floats(0, 1), st.none() | ANY)
def test_a_later_attempt_never_waits_less_than_an_earlier_one_with_the_same_chance(
    attempt: int, more: int, jitter: float, other: float, retry_after: float | None
) -> None:
    assert delay(attempt, jitter) <= delay(attempt + more, jitter)
    assert wait(attempt, jitter, retry_after) <= wait(attempt + more, jitter, retry_after)
    assert delay(attempt, min(jitter, other)) <= delay(attempt, max(jitter, other))


@given(st.integers(0, 20), st.floats(0, 1), st.floats(0, 1))
def test_from_attempt_to_attempt_it_grows_whatever_chance_adds(attempt: int, jitter: float, other: float) -> None:
    assert delay(attempt + 1, jitter) >= min(delay(attempt, other), MOST)


@given(st.integers(0, 20), st.floats(0, 1), st.floats(0, CAP), st.floats(0, CAP))
def test_who_asks_for_more_time_gets_no_less(attempt: int, jitter: float, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert wait(attempt, jitter, less) <= wait(attempt, jitter, more)
    assert wait(attempt, jitter, more) >= more
