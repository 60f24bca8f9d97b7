from __future__ import annotations

from collections import Counter
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.routing.weighted import Weighted
from tests.fakes.routed import firsts, in_order, some_able


@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(0, 5))
def test_of_as_many_turns_as_the_weights_sum_up_to_each_is_first_as_often_as_it_weighs(weights: list[int], rounds: int) -> None:
    names = "abcdef"[: len(weights)]
    found = firsts(Weighted(), some_able(*names, weights=weights), turns=sum(weights), since=rounds * sum(weights))

    assert found == dict(zip(names, weights, strict=True))


def test_the_turns_of_one_are_spread_over_those_of_the_others() -> None:
    able = some_able("a", "b", weights=[50, 50])
    order = [in_order(Weighted(), able, turn=turn)[0] for turn in range(100)]

    assert max(len(list(run)) for _, run in groupby(order)) <= 2


def test_who_follows_is_drawn_by_weight_too() -> None:
    able = some_able("a", "b", "c", weights=[100, 30, 10])
    seconds = Counter(order[1] for seed in range(4000) if (order := in_order(Weighted(), able, seed=seed * 977))[0] == "a")

    assert 2.5 < seconds["b"] / seconds["c"] < 3.6


def test_who_weighs_nothing_comes_last() -> None:
    able = some_able("z", "a", "y", "b", weights=[0, 3, 0, 2])
    orders = {in_order(Weighted(), able, turn=turn) for turn in range(5)}

    assert orders == {"abzy", "bazy"}
    assert in_order(Weighted(), some_able("z", "y", weights=[0, 0])) == "zy"
