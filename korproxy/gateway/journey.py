"""One request on its way from candidate to candidate, where the first one did not simply answer. Nearly none comes here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs
import trio

from korproxy.errors.exceptions import InternalError, KorproxyError, ProviderRefused
from korproxy.gateway.deciding import Route
from korproxy.gateway.failover import ANSWERED, Kind, Outcome, of_error, of_event, of_refusal
from korproxy.gateway.health_board import FREE, Turn
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.patience import Patience, announcement
from korproxy.gateway.relay import IN_STREAM_ERROR, Relay
from korproxy.gateway.routing import Candidate
from korproxy.gateway.seats import report_outcome
from korproxy.gateway.verdicts import verdict
from korproxy.models.calls import Call
from korproxy.models.decisions import Attempt, Rejected

if TYPE_CHECKING:
    from korproxy.gateway.asking import LateError
    from korproxy.gateway.gate import Gate

Meanwhile: TypeAlias = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
Following: TypeAlias = Literal["done", "next candidate", "waited", "given up"]
Key: TypeAlias = tuple[str, str, str]

_COOLING = frozenset({"rate_limited", "spent", "erroring", "probing"})
# Which failure a client is told of where nobody answers: the one that says most of what would help; of equal ones the last.
# Whoever is told of a limit waits for its end, so that comes last of what time heals: others may be well again before.
_WEIGHT: dict[Kind, int] = {"failed": 4, "rejected": 3, "busy": 2, "limited": 1, "unfit": 0}

MOST_OVERTAKEN = 8  # times that a request queues up in vain before it gives an account up

log = logging.getLogger("korproxy.gateway")


@attrs.frozen(kw_only=True)
class Came:
    """What came of asking a candidate.

    Attributes:
        relay: An answer that has begun, good or not; else there is *exc*.
        began: When it was asked, in Trio's time.
    """

    candidate: Candidate
    began: float
    relay: Relay | None = None
    exc: KorproxyError | None = None
    turn: Turn = FREE

    @property
    def outcome(self) -> Outcome:
        """What that means."""
        forwards, relay, exc = self.candidate.account.forwards, self.relay, self.exc
        if relay is not None:
            if relay.good:
                return ANSWERED
            exc = relay.ended_badly
            if exc is None and relay.refusal is None:
                return of_event(relay.first, IN_STREAM_ERROR, forwards=forwards)
            if exc is None and relay.refusal is not None:
                return of_refusal(relay.upstream_status, relay.refusal, forwards=forwards)
        return of_error(exc or InternalError("KP-SYS-501", "Nothing came of it."), forwards=forwards)


@attrs.define(kw_only=True)
class Journey:
    """Asks one candidate after the other until one answers, waits where that is worth it, and says why nobody did.

    Attributes:
        route: As it was decided last.
        meanwhile: Does something for the client while the request waits; it gets what waits. None: there is nothing to do.
        attempts: All that was asked so far.
    """

    gate: Gate
    call: Call
    ledger: Ledger
    late_error: LateError
    route: Route
    meanwhile: Meanwhile | None = None
    attempts: list[Attempt] = attrs.field(factory=list)
    _patience: Patience = attrs.field(init=False)
    _pending: list[Candidate] = attrs.field(init=False)
    _several: bool = attrs.field(init=False)  # whether others could answer, too, were they well
    _done: set[Key] = attrs.field(factory=set, init=False)  # asked, and not worth to be waited for
    _full: set[str] = attrs.field(factory=set, init=False)  # providers that had no place for it
    _providers: set[str] = attrs.field(factory=set, init=False)  # asked
    _awaited: Rejected | None = attrs.field(default=None, init=False)
    _failure: KorproxyError | None = attrs.field(default=None, init=False)
    _weight: int = attrs.field(default=-1, init=False)
    _overtaken: int = attrs.field(default=0, init=False)  # how often
    _stale: bool = attrs.field(default=False, init=False)  # somebody was asked since the route was decided

    def __attrs_post_init__(self) -> None:
        self._patience = Patience(self.gate.max_wait)
        self._pending = list(self.route.order)
        self._several = len(self._pending) + len(_could_return(self.route)) > 1
        self.ledger.tried = self.attempts

    async def run(self, came: Came | None = None) -> Relay:
        """Return an answer, or the provider's own error where nobody answers and that says it best.

        Args:
            came: What came of asking the first candidate, where that was done already.
        """
        if came is not None:
            self._pending.remove(came.candidate)
            self._providers.add(came.candidate.provider.id)
        while True:
            if came is not None and not self._judge(came).goes_on:
                self._note(came, "done")
                return await _answer(came)
            following = self._next()
            until = await self._until_when(came) if following is None else None
            if came is not None:
                if following is None and until is None and self._says_it_best(came):
                    self._note(came, "given up")
                    return await _answer(came)
                self._note(came, "next candidate" if following else "given up" if until is None else "waited")
                await self._drop(came, following)
            if following is not None:
                came = await self._ask(*following)
            elif until is not None:
                came = None
                await self._wait(until)
            else:
                raise self._verdict()

    async def _ask(self, candidate: Candidate, turn: Turn) -> Came:
        began = trio.current_time()
        self._providers.add(candidate.provider.id)
        self.ledger.again()
        relay, exc = None, None
        try:
            relay = await self.gate.attempt(self.call, candidate, self.ledger, self.late_error, probe=turn.probe)
        except KorproxyError as error:
            exc = error
        except BaseException:  # the client has left, mostly; whoever is next finds out how the account does
            self.gate.board.release(turn)
            self._note(Came(candidate=candidate, began=began, turn=turn), "given up", left=True)
            raise
        return Came(candidate=candidate, began=began, relay=relay, exc=exc, turn=turn)

    def _judge(self, came: Came) -> Outcome:
        """Tell the board what came of an attempt, and return what follows."""
        outcome, board = came.outcome, self.gate.board
        if board.calm:
            self.gate.budget.refill()
        if outcome is ANSWERED:
            self.gate.began(self.route, came.candidate)
        else:
            report_outcome(board, came.candidate, outcome)
        board.release(came.turn)
        if came.relay is not None and outcome is not ANSWERED:
            came.relay.seat.judged = True
        if outcome.goes_on and outcome.held != "limited" and outcome.kind not in {"busy", "overtaken"}:
            self._done.add(_key(came.candidate))
        if outcome.kind == "busy":  # so are its other accounts: they share its places
            self._full.add(came.candidate.provider.id)
            self._pending = [each for each in self._pending if each.provider.id != came.candidate.provider.id]
        weight = _WEIGHT.get(outcome.kind, -1)
        if outcome.goes_on and weight >= max(self._weight, 0):
            self._weight, self._failure = weight, came.exc or _as_error(came, outcome)
        self._stale = True
        if outcome.kind == "overtaken":  # after a long wait for a place
            self._overtaken += 1
            if self._overtaken > MOST_OVERTAKEN:
                self._done.add(_key(came.candidate))
                self._failure = self._failure or came.exc
            self._decide_anew()
        return outcome

    def _next(self) -> tuple[Candidate, Turn] | None:
        """Return who is asked next, with leave to do so: first of all somebody with a place free."""
        gate = self.gate
        while self._pending:
            candidate = next((each for each in self._pending if gate.has_room(each)), self._pending[0])
            self._pending.remove(candidate)
            provider, account, model = _key(candidate)
            turn = gate.board.admit(provider, account, model)
            if turn is None:
                continue
            if provider not in self._providers:
                gate.budget.asked(provider)
            # A probe costs nothing: there is one at a time, and a wait before the next, so it makes no outage worse.
            doubtful = not turn.probe and gate.board.standing(provider, account, model).failures > 0
            if self._providers and doubtful and not gate.budget.take(provider):
                gate.board.release(turn)
                self._done.add(_key(candidate))
                continue
            return candidate, turn
        return None

    async def _until_when(self, came: Came | None) -> float | None:
        """Return what ``_worth_waiting`` does; what *came* is closed where it raises: a rule may hold only from now on."""
        try:
            return self._worth_waiting()
        except BaseException:
            if came is not None:
                self._note(came, "given up")
                await self._drop(came, None)
            raise

    def _worth_waiting(self) -> float | None:
        """Return until when it is worth to wait for somebody; the decision is made anew with that."""
        gate, now = self.gate, trio.current_time()
        self.route = gate.foresee(self.call, self.route.decision.session)
        if self._stale and self._somebody_may():  # who came back while others were asked: that is no wait
            return now if now < self._deadline() else None
        first: float | None = None
        for each in _could_return(self.route):
            key = (each.provider, each.account, each.model)
            at = gate.board.returns_at(*key) if key not in self._done else None
            if at is not None and (first is None or at < first):
                first, self._awaited = at, each
        return self._patience.until(first, now, self._deadline())

    async def _wait(self, until: float) -> None:
        """Wait until somebody may be asked, but not longer than *until*; go on with those who then may."""
        began = trio.current_time()
        awaited = self._awaited
        if until > began and awaited is not None and awaited.why != "probing":  # what becomes of a probe is known in no time
            news = self.gate.lasting.announced.is_news(awaited.provider, awaited.account, until, began)
            said = announcement(until - began, awaited.why)
            log.log(logging.WARNING if news else logging.DEBUG, "%s (%s/%s)", said, awaited.provider, awaited.account)
        wait = partial(self._until_somebody_may, until)
        await (wait() if self.meanwhile is None else self.meanwhile(wait))
        self._patience.waited(trio.current_time() - began)
        self._decide_anew()

    def _decide_anew(self) -> None:
        self._stale = False
        self.route = self.gate.route(self.call)
        self.ledger.decision = self.route.decision
        self._pending = [each for each in self.route.order if _key(each) not in self._done]

    async def _until_somebody_may(self, until: float) -> None:
        while trio.current_time() < until:
            await self.gate.board.changed(until)
            self.route = self.gate.foresee(self.call, self.route.decision.session)
            if self._somebody_may():
                return

    def _somebody_may(self) -> bool:
        """Whether the route names somebody who has not failed this request, and who has a place, as far as is known."""
        full = self._full
        left = (each for each in self.route.order if _key(each) not in self._done)
        return any(each.provider.id not in full or self.gate.has_room(each) for each in left)

    def _says_it_best(self, came: Came) -> bool:
        """Whether the provider's own error is what the client gets: not where all rest, or where another error says more."""
        if came.relay is None or came.relay.ended_badly is not None:
            return False
        if not self._several or came.outcome.kind != "limited":
            return True
        return self._returns_in() is None and self._weight <= _WEIGHT["limited"]

    def _verdict(self) -> KorproxyError:
        """Return what the client is told where nobody answers: of one account its own error, else how all of them do."""
        returns_in = self._returns_in()
        known = self._failure
        if known is None or (self._several and not self.route.order and self._weight > 0):
            return verdict(self.route.decision.rejected, returns_in)
        return known

    def _returns_in(self) -> float | None:
        """Return the seconds until the first one may be asked again; None: somebody may now, or nobody will."""
        if self.route.order:
            return None
        board, now = self.gate.board, trio.current_time()
        found = [board.returns_at(each.provider, each.account, each.model) for each in _could_return(self.route)]
        return min((max(0.0, each - now) for each in found if each is not None), default=None)

    def _deadline(self) -> float:
        totals = [each.provider.deadlines.total for each in self.route.order]
        named = {each.provider for each in self.route.decision.rejected}
        totals += [each.deadlines.total for each in self.gate.snapshot.providers if each.id in named]
        return self.call.began + max(totals, default=0.0)

    async def _drop(self, came: Came, following: tuple[Candidate, Turn] | None) -> None:
        """Close what nobody gets, before anybody else is asked."""
        if following is not None:
            went, comes = _key(came.candidate), _key(following[0])
            log.info("%s/%s: %s (%s); %s/%s is asked", *went[:2], came.outcome.kind, came.outcome.code, *comes[:2])
        try:
            if came.relay is not None:
                await came.relay.aclose()
        except BaseException:
            if following is not None:
                self.gate.board.release(following[1])
            raise

    def _note(self, came: Came, following: Following, *, left: bool = False) -> None:
        outcome = Outcome(kind="failed") if left else came.outcome
        self.attempts.append(
            Attempt(
                provider=came.candidate.provider.id,
                account=came.candidate.account.name,
                model=came.candidate.model,
                at=came.began - self.call.began,
                seconds=trio.current_time() - came.began,
                outcome="left" if left else outcome.kind,
                status=outcome.status if came.relay is None else came.relay.upstream_status,
                code=outcome.code,
                retry_after=outcome.retry_after,
                probe=came.turn.probe,
                next=following,
            )
        )


async def _answer(came: Came) -> Relay:
    """Return the answer that *came*, or raise what came in its place."""
    if came.relay is None:
        raise came.exc or InternalError("KP-SYS-501", "Nothing came of it.")
    if came.relay.ended_badly is not None:  # nothing was sent yet, so it can still be a real status
        await came.relay.aclose()
        raise came.relay.ended_badly
    return came.relay


def _as_error(came: Came, outcome: Outcome) -> KorproxyError:
    """Return the error of an answer that nobody gets: it may be the best there was."""
    if came.relay is not None and came.relay.ended_badly is not None:
        return came.relay.ended_badly
    name, status = came.candidate.provider.id, outcome.status or 502
    shown = status if status >= 400 else 502  # an error in a stream with a good status
    text = f"{name} answered {status}{', and then an error' if status < 400 else ''}."
    return ProviderRefused(outcome.code, text, provider=name, upstream_status=shown, retry_after=outcome.retry_after)


def _key(candidate: Candidate) -> Key:
    return candidate.provider.id, candidate.account.name, candidate.model


def _could_return(route: Route) -> list[Rejected]:
    """Return those that are not asked only because they rest, or are refused: not those whom the user has left out."""
    return [each for each in route.decision.rejected if each.why in _COOLING or each.why == "refused"]
