"""Who of those that may be asked goes first. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from korproxy.contracts import RoutingStrategy
from korproxy.models.decisions import Able, RoutedCall


def ranked(
    strategy: RoutingStrategy | None, asked: RoutedCall, able: Sequence[Able], *, turn: int, seed: int, kept: str = ""
) -> tuple[Sequence[Able], str]:
    """Return *able* in the order of trying, and what was wrong with the strategy, if anything was.

    A strategy that fails, or that does not return each of them once, costs nobody a request: they stay as they are then.

    Args:
        strategy: None: they stay as they are.
        kept: Whoever this is, as ``provider/account``, goes first.
    """
    wrong = ""
    if strategy is not None and len(able) > 1:
        try:
            found = tuple(strategy.rank(asked, able, turn=turn, seed=seed))
            if len(found) == len(able) and set(found) == set(able):
                able = found
            else:
                wrong = "it did not return each of them once"
        except Exception as exc:  # noqa: BLE001 -- a plugin's, whatever it is
            wrong = type(exc).__name__
    if kept:
        able = sorted(able, key=lambda each: f"{each.provider}/{each.account}" != kept)
    return able, wrong
