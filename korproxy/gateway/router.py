"""Keeps what decisions need besides the request: whose turn it is, which account a session has, chance and time."""

from __future__ import annotations

import random
from collections.abc import Callable

import attrs
import trio

from korproxy.gateway.content import Content
from korproxy.gateway.deciding import Heading, Route, Situation, heading, remembered, settle
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.routing import Candidate, Snapshot
from korproxy.gateway.sessions import Sessions, session_of
from korproxy.models.calls import Call
from korproxy.models.clock import wall_time
from korproxy.models.routing import RequestType

NOBODY: frozenset[str] = frozenset()
STICKY: frozenset[RequestType] = frozenset({"chat", "other"})  # the others have no prompt that is cached
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
    sessions: Sessions = attrs.field(factory=Sessions)
    load: Callable[[str, str], tuple[int, int]] = _idle
    chance: Callable[[], int] = lambda: random.getrandbits(64)
    clock: Callable[[], float] = trio.current_time
    wall: Callable[[], float] = wall_time
    _turns: dict[str, int] = attrs.field(factory=dict, init=False)

    def route(self, call: Call, snapshot: Snapshot, without: frozenset[str] = NOBODY) -> Route:
        """Return where *call* goes now; ``deciding.decide`` says what it raises.

        Args:
            without: See ``Situation``.
        """
        towards = remembered(call, snapshot) or heading(call, snapshot, self.wall())
        only = towards.only
        if only is not None and not without and (self.board.calm or self._nothing_against(only)):
            return only
        if len(towards.lead.ways) == 1:
            alone = Situation(now=self.clock(), standing=self.board.standing, load=self.load, without=without)
            return settle(call, snapshot, towards, alone)
        route = settle(call, snapshot, towards, self._situation(call, towards, without))
        if route.order and name_of(route.order[0]) != route.decision.kept:  # somebody was chosen
            self._count(towards.lead.group)
        return route

    def _nothing_against(self, only: Route) -> bool:
        way = only.order[0] if only.order else None
        return way is not None and not self.board.knows(way.provider.id, way.account.name, way.model)

    def foresee(self, call: Call, snapshot: Snapshot, without: frozenset[str] = NOBODY, session: str | None = None) -> Route:
        """Return where *call* would go now; as ``route``, but that nothing is counted for it.

        Args:
            session: What ``route`` found, where it was asked: to look for that takes milliseconds for a long body.
        """
        towards = heading(call, snapshot, self.wall())
        return settle(call, snapshot, towards, self._situation(call, towards, without, session))

    def answered(self, route: Route, candidate: Candidate) -> None:
        """Note that *candidate* answers the request that went by *route*: its session stays there."""
        made = route.decision
        if made.session:
            self.sessions.keep(made.session, made.model, name_of(candidate))

    def _situation(self, call: Call, towards: Heading, without: frozenset[str], session: str | None = None) -> Situation:
        session = self._session(call, towards) if session is None else session
        return Situation(
            now=self.clock(),
            standing=self.board.standing,
            load=self.load,
            turn=self._turns.get(towards.lead.group, 0),
            seed=self.chance(),
            session=session,
            kept=self.sessions.account(session, towards.lead.model) if session else "",
            without=without,
        )

    def _session(self, call: Call, towards: Heading) -> str:
        if towards.lead.type not in STICKY:
            return ""
        return session_of(call.headers, Content(call.body) if towards.facts is None else towards.facts.content)

    def _count(self, group: str) -> None:
        self._turns[group] = self._turns.pop(group, 0) + 1
        if len(self._turns) > GROUPS:
            del self._turns[next(iter(self._turns))]


def name_of(candidate: Candidate) -> str:
    """Return whose account *candidate* asks, as ``provider/account``."""
    return f"{candidate.provider.id}/{candidate.account.name}"
