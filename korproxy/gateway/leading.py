"""Where requests of one kind lead, whoever is well: the model's real name, the group, the ways to it in their order. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from korproxy.contracts import Provider
from korproxy.errors.exceptions import NoProvider
from korproxy.gateway.routing import Candidate, Snapshot, named_in, unaliased, ways, who_offers
from korproxy.kit.shortening import shortened
from korproxy.models.calls import Call
from korproxy.models.decisions import Rejected
from korproxy.models.routing import Group, Profile, RequestType, Rule

TALKING: frozenset[RequestType] = frozenset({"chat", "completion"})  # what safe mode is about


@attrs.frozen(kw_only=True)
class Lead:
    """All of a decision that depends neither on who is well nor on the moment; see ``Decision``.

    Attributes:
        ways: Who can serve the request, in the order of the group; at least one.
        weights: What the group says of each.
        unfit: Who offers the model, too, but in no format that the client's can be carried to.
    """

    type: RequestType
    profile: str
    wanted: str
    model: str
    group: str = ""
    strategy: str = ""
    safe_mode: bool = False
    ways: Sequence[Candidate]
    weights: Sequence[int] = ()
    unfit: Sequence[Rejected] = ()


@attrs.frozen(kw_only=True)
class Terms:
    """What decides where a request leads, besides its format and its model.

    Attributes:
        rule: The one that held.
        safe: Safe mode is on, for this request or for all.
    """

    type: RequestType
    profile: Profile
    rule: Rule | None = None
    safe: bool = False


def lead(call: Call, snapshot: Snapshot, terms: Terms) -> Lead:
    """Return where *call* leads.

    A rule's group is meant as it stands. That of a profile is for models that more than one provider offers, and for those that
    nobody lists: a model that only others offer goes to them. A name with a provider in front stays with that provider.

    Raises:
        NoProvider: Nowhere; see ``routing.candidates``. Or nobody in the rule's group offers the model (KP-PROV-121), or safe
            mode is on and nobody offers its model (KP-PROV-122).
    """
    rule, routing = terms.rule, snapshot.routing
    strict = rule is not None and bool(rule.group)
    named = rule.group if rule is not None and rule.group else terms.profile.group_for(terms.type)
    safe = terms.safe and terms.type in TALKING
    wanted = routing.safe_mode.model if safe else (rule.model if rule is not None else "") or call.peek.model
    try:
        found = _found(call, snapshot, wanted, routing.groups.get(named), strict=strict)
    except NoProvider as exc:
        if not safe or exc.code != "KP-PROV-105":
            raise
        raise NoProvider("KP-PROV-122", f"Safe mode is on, but its model is not available: {exc}") from None
    group = found.group
    return Lead(
        type=terms.type,
        profile=terms.profile.name,
        wanted=call.peek.model,
        model=found.model,
        group="" if group is None else group.name,
        strategy="" if group is None else group.strategy,
        safe_mode=safe,
        ways=found.ways,
        weights=found.weights,
        unfit=_unfit(found),
    )


@attrs.frozen
class _Found:
    """Who was found, of those that offer the model."""

    model: str
    offering: Sequence[Provider]
    ways: Sequence[Candidate]
    weights: Sequence[int]
    group: Group | None = None


def _found(call: Call, snapshot: Snapshot, wanted: str, group: Group | None, *, strict: bool) -> _Found:
    if group is None:
        providers, model = who_offers(wanted, snapshot)
        found = ways(call, snapshot, providers, model)
        return _Found(model, providers, found, (1,) * len(found))
    providers, model, stays = _offering(wanted, snapshot, group, strict=strict)
    if providers:
        try:
            found, weights = _in_order_of(group, ways(call, snapshot, providers, model))
        except NoProvider:  # they cannot serve it, but others may
            if strict:
                raise
            found, weights = (), ()
        if found:
            return _Found(model, providers, found, weights, group)
    if strict and not stays:
        shown = shortened(wanted, 200)
        text = f"A rule sends the request to the group {group.name!r}, in which nobody serves the model {shown!r}."
        raise NoProvider("KP-PROV-121", text)
    return _found(call, snapshot, wanted, None, strict=False)


def _unfit(found: _Found) -> Sequence[Rejected]:
    """Return the accounts of those who offer the model, and have no way to it."""
    reached = {each.provider.id for each in found.ways}
    return tuple(
        Rejected(provider=each.id, account=account.name, model=each.real_name(found.model), why="format")
        for each in found.offering
        if each.id not in reached
        for account in each.accounts
        if found.group is None or _place(found.group, each.id, account.name) is not None
    )


def _offering(wanted: str, snapshot: Snapshot, group: Group, *, strict: bool) -> tuple[Sequence[Provider], str, bool]:
    """Return who of *group* offers *wanted*, its name there, and whether the name itself says whose it is.

    Where there is only one provider in the group, it gets what nobody lists, and by a rule whatever the rule sends there.
    """
    members = {each.provider for each in group.members}
    inside = [each for each in snapshot.providers if each.id in members]
    own = named_in(wanted, snapshot.providers) or named_in(unaliased(wanted, snapshot), snapshot.providers)
    if own is not None:
        return [each for each in own[0] if each in inside], own[1], True
    model = unaliased(wanted, snapshot)
    offering = [each for each in inside if each.offers(model)]
    if not offering and len(inside) == 1 and (strict or not any(each.offers(model) for each in snapshot.providers)):
        offering = inside
    return offering, model, False


def _in_order_of(group: Group, found: Sequence[Candidate]) -> tuple[Sequence[Candidate], Sequence[int]]:
    """Return those of *found* that belong to *group*, as it counts them up, and what each weighs."""
    places = [_place(group, each.provider.id, each.account.name) for each in found]
    inside = sorted((place, number) for number, place in enumerate(places) if place is not None)
    return tuple(found[number] for _, number in inside), tuple(group.members[place].weight for place, _ in inside)


def _place(group: Group, provider: str, account: str) -> int | None:
    fitting = (n for n, each in enumerate(group.members) if each.provider == provider and each.account in {"", account})
    return next(fitting, None)
