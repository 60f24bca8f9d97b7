"""Laws for every strategy: it returns each of them once, always the same for the same, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import hookimpl
from korproxy.contracts import RoutingStrategy
from korproxy.models.decisions import Able, RoutedCall
from korproxy.plugins.checks import items_of
from tests.fakes import offered

STRATEGIES = offered.strategies()
NAMES = sorted(STRATEGIES)
COUNTS = st.integers(0, 70)
WAYS = st.builds(
    Able,
    provider=st.sampled_from(["one", "two", "three"]),
    account=st.sampled_from(["a", "b", "c", "d"]),
    model=st.just("m"),
    weight=st.integers(0, 20) | st.integers(0, 2**40),
    running=COUNTS,
    waiting=COUNTS,
    failures=COUNTS,
)
ABLE = st.lists(WAYS, min_size=1, max_size=8, unique_by=lambda each: (each.provider, each.account)).map(tuple)
CALLS = st.builds(RoutedCall, type=st.sampled_from(["chat", "other"]), key_name=st.text(max_size=3), size=COUNTS)
TURNS, SEEDS = st.integers(0, 2**50), st.integers(0, 2**64 - 1)


def test_the_five_are_there() -> None:
    assert NAMES == ["least-busy", "priority", "random", "round-robin", "weighted"]


@pytest.mark.parametrize("name", NAMES)
@given(call=CALLS, able=ABLE, turn=TURNS, seed=SEEDS)
def test_each_is_returned_once_and_the_same_gives_the_same(
    name: str, call: RoutedCall, able: Sequence[Able], turn: int, seed: int
) -> None:
    strategy, before = STRATEGIES[name], list(able)
    ranked = list(strategy.rank(call, able, turn=turn, seed=seed))

    assert sorted(map(repr, ranked)) == sorted(map(repr, able))
    assert list(another(name).rank(call, list(before), turn=turn, seed=seed)) == ranked
    assert list(able) == before


def another(name: str) -> RoutingStrategy:
    """Return a strategy that nobody has asked yet: what one returns must not hang on what it was asked before."""
    return type(STRATEGIES[name])()


def test_the_strategy_that_the_page_of_hooks_shows_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
    shown = next(block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "class Steady" in block)
    made: dict[str, Any] = {"attrs": attrs, "hookimpl": hookimpl, "__name__": "shown"}
    exec(shown, made)
    (offer,) = items_of("korproxy_routing", made["korproxy_routing"]())
    able = [Able(provider="p", account=name, model="m", failures=failures) for name, failures in (("a", 2), ("b", 0))]

    ranked = cast("RoutingStrategy", offer).rank(RoutedCall(), able, turn=0, seed=0)
    assert [each.account for each in ranked] == ["b", "a"]


@pytest.mark.parametrize("name", NAMES)
@given(able=ABLE, turn=TURNS, seed=SEEDS)
def test_what_the_request_is_changes_nothing(name: str, able: Sequence[Able], turn: int, seed: int) -> None:
    calls = [RoutedCall(), RoutedCall(type="other", model="x", profile="p", key_name="k", size=9)]
    ranked = [list(STRATEGIES[name].rank(each, able, turn=turn, seed=seed)) for each in calls]

    assert ranked[0] == ranked[1]
