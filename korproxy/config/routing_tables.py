"""The tables of routing.toml, strict (docs/reference/routing-file.md), and how each becomes what the models call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs

from korproxy.config.checks import Distinct, Each, Entries, Mistake, OneStep, said, text, whole
from korproxy.config.texts import (
    account_name,
    account_of_provider,
    alias,
    error_code,
    header_name,
    hours,
    label,
    model_name,
    not_empty,
    pattern,
    provider_id,
)
from korproxy.models.routing import DEFAULT, Group, Member, Profile, RequestType, Routing, Rule, SafeMode, When

Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HEAVIEST = 1_000_000


@attrs.frozen(kw_only=True)
class MemberTable:
    """One of a group's ``members``."""

    provider: str = attrs.field(validator=text(provider_id))
    account: str = attrs.field(default="", validator=said(account_name))
    weight: int = attrs.field(default=1, validator=whole(1, HEAVIEST))


@attrs.frozen
class _NoneTwice(Each):
    """Wants no two members for the same account."""

    def mistakes(self, value: object) -> list[Mistake]:
        """Return one for each member that is there already."""
        if not isinstance(value, list | tuple):
            return []
        seen = [(each.provider, each.account) if isinstance(each, MemberTable) else None for each in value]
        return [Mistake("is there twice", at=(at,)) for at, one in enumerate(seen) if one and one in seen[:at]]


@attrs.frozen(kw_only=True)
class GroupTable:
    """One ``[groups.NAME]`` table."""

    strategy: str = attrs.field(default="priority", validator=text(label))
    members: tuple[MemberTable, ...] = attrs.field(default=(), validator=_NoneTwice(not_empty))

    def named(self, name: str) -> Group:
        """Return it as the group *name*."""
        members = tuple(Member(**_plain(each)) for each in self.members)
        return Group(name=name, members=members, strategy=self.strategy)


@attrs.frozen(kw_only=True)
class ProfileTable:
    """One ``[profiles.NAME]`` table: names of groups."""

    default: str = attrs.field(default="", validator=said(label))
    chat: str = attrs.field(default="", validator=said(label))
    completion: str = attrs.field(default="", validator=said(label))
    embedding: str = attrs.field(default="", validator=said(label))
    other: str = attrs.field(default="", validator=said(label))


@attrs.frozen(kw_only=True)
class WhenTable:
    """A rule's ``when``."""

    model: str = attrs.field(default="", validator=said(pattern))
    types: tuple[RequestType, ...] = attrs.field(default=(), validator=Each(not_empty))
    key: str = attrs.field(default="", validator=said(pattern))
    headers: Mapping[str, str] = attrs.field(factory=dict, validator=Entries(header_name, pattern))
    min_body: int | None = attrs.field(default=None, validator=whole(0))
    max_body: int | None = attrs.field(default=None, validator=whole(0))
    tools: bool | None = None
    images: bool | None = None
    reasoning: bool | None = None
    profile: str = attrs.field(default="", validator=said(label))
    hours: str = attrs.field(default="", validator=said(hours))
    days: tuple[Day, ...] = attrs.field(default=(), validator=Each(not_empty))

    def __attrs_post_init__(self) -> None:
        if self.min_body is not None and self.max_body is not None and self.min_body > self.max_body:
            raise Mistake("is less than min_body, so no request can match", at=("max_body",))


@attrs.frozen(kw_only=True)
class RuleTable:
    """One of the ``[[rules]]``."""

    name: str = attrs.field(validator=text(label))
    enabled: bool = True
    group: str = attrs.field(default="", validator=said(label))
    model: str = attrs.field(default="", validator=said(model_name))
    safe_mode: bool = False
    refuse: str = attrs.field(default="", validator=said(error_code))
    message: str = attrs.field(default="", validator=said(not_empty))
    when: WhenTable = attrs.field(factory=WhenTable)

    def __attrs_post_init__(self) -> None:
        leads = bool(self.group or self.model or self.safe_mode)
        if self.refuse and leads:
            raise Mistake("cannot be combined with group, model or safe_mode", at=("refuse",))
        if not self.refuse and not leads:
            raise Mistake("says nothing: it needs group, model, safe_mode or refuse")
        if self.message and not self.refuse:
            raise Mistake("is only for rules that refuse", at=("message",))

    @property
    def rule(self) -> Rule:
        """The rule."""
        return Rule(**{**_plain(self), "when": When(**_plain(self.when))})


@attrs.frozen(kw_only=True)
class SafeModeTable:
    """The ``[safe_mode]`` table."""

    on: bool = False
    model: str = attrs.field(default=SafeMode().model, validator=text(model_name))
    since: str = attrs.field(default="", validator=said(not_empty))


@attrs.frozen(kw_only=True)
class RoutingTables:
    """All of routing.toml."""

    version: int = attrs.field(default=1, validator=whole(1, 1))
    profile: str = attrs.field(default=DEFAULT, validator=text(label))
    disabled: tuple[str, ...] = attrs.field(default=(), validator=Each(account_of_provider))
    aliases: Mapping[str, str] = attrs.field(factory=dict, validator=OneStep(alias, model_name))
    safe_mode: SafeModeTable = attrs.field(factory=SafeModeTable)
    profiles: Mapping[str, ProfileTable] = attrs.field(factory=dict, validator=Entries(label))
    groups: Mapping[str, GroupTable] = attrs.field(factory=dict, validator=Entries(label))
    rules: tuple[RuleTable, ...] = attrs.field(default=(), validator=Distinct("name", "KP-CONF-202"))

    @property
    def routing(self) -> Routing:
        """What the core works with."""
        return Routing(
            profile=self.profile,
            profiles={name: Profile(name=name, **_plain(each)) for name, each in self.profiles.items()},
            groups={name: each.named(name) for name, each in self.groups.items()},
            rules=tuple(each.rule for each in self.rules),
            aliases=dict(self.aliases),
            safe_mode=SafeMode(**_plain(self.safe_mode)),
            disabled=frozenset(self.disabled),
        )


def _plain(table: attrs.AttrsInstance) -> dict[str, Any]:
    return attrs.asdict(table, recurse=False)
