"""The strategy ``round-robin``: each request begins with the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from korproxy.api import Able, RoutedCall, RoutingStrategy, hookimpl


@attrs.frozen
class RoundRobin:
    """Takes turns; see ``RoutingStrategy``."""

    name: str = "round-robin"

    def rank(self, call: RoutedCall, able: Sequence[Able], *, turn: int, seed: int) -> Sequence[Able]:
        """Return *able* from the one whose turn it is, and round."""
        del call, seed
        first = turn % len(able)
        return [*able[first:], *able[:first]]


@hookimpl
def korproxy_routing() -> Iterable[RoutingStrategy]:
    """Offer the strategy."""
    yield RoundRobin()
