from __future__ import annotations

from korproxy.builtin.routing.by_chance import ByChance
from tests.fakes.routed import firsts, in_order, some_able


def test_each_order_comes_up_and_each_is_first_about_as_often() -> None:
    able = some_able("a", "b", "c")

    assert {in_order(ByChance(), able, seed=seed) for seed in range(200)} == {"abc", "acb", "bac", "bca", "cab", "cba"}
    assert all(850 < count < 1150 for count in firsts(ByChance(), able, turns=3000).values())
