"""The strategy ``priority``: the first of the group that can be asked is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from korproxy.api import Able, RoutedCall, RoutingStrategy, hookimpl


@attrs.frozen
class Priority:
    """Keeps the order in which the group counts its members up; see ``RoutingStrategy``."""

    name: str = "priority"

    def rank(self, call: RoutedCall, able: Sequence[Able], *, turn: int, seed: int) -> Sequence[Able]:
        """Return *able* as it is."""
        del call, turn, seed
        return able


@hookimpl
def korproxy_routing() -> Iterable[RoutingStrategy]:
    """Offer the strategy."""
    yield Priority()
