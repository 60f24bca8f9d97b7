"""The strategy ``weighted``: each gets as much of the whole as its weight says.

Not by chance: of as many turns as the weights sum up to, each is first exactly as often as it weighs. Who follows if the first
one fails is drawn by weight, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd

import attrs

from korproxy.api import Able, RoutedCall, RoutingStrategy, hookimpl

_GOLDEN = 0.618  # steps of about this part of a circle spread best, however many there are


@attrs.frozen
class Weighted:
    """Shares out by weight; see ``RoutingStrategy``. Who weighs nothing comes behind all others."""

    name: str = "weighted"

    def rank(self, call: RoutedCall, able: Sequence[Able], *, turn: int, seed: int) -> Sequence[Able]:
        """Return *able*, the first one by *turn*, those behind it by *seed*."""
        del call
        left, order = [each for each in able if each.weight > 0], [each for each in able if each.weight <= 0]
        total = sum(each.weight for each in left)
        place = turn * _stride(total) % total if total else 0
        drawn: list[Able] = []
        while left:
            drawn.append(left.pop(_at(place, left)))
            seed, place = divmod(seed, sum(each.weight for each in left) or 1)
        return drawn + order


def _at(place: int, able: Sequence[Able]) -> int:
    """Return the number of who has *place*, where each has as many places as it weighs."""
    for number, each in enumerate(able):
        place -= each.weight
        if place < 0:
            return number
    raise IndexError("there are not so many places")


def _stride(total: int) -> int:
    """Return a step that comes by all of *total* places before it comes by one again, and near to none twice in a row."""
    step = max(1, round(total * _GOLDEN))
    while gcd(step, total) != 1:
        step += 1
    return step


@hookimpl
def korproxy_routing() -> Iterable[RoutingStrategy]:
    """Offer the strategy."""
    yield Weighted()
