from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import pytest

from korproxy.gateway.ranking import ranked
from korproxy.models.decisions import Able, RoutedCall
from tests.fakes.routed import Backwards

ABLE = tuple(Able(provider="p", account=each, model="m") for each in "abc")
ASKED = RoutedCall(model="m")


def accounts(able: Sequence[Able]) -> str:
    return "".join(each.account for each in able)


@attrs.frozen
class Doing:
    """A strategy that does something else."""

    what: Callable[[Sequence[Able]], Sequence[Able]]
    name: str = "doing"

    def rank(self, call: RoutedCall, able: Sequence[Able], *, turn: int, seed: int) -> Sequence[Able]:
        del call, turn, seed
        return self.what(able)


def test_a_strategy_is_given_the_request_and_whose_turn_it_is() -> None:
    strategy = Backwards()

    assert accounts(ranked(strategy, ASKED, ABLE, turn=3, seed=4)[0]) == "cba"
    assert strategy.asked == [(ASKED, ABLE, 3, 4)]


@pytest.mark.parametrize(
    "what",
    [
        lambda able: able[:2],
        lambda able: [*able, able[0]],
        lambda able: [able[0], able[0], able[1]],
        lambda able: [attrs.evolve(each, model="x") for each in able],
    ],
)
def test_a_strategy_that_loses_or_invents_somebody_counts_for_nothing(
    what: Callable[[Sequence[Able]], Sequence[Able]],
) -> None:
    assert ranked(Doing(what), ASKED, ABLE, turn=0, seed=0) == (ABLE, "it did not return each of them once")


def test_a_strategy_that_fails_costs_nobody_a_request() -> None:
    assert ranked(Doing(lambda able: [able[9]]), ASKED, ABLE, turn=0, seed=0) == (ABLE, "IndexError")
