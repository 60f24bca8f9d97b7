"""Where a request goes, and why. Pure: the same request, snapshot and situation, the same decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import attrs

from korproxy.contracts import RoutingStrategy
from korproxy.errors.exceptions import KorproxyError, RuleRefused
from korproxy.gateway.facts import PROFILE, SAFE, TYPE, Facts, profile_of, type_of, wants_safety
from korproxy.gateway.health import WELL, Health
from korproxy.gateway.leading import TALKING, Lead, Terms, lead
from korproxy.gateway.ranking import ranked
from korproxy.gateway.rejecting import NO_KEY, rejected
from korproxy.gateway.routing import PLANS, Candidate, Question, Snapshot
from korproxy.models.calls import Call
from korproxy.models.decisions import Able, Decision, Rejected, RoutedCall, RuleTried, Way

T = TypeVar("T")
_Seen: TypeAlias = tuple[Candidate, int, Health]  # a way, its weight, how its account does


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
        load: How many requests run at an account, and how many wait; asked where a strategy is.
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
    """Where a request leads, whoever is well, and why.

    Attributes:
        rule, rules: See ``Decision``.
        facts: What was found out about the request, where anything was.
        only: The route, where there is but one way and nothing is held against anybody.
    """

    lead: Lead
    rule: str = ""
    rules: tuple[RuleTried, ...] = ()
    facts: Facts | None = None
    only: Route | None = None


def decide(call: Call, snapshot: Snapshot, situation: Situation) -> Route:
    """Return where *call* goes.

    Raises:
        RuleRefused: A rule says that it goes nowhere; with the rule's code.
        NoProvider: Nobody that is configured can serve it; see ``leading.lead``.
        BadRequest: Its headers ask for a profile or a type that is not there; see ``facts``.
    """
    return settle(call, snapshot, heading(call, snapshot, situation.wall), situation)


def remembered(call: Call, snapshot: Snapshot) -> Heading | None:
    """Return where *call* leads if that hangs on no rule and on no header of ours, and was found before."""
    first, peek = call.headers.first, call.peek
    if snapshot.rules is not None or PROFILE in first or TYPE in first or SAFE in first:
        return None
    return snapshot.headings.get((call.dialect, peek.model, peek.stream, peek.tools))  # and no calls: all requests come by


def heading(call: Call, snapshot: Snapshot, wall: float) -> Heading:
    """Return where *call* leads at *wall* seconds since the epoch; ``decide`` says what it raises."""
    first = call.headers.first
    plain = snapshot.rules is None and not (PROFILE in first or TYPE in first or SAFE in first)
    if plain and (known := remembered(call, snapshot)) is not None:
        return known
    facts = Facts(call, type_of(call, snapshot), profile_of(call.headers, snapshot), wall)
    found = _headed(snapshot, facts)
    if not plain:
        return found
    only = settle(call, snapshot, found, Situation()) if len(found.lead.ways) == 1 else None
    return remember(snapshot.headings, _question(call), Heading(found.lead, only=only))  # and nothing of this very request


def _question(call: Call) -> Question:
    return call.dialect, call.peek.model, call.peek.stream, call.peek.tools


def _headed(snapshot: Snapshot, facts: Facts) -> Heading:
    """Ask the rules. An error has with it what was decided until then."""
    rule, tried = snapshot.rules.first_that_holds(facts) if snapshot.rules is not None else (None, ())
    safe = wants_safety(facts.call.headers, snapshot) or (snapshot.safe_mode and rule is not None and rule.safe_mode)
    terms = Terms(type=facts.type, profile=facts.profile, rule=rule, safe=safe)
    name = "" if rule is None else rule.name
    try:
        if rule is not None and rule.refuse:
            why = f": {rule.message}" if rule.message else "."
            text = f"The rule {name!r} of routing.toml refuses this request{why}"
            raise RuleRefused(rule.refuse, text, rule=name)
        return Heading(_lead(facts.call, snapshot, terms), name, tried, facts)
    except KorproxyError as exc:
        wanted = facts.call.peek.model
        exc.decision = Decision(
            type=facts.type,
            profile=facts.profile.name,
            wanted=wanted,
            model=wanted,
            rule=name,
            rules=tried,
            safe_mode=safe and facts.type in TALKING and not isinstance(exc, RuleRefused),
        )
        raise


def _lead(call: Call, snapshot: Snapshot, terms: Terms) -> Lead:
    """Return where *call* leads; what was found once counts as long as *snapshot* does."""
    said = () if terms.rule is None else (terms.rule.group, terms.rule.model)
    key = (*_question(call), terms.type, terms.profile.name, terms.safe, *said)
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
    able, over = _sorted_out(call, snapshot, led, situation)
    strategy = snapshot.strategies.get(led.strategy)
    order = [way for way, _, _ in able]
    seen: tuple[Able, ...] = ()
    said = led.strategy
    if len(able) > 1:
        if strategy is not None:
            seen, order, wrong = _ranked(call, strategy, led, able, situation)
            said = f"{said} ({wrong})" if wrong else said
        elif said:
            said = f"{said} (not loaded)"
        if situation.kept:
            order.sort(key=lambda way: f"{way.provider.id}/{way.account.name}" != situation.kept)
    decision = Decision(
        type=led.type,
        profile=led.profile,
        wanted=led.wanted,
        model=led.model,
        rule=towards.rule,
        rules=towards.rules,
        group=led.group,
        strategy=said,
        safe_mode=led.safe_mode,
        session=situation.session,
        kept=situation.kept,
        able=seen,
        turn=situation.turn,
        seed=situation.seed,
        order=tuple([way_of(each) for each in order]),
        rejected=(*over, *led.unfit),
    )
    return Route(decision=decision, order=tuple(order))


def _sorted_out(call: Call, snapshot: Snapshot, led: Lead, situation: Situation) -> tuple[list[_Seen], list[Rejected]]:
    """Return the ways of *led* that can be asked now, and the others with what speaks against each."""
    able: list[_Seen] = []
    keyless: list[_Seen] = []
    over: list[Rejected] = []
    for way, weight in zip(led.ways, led.weights, strict=True):
        health = situation.standing(way.provider.id, way.account.name, way.model)
        why = rejected(call, snapshot, way, health, now=situation.now, without=situation.without)
        if why is not None:
            over.append(why)
        if why is None or why.why == NO_KEY:
            (able if why is None else keyless).append((way, weight, health))
    if able or not keyless:
        return able, over
    return keyless, [each for each in over if each.why != NO_KEY]  # their own errors say best what is missing


def _ranked(
    call: Call, strategy: RoutingStrategy, led: Lead, able: Sequence[_Seen], situation: Situation
) -> tuple[tuple[Able, ...], list[Candidate], str]:
    """Return *able* as *strategy* sees them, in the order that it wants, and what was wrong with it."""
    ways = {_able(way, weight, health, situation): way for way, weight, health in able}
    asked = RoutedCall(type=led.type, model=led.model, profile=led.profile, key_name=call.key_name, size=len(call.body))
    seen = tuple(ways)
    order, wrong = ranked(strategy, asked, seen, turn=situation.turn, seed=situation.seed)
    return seen, [ways[each] for each in order], wrong


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


def way_of(way: Candidate) -> Way:
    """Return *way* as data."""
    return Way(provider=way.provider.id, account=way.account.name, model=way.model, dialect=way.dialect)
