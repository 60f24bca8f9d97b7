"""The strategy ``least-busy``: whoever has the fewest requests now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from korproxy.api import Able, RoutedCall, RoutingStrategy, hookimpl


@attrs.frozen
class LeastBusy:
    """Evens out what runs; see ``RoutingStrategy``. Those that have as many take turns: no account gets all that is short."""

    name: str = "least-busy"

    def rank(self, call: RoutedCall, able: Sequence[Able], *, turn: int, seed: int) -> Sequence[Able]:
        """Return *able*, those with the fewest requests that run or wait first."""
        del call, seed
        first = turn % len(able)
        return sorted([*able[first:], *able[:first]], key=lambda each: each.running + each.waiting)


@hookimpl
def korproxy_routing() -> Iterable[RoutingStrategy]:
    """Offer the strategy."""
    yield LeastBusy()
