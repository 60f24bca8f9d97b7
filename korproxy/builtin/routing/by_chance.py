"""The strategy ``random``: whoever chance says, each as likely as the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

import attrs

from korproxy.api import Able, RoutedCall, RoutingStrategy, hookimpl


@attrs.frozen
class ByChance:
    """Draws lots; see ``RoutingStrategy``."""

    name: str = "random"

    def rank(self, call: RoutedCall, able: Sequence[Able], *, turn: int, seed: int) -> Sequence[Able]:
        """Return *able* in the order that *seed* says."""
        del call, turn
        return Random(seed).sample(able, len(able))  # noqa: S311 -- it spreads load, and hides nothing


@hookimpl
def korproxy_routing() -> Iterable[RoutingStrategy]:
    """Offer the strategy."""
    yield ByChance()
