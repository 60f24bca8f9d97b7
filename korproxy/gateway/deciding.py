"""Where a request goes, and why. Pure: the same request, snapshot and situation, the same decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import attrs

from korproxy.gateway.facts import PROFILE, SAFE, TYPE, profile_of, type_of, wants_safety
from korproxy.gateway.health import WELL, Health, may
from korproxy.gateway.leading import Lead, Terms, lead
from korproxy.gateway.ranking import ranked
from korproxy.gateway.routing import PLANS, Candidate, Snapshot
from korproxy.models.calls import Call
from korproxy.models.decisions import Able, Decision, Rejected, RoutedCall, Way

T = TypeVar("T")


def _well(provider: str, account: str, model: str) -> Health:
    del provider, account, model
    return WELL


def _idle(provider: str, account: str) -> tuple[int, int]:
    del provider, account
    return 0, 0


@attrs.frozen(kw_only=True)
class Situation:
    """What is so at the moment of a decision, outside of the request and the snapshot.

    Attributes:
        now: Trio's time.
        wall: Seconds since the epoch.
        standing: The health of an account for a model: ``HealthBoard.standing``.
        load: How many requests run at an account, and how many wait.
        turn: Counts the requests that the group has had.
        seed: 64 random bits.
        session: A digest of what identifies the session; empty where nobody asked.
        kept: The account that the session had before, as ``provider/account``.
        without: Accounts that are not to be asked, as ``provider/account``, or all of a ``provider``.
    """

    now: float = 0.0
    wall: float = 0.0
    standing: Callable[[str, str, str], Health] = _well
    load: Callable[[str, str], tuple[int, int]] = _idle
    turn: int = 0
    seed: int = 0
    session: str = ""
    kept: str = ""
    without: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Route:
    """A decision, and the candidates it names: in the order of ``decision.order``, and none where nobody may be asked now."""

    decision: Decision
    order: Sequence[Candidate]


@attrs.frozen
class Heading:
    """Where a request leads, whoever is well, and which rule has said so.

    Attributes:
        only: The route, where there is but one way and nothing is held against anybody.
    """

    lead: Lead
    only: Route | None = None


def decide(call: Call, snapshot: Snapshot, situation: Situation) -> Route:
    """Return where *call* goes.

    Raises:
        NoProvider: Nobody that is configured can serve it; see ``leading.lead``.
        BadRequest: Its headers ask for a profile or a type that is not there; see ``facts``.
    """
    return settle(call, snapshot, heading(call, snapshot), situation)


def heading(call: Call, snapshot: Snapshot) -> Heading:
    """Return where *call* leads. What was found once counts as long as *snapshot* does."""
    peek, first = call.peek, call.headers.first
    plain = not (PROFILE in first or TYPE in first or SAFE in first)
    question = (call.dialect, peek.model, peek.stream, peek.tools)
    known: Heading | None = snapshot.headings.get(question) if plain else None
    if known is not None:
        return known
    found = Heading(_lead(call, snapshot))
    if not plain:
        return found
    if len(found.lead.ways) == 1:
        found = Heading(found.lead, settle(call, snapshot, found, Situation()))
    return remember(snapshot.headings, question, found)


def _lead(call: Call, snapshot: Snapshot) -> Lead:
    peek, headers = call.peek, call.headers
    terms = Terms(type=type_of(call, snapshot), profile=profile_of(headers, snapshot), safe=wants_safety(headers, snapshot))
    key = (call.dialect, peek.model, peek.stream, peek.tools, terms.type, terms.profile.name, terms.safe)
    known: Lead | None = snapshot.leads.get(key)
    return known or remember(snapshot.leads, key, lead(call, snapshot, terms))


def remember(known: dict[Any, Any], key: object, found: T) -> T:
    """Put *found* into *known* and return it; what was put there first goes where it becomes too much."""
    if len(known) >= PLANS:
        del known[next(iter(known))]
    known[key] = found
    return found


def settle(call: Call, snapshot: Snapshot, towards: Heading, situation: Situation) -> Route:
    """Return who of those that *call* leads to is asked, the first one first."""
    led = towards.lead
    able: dict[Able, Candidate] = {}
    keyless: dict[Able, Candidate] = {}
    rejected: list[Rejected] = []
    for way, weight in zip(led.ways, led.weights, strict=True):
        health = situation.standing(way.provider.id, way.account.name, way.model)
        why = _rejected(call, snapshot, way, health, situation)
        if why is None:
            able[_able(way, weight, health, situation)] = way
            continue
        rejected.append(why)
        if why.why == "no key":
            keyless[_able(way, weight, health, situation)] = way
    if not able and keyless:  # their own errors say best what is missing
        able, rejected = keyless, [each for each in rejected if each.why != "no key"]
    asked = RoutedCall(type=led.type, model=led.model, profile=led.profile, key_name=call.key_name, size=len(call.body))
    strategy = snapshot.strategies.get(led.strategy)
    order, wrong = ranked(strategy, asked, tuple(able), turn=situation.turn, seed=situation.seed, kept=situation.kept)
    decision = Decision(
        type=led.type,
        profile=led.profile,
        wanted=led.wanted,
        model=led.model,
        group=led.group,
        strategy=f"{led.strategy} ({wrong})" if wrong else led.strategy,
        safe_mode=led.safe_mode,
        session=situation.session,
        kept=situation.kept,
        turn=situation.turn,
        seed=situation.seed,
        order=tuple(_way(able[each]) for each in order),
        rejected=tuple(rejected),
    )
    return Route(decision=decision, order=tuple(able[each] for each in order))


def _able(way: Candidate, weight: int, health: Health, situation: Situation) -> Able:
    provider, account = way.provider.id, way.account.name
    running, waiting = situation.load(provider, account)
    return Able(
        provider=provider,
        account=account,
        model=way.model,
        weight=weight,
        running=running,
        waiting=waiting,
        failures=health.failures,
    )


def _way(way: Candidate) -> Way:
    return Way(provider=way.provider.id, account=way.account.name, model=way.model, dialect=way.dialect)


def _rejected(call: Call, snapshot: Snapshot, way: Candidate, health: Health, situation: Situation) -> Rejected | None:
    provider, account, now = way.provider.id, way.account, situation.now
    name = f"{provider}/{account.name}"
    why, returns_in, code = "", None, ""
    if name in snapshot.routing.disabled:
        why = "disabled"
    elif name in situation.without or provider in situation.without:
        why = "excluded"
    elif may(health, now) == "no":
        why, code = _resting(health, now), health.code
        returns_in = health.until - now if why not in {"refused", "probing"} else None
    elif account.missing is not None:
        why, code = "no key", account.missing.code
    elif account.forwards and call.credential is None:
        why = "no key"
    if not why:
        return None
    return Rejected(provider=provider, account=account.name, model=way.model, why=why, returns_in=returns_in, code=code)


def _resting(health: Health, now: float) -> str:
    if health.state != "refused" and now >= health.until:
        return "probing"
    return "spent" if health.spent else health.state
