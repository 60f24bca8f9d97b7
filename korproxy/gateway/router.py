"""Keeps what decisions need besides the request: whose turn it is, which account a session has, chance and time."""

from __future__ import annotations

import random
from collections.abc import Callable

import attrs
import trio

from korproxy.gateway.deciding import Route, Situation, heading, remembered, settle
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.leading import Lead
from korproxy.gateway.routing import Snapshot
from korproxy.models.calls import Call
from korproxy.models.clock import wall_time

NOBODY: frozenset[str] = frozenset()
GROUPS = 1000  # of which the turns are counted: reloads may bring ever new names


def _idle(provider: str, account: str) -> tuple[int, int]:
    del provider, account
    return 0, 0


@attrs.define(kw_only=True)
class Router:
    """Decides where requests go. There is one, and it outlives reloads.

    Attributes:
        load: How many requests run at an account of a provider, and how many wait.
        chance: Gives 64 random bits.
    """

    board: HealthBoard = attrs.field(factory=HealthBoard)
    load: Callable[[str, str], tuple[int, int]] = _idle
    chance: Callable[[], int] = lambda: random.getrandbits(64)
    clock: Callable[[], float] = trio.current_time
    wall: Callable[[], float] = wall_time
    _turns: dict[str, int] = attrs.field(factory=dict, init=False)

    def route(self, call: Call, snapshot: Snapshot, without: frozenset[str] = NOBODY) -> Route:
        """Return where *call* goes now; see ``deciding.decide``.

        Args:
            without: See ``Situation``.
        """
        towards = remembered(call, snapshot) or heading(call, snapshot, self.wall())
        if towards.only is not None and self.board.calm and not without:
            return towards.only
        return settle(call, snapshot, towards, self._situation(towards.lead, without))

    def foresee(self, call: Call, snapshot: Snapshot, without: frozenset[str] = NOBODY) -> Route:
        """Return where *call* would go now. Nothing is counted or remembered for it."""
        towards = heading(call, snapshot, self.wall())
        return settle(call, snapshot, towards, self._situation(towards.lead, without, counts=False))

    def _situation(self, led: Lead, without: frozenset[str], *, counts: bool = True) -> Situation:
        several = len(led.ways) > 1
        return Situation(
            now=self.clock(),
            wall=self.wall(),
            standing=self.board.standing,
            load=self.load,
            turn=self._turn(led.group, counts=counts) if several else 0,
            seed=self.chance() if several else 0,
            without=without,
        )

    def _turn(self, group: str, *, counts: bool) -> int:
        """Return how many requests *group* has had, and count this one."""
        if not counts:
            return self._turns.get(group, 0)
        turn = self._turns.pop(group, 0)
        self._turns[group] = turn + 1
        if len(self._turns) > GROUPS:
            del self._turns[next(iter(self._turns))]
        return turn
