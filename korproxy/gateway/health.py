"""What is known of an account: may it be asked, when again, and what changes that. Pure; ``health_board`` keeps it.

Times are Trio's. A wait ends by time and one good request behind it, or by being woken; answers to requests that were
under way when it began neither end it nor make it grow.
"""

from __future__ import annotations

from math import inf
from typing import Literal, TypeAlias

import attrs

from korproxy.gateway.backoff import CAP, wait
from korproxy.models.decisions import State

May: TypeAlias = Literal["yes", "probe", "no"]

TOLERATED = 3  # failures that follow each other; the third one is one too many


@attrs.frozen(kw_only=True)
class Health:
    """How an account does, for one model or for all of them.

    Attributes:
        until: When its wait is over; infinite while it is refused, and of no meaning while it is available.
        attempt: Waits that followed each other without a good end between them.
        failures: 5xx and network failures that followed each other, likewise.
        code: Of what it was that changed the state.
        since: When the state changed.
        probing: The number of the request that finds out whether it is well again; 0: there is none.
        spent: It was not refused: it said itself that its rate limit is used up ``until`` then, and needs no probe behind that.
    """

    state: State = "available"
    until: float = 0.0
    attempt: int = 0
    failures: int = 0
    code: str = ""
    since: float = 0.0
    probing: int = 0
    spent: bool = False


WELL = Health()


def may(health: Health, now: float) -> May:
    """Say whether a request may go there: ``probe`` means this one only, and all others wait for what becomes of it."""
    if health.state == "available":
        return "yes"
    if now < health.until:
        return "no"
    if health.spent:
        return "yes"
    return "no" if health.probing else "probe"


def limited(health: Health, now: float, retry_after: float | None, jitter: float, code: str) -> Health:
    """It answered 429: it rests at once."""
    health = settled(health, now)
    if health.state == "refused":
        return health
    if _rests(health, now) and not health.spent:
        return _longer(health, now, retry_after)
    return _rest(health, "rate_limited", now, wait(health.attempt, jitter, retry_after), code)


def failed(health: Health, now: float, retry_after: float | None, jitter: float, code: str) -> Health:
    """It answered 5xx, or not at all, or broke off: the third time, and after each wait, it rests."""
    health = settled(health, now)
    if health.state == "refused":
        return health
    health = attrs.evolve(health, failures=health.failures + 1)
    if _rests(health, now) and not health.spent:
        return _longer(health, now, retry_after)
    if (health.state == "available" or health.spent) and health.failures < TOLERATED:
        return health
    return _rest(health, "erroring", now, wait(health.attempt, jitter, retry_after), code)


def refused(health: Health, now: float, code: str) -> Health:
    """It does not take our credential, or wants money: no time heals that."""
    if health.state == "refused":
        return health
    return attrs.evolve(health, state="refused", until=inf, code=code, since=now, spent=False)


def spent(health: Health, now: float, until: float, code: str) -> Health:
    """It said that its rate limit is used up *until* then. Not a failure: behind that everybody may go there."""
    health = settled(health, now)
    until = min(until, now + CAP)
    if health.state == "refused" or not until > now:
        return health
    if health.state != "available":
        return attrs.evolve(health, until=max(health.until, until))
    return attrs.evolve(health, state="rate_limited", until=until, code=code, since=now, spent=True)


def began(health: Health, now: float) -> Health:
    """An answer began, no error. It is available then; but what was counted stays until a good end."""
    health = settled(health, now)
    if health.state in {"available", "refused"} or _rests(health, now):
        return health
    return attrs.evolve(health, state="available", until=0.0, since=now, probing=0)


def succeeded(health: Health, now: float) -> Health:
    """An answer came whole: nothing is held against it any more, unless it rests."""
    health = settled(health, now)
    if health.state == "refused" or (_rests(health, now) and not health.spent):
        return health
    if health.spent:
        return attrs.evolve(health, attempt=0, failures=0)
    return WELL


def woken(health: Health) -> Health:  # noqa: ARG001 -- a transition as the others are
    """The user says that it is well, or has changed its key: any wait is over, and a refusal, too."""
    return WELL


def settled(health: Health, now: float) -> Health:
    """Return it as it is *now*: a rate limit that was used up comes back by time alone."""
    if health.spent and now >= health.until:
        return attrs.evolve(health, state="available", until=0.0, since=health.until, spent=False, code="")
    return health


def worse(one: Health, other: Health) -> Health:
    """Return what counts where both do: *one* for the account, *other* for the model."""
    first, second = sorted((one, other), key=_badness, reverse=True)
    return attrs.evolve(
        first,
        failures=max(first.failures, second.failures),
        probing=first.probing or second.probing,
        spent=first.spent and (second.spent or second.state == "available"),
    )


def _badness(health: Health) -> tuple[bool, float, int]:
    return health.state != "available", health.until, health.failures


def _rests(health: Health, now: float) -> bool:
    return health.state in {"rate_limited", "erroring"} and now < health.until


def _rest(health: Health, state: State, now: float, seconds: float, code: str) -> Health:
    return attrs.evolve(
        health,
        state=state,
        until=max(now + seconds, health.until),
        attempt=health.attempt + 1,
        code=code,
        since=health.since if health.state == state else now,
        spent=False,
    )


def _longer(health: Health, now: float, retry_after: float | None) -> Health:
    """Somebody who was under way when the wait began is refused, too: one incident, but the provider may know better by now."""
    return attrs.evolve(health, until=max(health.until, now + min(retry_after or 0.0, CAP)))
