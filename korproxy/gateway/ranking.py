"""Who of those that may be asked goes first, as a plugin says. Pure, as far as the plugin is."""

from __future__ import annotations

from collections.abc import Sequence

from korproxy.contracts import RoutingStrategy
from korproxy.models.decisions import Able, RoutedCall


def ranked(
    strategy: RoutingStrategy, asked: RoutedCall, able: Sequence[Able], *, turn: int, seed: int
) -> tuple[Sequence[Able], str]:
    """Return *able* in the order of trying, and what was wrong with *strategy*, if anything was.

    A strategy that fails, or that does not return each of them once, costs nobody a request: they stay as they are then.
    """
    try:
        found = tuple(strategy.rank(asked, able, turn=turn, seed=seed))
        if len(found) == len(able) and set(found) == set(able):
            return found, ""
    except Exception as exc:  # noqa: BLE001 -- a plugin's, whatever it is
        return able, type(exc).__name__
    return able, "it did not return each of them once"
