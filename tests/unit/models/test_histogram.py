from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from math import ceil, inf, log

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.models.histogram import BOUNDS, LONGEST, SHORTEST, Histogram, middle, steps_of, upper_bound

DURATIONS = st.floats(min_value=0, max_value=10_000) | st.sampled_from(BOUNDS)
MANY = st.lists(DURATIONS, max_size=50)
NEAR = 1 / 128  # how far off a percentile may be

DISTRIBUTIONS: dict[str, Callable[[random.Random], float]] = {  # all in seconds, as requests may take
    "uniform": lambda of: 0.2 + 10 * of.random(),
    "exponential": lambda of: -2 * log(1 - of.random()),
    "lognormal": lambda of: 0.8 * 2.718281828 ** of.gauss(0, 1.2),
    "two humps": lambda of: 0.004 + 0.002 * of.random() if of.random() < 0.7 else 20 + 9 * of.random(),
    "pareto": lambda of: 0.05 * (1 - of.random()) ** -0.8,
}


def exact(ordered: Sequence[float], percent: int) -> float:
    """Return the percentile by the nearest rank."""
    return ordered[ceil(len(ordered) * percent / 100) - 1]


def errors(distribution: str, count: int) -> dict[int, float]:
    """Return how far off each percentile is, as a part of the exact one."""
    of, draw = random.Random(7), DISTRIBUTIONS[distribution]
    durations = [draw(of) for _ in range(count)]
    histogram = Histogram.of(durations)
    durations.sort()
    assert histogram.count == count
    return {at: abs((histogram.percentile(at) or 0) / exact(durations, at) - 1) for at in (1, 25, 50, 75, 90, 99)}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_percentiles_are_right_within_one_percent(distribution: str) -> None:
    assert {at: error for at, error in errors(distribution, 20_000).items() if error > NEAR} == {}


@pytest.mark.slow
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_percentiles_of_a_million_are_right_within_one_percent(distribution: str) -> None:
    assert {at: error for at, error in errors(distribution, 1_000_000).items() if error > NEAR} == {}


@given(st.lists(st.floats(min_value=1e-6, max_value=8000), min_size=1, max_size=40), st.integers(1, 100))
def test_a_percentile_is_near_the_exact_one_however_few_there_are(durations: list[float], percent: int) -> None:
    found = Histogram.of(durations).percentile(percent)

    wanted = exact(sorted(durations), percent)
    assert found is not None
    assert abs(found - wanted) <= wanted * NEAR


def test_of_nothing_there_is_no_percentile() -> None:
    assert (Histogram().percentile(50), Histogram().count, Histogram().sum) == (None, 0, 0.0)


@given(st.floats(min_value=1e-6, max_value=8388))
@example(0.001)
@example(0.0010000000000000002)
@example(0.002)
def test_a_duration_is_in_the_step_that_has_it(seconds: float) -> None:
    (step,) = steps_of([seconds])

    assert upper_bound(step - 1) * 1000 < seconds * 1000 <= upper_bound(step) * 1000
    assert abs(middle(step) - seconds) <= seconds * NEAR


@given(st.lists(DURATIONS | st.floats()))
def test_many_are_counted_as_one_by_one(durations: list[float]) -> None:
    one_by_one = Counter(step for each in durations for step in steps_of([each]))

    assert steps_of(durations) == one_by_one


@pytest.mark.parametrize("seconds", [-5.0, -inf, -0.0, 0.0, 5e-324, 1e-7])
def test_what_is_shorter_than_any_counts_as_the_shortest(seconds: float) -> None:
    assert steps_of([seconds]) == {SHORTEST: 1}


@pytest.mark.parametrize("seconds", [8388.7, 1e300, inf])
def test_what_is_longer_than_any_counts_as_the_longest(seconds: float) -> None:
    assert steps_of([seconds]) == {LONGEST: 1}


@given(MANY)
def test_the_buckets_of_prometheus_are_exact(durations: list[float]) -> None:
    assert Histogram.of(durations).within() == {bound: sum(each <= bound for each in durations) for bound in BOUNDS}


@given(MANY, MANY, MANY)
def test_the_order_in_which_parts_are_added_does_not_matter(one: list[float], two: list[float], three: list[float]) -> None:
    whole = Histogram.of(three)
    whole.merge(Histogram.of(one))
    whole.merge(Histogram.of(two))

    last = Histogram.of(two)
    last.merge(Histogram.of(three))
    other = Histogram.of(one)
    other.merge(last)
    assert other == whole
    assert other.sum == pytest.approx(sum([*one, *two, *three]), abs=2e-6)


@given(MANY)
def test_what_was_written_is_read_again(durations: list[float]) -> None:
    histogram = Histogram.of(durations)

    assert Histogram.from_bytes(histogram.to_bytes()) == histogram


def test_what_is_no_histogram_is_not_read_as_one() -> None:
    for coded in (b"", b"\xc0", b"\x92\xc0\x80", Histogram.of([1.0]).to_bytes()[:-1]):
        with pytest.raises(ValueError, match=r".+"):
            Histogram.from_bytes(coded)
