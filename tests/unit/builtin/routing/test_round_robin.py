from __future__ import annotations

from korproxy.builtin.routing.round_robin import RoundRobin
from tests.fakes.routed import firsts, in_order, some_able


def test_they_take_turns_and_the_next_ones_follow() -> None:
    able = some_able("a", "b", "c")

    assert [in_order(RoundRobin(), able, turn=turn) for turn in range(4)] == ["abc", "bca", "cab", "abc"]


def test_in_the_long_run_each_is_first_as_often() -> None:
    assert firsts(RoundRobin(), some_able("a", "b", "c"), turns=300) == {"a": 100, "b": 100, "c": 100}
