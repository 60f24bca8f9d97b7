"""From a call to an open answer: who is asked, and what follows from how that ends."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import trio

from korproxy.errors.exceptions import KorproxyError
from korproxy.gateway.asking import Asker, LateError
from korproxy.gateway.budget import RetryBudget
from korproxy.gateway.deciding import Route
from korproxy.gateway.journey import Came, Journey, Meanwhile
from korproxy.gateway.keeping import (
    Keeping,
    at_account,
    by_origin,
    first_choice,
    forget,
    keeper_of,
    watching,
)
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.patience import MAX_WAIT
from korproxy.gateway.relay import Relay
from korproxy.gateway.router import Router
from korproxy.gateway.routing import Candidate
from korproxy.gateway.why import Stories
from korproxy.models.calls import Call
from korproxy.models.decisions import Decision, Way


@attrs.define(slots=False)  # see ``Asker``
class Gate(Asker):
    """Decides where a call goes, and opens the answer. One for each generation of the configuration; *lasting* is for all.

    Attributes:
        max_wait: Seconds that a request may wait in all for an account that rests.
    """

    max_wait: float = MAX_WAIT
    router: Router = attrs.field(init=False)
    stories: Stories = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.router, self.stories = self.lasting.router, self.lasting.stories

    @property
    def budget(self) -> RetryBudget:
        """See ``Lasting``."""
        return self.lasting.budget

    def route(self, call: Call) -> Route:
        """Return who may answer *call* now, in order, each in the form it asks for; ``deciding.decide`` says what it raises."""
        if call.account is not None:
            return self._to_account(call)
        route = self.router.route(call, self.snapshot)
        return self._adapted(route, call) if call.peek.previous or self.learnt.anything else route

    def foresee(self, call: Call, session: str | None = None) -> Route:
        """Return what ``route`` would; but it is only a look, and nothing is counted for it. *session*: see ``Router``."""
        return self._adapted(self.router.foresee(call, self.snapshot, session=session), call)

    def _to_account(self, call: Call) -> Route:
        peek, order = call.peek, at_account(call, self.snapshot)
        profile = self.snapshot.routing.profile
        decision = Decision(type="other", profile=profile, wanted=peek.model, model=peek.model, order=_ways(order))
        return Route(decision=decision, order=order)

    def _adapted(self, route: Route, call: Call) -> Route:
        """Return *route* with whoever has the answer that *call* goes on from in front, all of them as they have asked for."""
        order = route.order
        if call.peek.previous:
            keeper = keeper_of(self.snapshot.dialects.get(call.dialect))
            order = by_origin(order, first_choice(call, keeper, self.kept, trio.current_time()))
        order = tuple(self.learnt.applied(each, call) for each in order)
        if order == route.order:
            return route
        return Route(decision=attrs.evolve(route.decision, order=_ways(order)), order=order)

    def keeping(self, call: Call, relay: Relay) -> Keeping | None:
        """Return what wants to see the answer to *call* that *relay* has, and keeps it; None where it is not to be kept.

        Where the answer is that an earlier one is deleted, that is forgotten.
        """
        if call.account is None:
            if not call.peek.keeps:
                return None
        else:
            forget(call, relay.status, self.kept)
        keeper = keeper_of(self.snapshot.dialects.get(call.dialect))
        if keeper is None or relay.code is not None:
            return None
        now = trio.current_time()
        return watching(call, keeper, self.kept, relay.candidate, is_stream=relay.is_stream, now=now)

    async def open(
        self,
        call: Call,
        ledger: Ledger,
        late_error: LateError,
        route: Route | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> Relay:
        """Find somebody who answers *call*.

        Args:
            ledger: Gets what is learnt on the way: provider, account, attempts.
            late_error: Writes an error in the client's format as the last event of a stream, behind the events that it gets.
            route: What ``route`` returned, where it was asked already.
            meanwhile: See ``Journey``.

        Returns:
            An answer that has begun: its first bytes are here. It may be the provider's own error. The caller closes it.

        Raises:
            KorproxyError: Nobody answers, or the answer cannot be passed on.
        """
        if route is None:
            route = self.route(call)
        ledger.decision = route.decision
        order, came = route.order, None
        if call.account is not None:
            return await self._from_keeper(call, order[0], ledger, late_error)
        if order and (len(order) == 1 or self.has_room(order[0])):
            candidate, board = order[0], self.board
            doubtful = not board.calm and board.knows(candidate.provider.id, candidate.account.name, candidate.model)
            if not doubtful or self._is_well(candidate):
                try:
                    relay = await self.attempt(call, candidate, ledger, late_error)
                except KorproxyError as exc:
                    came = Came(candidate=candidate, began=call.began, exc=exc)
                else:
                    if relay.good:
                        if route.decision.session or doubtful:
                            self.began(route, relay.candidate)
                        return relay
                    came = Came(candidate=candidate, began=call.began, relay=relay)
        journey = Journey(gate=self, call=call, ledger=ledger, late_error=late_error, route=route, meanwhile=meanwhile)
        return await journey.run(came)

    async def _from_keeper(self, call: Call, candidate: Candidate, ledger: Ledger, late_error: LateError) -> Relay:
        """Ask the only account that has what *call* is about, however it does: that tells nothing of its models."""
        relay = await self.attempt(call, candidate, ledger, late_error)
        relay.seat.judged = not relay.good
        return relay

    def began(self, route: Route, candidate: Candidate) -> None:
        """Take note that the answer of *candidate* has begun: the session stays there, and the account is well so far."""
        if route.decision.session:
            self.router.answered(route, candidate)
        if not self.board.calm:
            self.board.began(candidate.provider.id, candidate.account.name, candidate.model)


def _ways(order: Sequence[Candidate]) -> tuple[Way, ...]:
    """Return *order* as data."""
    return tuple(
        Way(provider=each.provider.id, account=each.account.name, model=each.model, dialect=each.dialect) for each in order
    )
