"""Changes of a routing, each from one that is right to the next. Pure: ``changing.update_routing`` writes what they return.

Whether names and patterns may be as they are is checked there, by the strict reading; here only that they lead somewhere.

Raises:
    CommandFailed: KP-CONF-226: there is nothing of that name; KP-CONF-227: there is something already; KP-CONF-228: something
        else still needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import attrs

from korproxy.config.shown import key
from korproxy.errors.exceptions import CommandFailed
from korproxy.models.routing import DEFAULT, Group, Member, Profile, Routing, Rule, SafeMode

T = TypeVar("T")
ABSENT, EXISTS, NEEDED = "KP-CONF-226", "KP-CONF-227", "KP-CONF-228"


def profile_of(routing: Routing, name: str) -> Profile:
    """Return the profile *name*; ``default`` is there even if nobody made it."""
    if name == DEFAULT and name not in routing.profiles:
        return Profile(name=DEFAULT)
    _want(name, routing.profiles, "profile", (DEFAULT,))
    return routing.profiles[name]


def create_profile(routing: Routing, profile: Profile, *, copy_from: str = "") -> Routing:
    """Add *profile*; what it does not say, it has from the profile *copy_from*."""
    _want_no(profile.name, routing.profiles, "profile")
    if copy_from:
        said = {name: group for name, group in attrs.asdict(profile).items() if group}
        profile = attrs.evolve(profile_of(routing, copy_from), **said)
    return set_profile(routing, profile)


def set_profile(routing: Routing, profile: Profile) -> Routing:
    """Put *profile* in the place of the one of its name, or add it."""
    for name in filter(None, attrs.astuple(profile)[1:]):
        _want(name, routing.groups, "group")
    return attrs.evolve(routing, profiles={**routing.profiles, profile.name: profile})


def switch_profile(routing: Routing, name: str) -> Routing:
    """Put the profile *name* in force."""
    profile_of(routing, name)
    return attrs.evolve(routing, profile=name)


def delete_profile(routing: Routing, name: str) -> Routing:
    """Take the profile *name* out; ``default`` is then as if nobody had made it."""
    _want(name, routing.profiles, "profile")
    if name == routing.profile:
        raise CommandFailed(NEEDED, f"The profile {key(name)} is in force: switch to another one first.")
    if name != DEFAULT:
        _refuse_needed(f"profile {key(name)}", [each.name for each in routing.rules if each.when.profile == name], "rule")
    return attrs.evolve(routing, profiles=_without(routing.profiles, name))


def set_group(routing: Routing, group: Group) -> Routing:
    """Put *group* in the place of the one of its name, or add it."""
    return attrs.evolve(routing, groups={**routing.groups, group.name: group})


def create_group(routing: Routing, group: Group) -> Routing:
    """Add *group*."""
    _want_no(group.name, routing.groups, "group")
    return set_group(routing, group)


def delete_group(routing: Routing, name: str) -> Routing:
    """Take the group *name* out."""
    _want(name, routing.groups, "group")
    profiles = [each.name for each in routing.profiles.values() if name in attrs.astuple(each)[1:]]
    _refuse_needed(f"group {key(name)}", profiles, "profile")
    _refuse_needed(f"group {key(name)}", [each.name for each in routing.rules if each.group == name], "rule")
    return attrs.evolve(routing, groups=_without(routing.groups, name))


def set_member(routing: Routing, group: str, member: Member) -> Routing:
    """Put *member* in the place of the one for its account in the group *group*, or at its end."""
    _want(group, routing.groups, "group")
    old = routing.groups[group].members
    new = [member if _same(each, member) else each for each in old]
    if member not in new:
        new.append(member)
    return set_group(routing, attrs.evolve(routing.groups[group], members=tuple(new)))


def remove_member(routing: Routing, group: str, provider: str, account: str = "") -> Routing:
    """Take a member out of the group *group*."""
    _want(group, routing.groups, "group")
    wanted = Member(provider=provider, account=account)
    left = tuple(each for each in routing.groups[group].members if not _same(each, wanted))
    if len(left) == len(routing.groups[group].members):
        raise CommandFailed(ABSENT, f"The group {key(group)} has no member {_shown(provider, account)}.")
    return set_group(routing, attrs.evolve(routing.groups[group], members=left))


def add_rule(routing: Routing, rule: Rule, *, position: int | None = None) -> Routing:
    """Add *rule* at *position*, counted from 1; None and what is beyond the end: as the last one."""
    _want_no(rule.name, [each.name for each in routing.rules], "rule")
    if rule.group:
        _want(rule.group, routing.groups, "group")
    if rule.when.profile:
        profile_of(routing, rule.when.profile)
    return attrs.evolve(routing, rules=_inserted(routing.rules, rule, position))


def move_rule(routing: Routing, name: str, position: int) -> Routing:
    """Move the rule *name* to *position*, counted from 1; what is beyond the end is the end."""
    rule = rule_of(routing, name)
    others = tuple(each for each in routing.rules if each.name != name)
    return attrs.evolve(routing, rules=_inserted(others, rule, position))


def enable_rule(routing: Routing, name: str, *, on: bool) -> Routing:
    """Make the rule *name* count, or not."""
    changed = attrs.evolve(rule_of(routing, name), enabled=on)
    return attrs.evolve(routing, rules=tuple(changed if each.name == name else each for each in routing.rules))


def delete_rule(routing: Routing, name: str) -> Routing:
    """Take the rule *name* out."""
    rule_of(routing, name)
    return attrs.evolve(routing, rules=tuple(each for each in routing.rules if each.name != name))


def rule_of(routing: Routing, name: str) -> Rule:
    """Return the rule *name*."""
    rules = {each.name: each for each in routing.rules}
    _want(name, rules, "rule")
    return rules[name]


def set_alias(routing: Routing, name: str, leads_to: str) -> Routing:
    """Let *name*, a model's name or a pattern of such, lead to the model *leads_to*."""
    return attrs.evolve(routing, aliases={**routing.aliases, name: leads_to})


def delete_alias(routing: Routing, name: str) -> Routing:
    """Take the alias *name* out."""
    _want(name, routing.aliases, "alias")
    return attrs.evolve(routing, aliases=_without(routing.aliases, name))


def set_safe_mode(routing: Routing, *, on: bool, model: str = "", since: str = "") -> Routing:
    """Switch safe mode, and say with which *model*; empty: the one there is. *since* is an ISO time."""
    model = model or routing.safe_mode.model
    if on and routing.safe_mode.on:
        since = routing.safe_mode.since
    return attrs.evolve(routing, safe_mode=SafeMode(on=on, model=model, since=since if on else ""))


def disable_account(routing: Routing, provider: str, account: str) -> Routing:
    """Give an account nothing from now on; one that gets nothing already stays so."""
    return attrs.evolve(routing, disabled=routing.disabled | {f"{provider}/{account}"})


def enable_account(routing: Routing, provider: str, account: str) -> Routing:
    """Give an account requests again; one that gets them stays so."""
    return attrs.evolve(routing, disabled=routing.disabled - {f"{provider}/{account}"})


def forget_account(routing: Routing, provider: str, account: str) -> Routing:
    """Take an account, which is to be removed, out of all groups and of those that are disabled."""
    gone = Member(provider=provider, account=account)
    groups = {
        name: attrs.evolve(each, members=tuple(member for member in each.members if not _same(member, gone)))
        for name, each in routing.groups.items()
    }
    return attrs.evolve(enable_account(routing, provider, account), groups=groups)


def _inserted(rules: Sequence[Rule], rule: Rule, position: int | None) -> tuple[Rule, ...]:
    at = len(rules) if position is None else max(position - 1, 0)
    return (*rules[:at], rule, *rules[at:])


def _without(table: Mapping[str, T], name: str) -> dict[str, T]:
    return {each: value for each, value in table.items() if each != name}


def _same(one: Member, other: Member) -> bool:
    return (one.provider, one.account) == (other.provider, other.account)


def _shown(provider: str, account: str) -> str:
    return key(f"{provider}/{account}" if account else provider)


def _refuse_needed(what: str, by: Sequence[str], kind: str) -> None:
    if by:
        which = ", ".join(map(key, by))
        raise CommandFailed(NEEDED, f"The {what} is still named by the {kind}{'s' if len(by) > 1 else ''} {which}.")


def _want_no(name: str, there: Iterable[str], kind: str) -> None:
    if name in there:
        raise CommandFailed(EXISTS, f"There is a {kind} {key(name)} already.")


def _want(name: str, there: Iterable[str], kind: str, more: Sequence[str] = ()) -> None:
    known = [*there, *(each for each in more if each not in there)]
    if name in known:
        return
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {key(close[0])}?" if close else f"There are: {', '.join(map(key, known)) or 'none'}."
    raise CommandFailed(ABSENT, f"There is no {kind} {key(name)}{'; ' if close else '. '}{hint}")
