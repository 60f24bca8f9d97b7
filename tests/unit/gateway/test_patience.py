from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.patience import LEAST, MOST, SELDOM, Announced, Patience, announcement

TIMES = st.floats(0, 1e6)


def test_somebody_who_returns_within_the_patience_is_waited_for() -> None:
    assert Patience(5.0).until(103.0, 100.0, inf) == 103.0


@pytest.mark.parametrize(
    ("returns_at", "deadline", "left"),
    [(106.0, inf, 5.0), (None, inf, 5.0), (103.0, 102.0, 5.0), (100.0, inf, 0.0)],
    ids=["too late", "never", "behind the deadline", "no patience"],
)
def test_nobody_else_is_waited_for(returns_at: float | None, deadline: float, left: float) -> None:
    assert Patience(left).until(returns_at, 100.0, deadline) is None


def test_what_was_waited_is_used_up() -> None:
    patience = Patience(5.0)
    patience.waited(3.0)

    assert [patience.until(at, 100.0, inf) for at in (101.5, 102.5)] == [101.5, None]


@given(st.floats(0, 60), st.lists(st.tuples(TIMES, TIMES), max_size=50))
def test_never_more_is_waited_than_there_is_patience_and_never_behind_the_deadline(
    left: float, asked: list[tuple[float, float]]
) -> None:
    patience, waited, now = Patience(left), 0.0, 0.0
    for returns_in, deadline in asked:
        until = patience.until(now + returns_in, now, now + deadline)
        if until is not None:
            assert now <= until < now + deadline
            patience.waited(until - now)
            waited, now = waited + until - now, until

    assert waited <= left + 1e-6


def test_waits_of_no_length_come_to_an_end() -> None:
    patience, waits = Patience(1.0), 0
    while patience.until(0.0, 100.0, inf) is not None:
        patience.waited(0.0)
        waits += 1

    assert waits <= 1.0 / LEAST + 1


@pytest.mark.parametrize(("seconds", "said"), [(0.0, 1), (0.2, 1), (1.0, 1), (2.01, 3)])
def test_the_words_name_whole_seconds(seconds: float, said: int) -> None:
    assert announcement(seconds) == f"Provider rate limited. Retrying in {said}s..."
    assert announcement(seconds, "spent") == f"Provider rate limited. Retrying in {said}s..."
    assert announcement(seconds, "erroring") == f"Provider failing. Retrying in {said}s..."


def test_a_wait_for_an_account_is_news_once_until_it_is_over() -> None:
    announced = Announced()

    assert announced.is_news("one", "a", until=13.0, now=10.0)
    assert not any(announced.is_news("one", "a", until=15.0, now=now) for now in (10.0, 11.0, 12.9))
    assert announced.is_news("one", "b", until=13.0, now=10.0)
    assert announced.is_news("one", "a", until=17.0, now=13.0)


def test_short_waits_that_follow_each_other_are_not_all_news() -> None:
    announced = Announced()
    news = sum(announced.is_news("one", "a", until=now / 10 + 0.1, now=now / 10) for now in range(100))

    assert news == round(10 / SELDOM)


def test_accounts_whose_waits_were_told_are_forgotten_in_the_end() -> None:
    announced = Announced()
    for number in range(MOST + 1):
        announced.is_news("one", str(number), until=2.0, now=0.0)

    assert announced.is_news("one", "0", until=2.0, now=0.0)
    assert not announced.is_news("one", str(MOST), until=2.0, now=0.0)
