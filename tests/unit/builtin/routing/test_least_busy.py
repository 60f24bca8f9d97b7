from __future__ import annotations

import attrs

from korproxy.builtin.routing.least_busy import LeastBusy
from tests.fakes.routed import firsts, in_order, some_able


def test_who_has_the_fewest_requests_is_first_and_those_that_wait_count() -> None:
    busy, waiting, idle = some_able("a", "b", "c")
    able = [attrs.evolve(busy, running=3), attrs.evolve(waiting, running=1, waiting=1), attrs.evolve(idle, running=1)]

    assert {in_order(LeastBusy(), able, turn=turn) for turn in range(5)} == {"cba"}


def test_those_that_have_as_many_take_turns() -> None:
    assert firsts(LeastBusy(), some_able("a", "b", "c"), turns=30) == {"a": 10, "b": 10, "c": 10}


def test_no_account_has_two_more_than_another_while_each_request_goes_to_the_first() -> None:
    running = dict.fromkeys("abc", 0)
    for turn in range(50):
        able = [attrs.evolve(each, running=running[each.account]) for each in some_able(*running)]
        running[in_order(LeastBusy(), able, turn=turn)[0]] += 1
        assert max(running.values()) - min(running.values()) <= 1
