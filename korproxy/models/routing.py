"""What the user says about where requests go: profiles, groups, rules, safe mode. The contents of routing.toml, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

# How a request is classed. Counting tokens, compaction and the like are ``other``.
RequestType: TypeAlias = Literal["chat", "completion", "embedding", "other"]
DEFAULT = "default"  # the profile there is when nobody has made one


@attrs.frozen(kw_only=True)
class Member:
    """Who belongs to a group.

    Attributes:
        account: Its name; empty: every account of the provider.
        weight: For the strategy ``weighted``: this much of the whole.
    """

    provider: str
    account: str = ""
    weight: int = 1


@attrs.frozen(kw_only=True)
class Group:
    """Accounts that can stand in for each other, and who of them goes first."""

    name: str
    members: tuple[Member, ...] = ()
    strategy: str = "priority"


@attrs.frozen(kw_only=True)
class Profile:
    """Which group serves which type of request; see ``RequestType``.

    Where none is named it is ``default``, and where that is empty, whoever offers the model.
    """

    name: str
    default: str = ""
    chat: str = ""
    completion: str = ""
    embedding: str = ""
    other: str = ""

    def group_for(self, type: RequestType) -> str:  # noqa: A002 -- the word for it
        """Return the name of the group for requests of *type*; empty: none is named."""
        named: str = getattr(self, type)
        return named or self.default


@attrs.frozen(kw_only=True)
class When:
    """What a rule asks of a request; all of it has to hold. What is empty or None asks nothing.

    Attributes:
        model: A pattern (``claude-*``) for the name that the client wrote.
        types: One of these.
        key: A pattern for the name of the client key.
        headers: Patterns for header values by names in lower case; ``*``: it has to be there.
        min_body, max_body: Bytes of the body, both included.
        tools, images, reasoning: Whether the request offers tools, holds images, asks for reasoning. Only for the
            last two the body has to be decoded.
        profile: The profile in force.
        hours: ``HH:MM-HH:MM`` of the local time, the end not included; over midnight where the end is the earlier one.
        days: Any of ``mon`` to ``sun``. Hours that go over midnight belong to the day on which they begin.
    """

    model: str = ""
    types: tuple[RequestType, ...] = ()
    key: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    min_body: int | None = None
    max_body: int | None = None
    tools: bool | None = None
    images: bool | None = None
    reasoning: bool | None = None
    profile: str = ""
    hours: str = ""
    days: tuple[str, ...] = ()

    @property
    def needs_body(self) -> bool:
        """Whether the body has to be decoded to know."""
        return (self.images, self.reasoning) != (None, None)


@attrs.frozen(kw_only=True)
class Rule:
    """The first rule that holds decides.

    Attributes:
        group, model: Where the request goes, under which name; one of them or both.
        refuse: A KP code: the request is refused with it. Nothing else is said then.
        safe_mode: The request goes to the safe model.
    """

    name: str
    when: When = attrs.field(factory=When)
    group: str = ""
    model: str = ""
    refuse: str = ""
    message: str = ""
    safe_mode: bool = False
    enabled: bool = True


@attrs.frozen(kw_only=True)
class SafeMode:
    """Everything that talks goes to one cheap, reliable model. ``since`` is an ISO time, for people."""

    on: bool = False
    model: str = "claude-haiku-4-5"
    since: str = ""


@attrs.frozen(kw_only=True)
class Routing:
    """All of routing.toml.

    Attributes:
        profile: The name of the profile in force.
        aliases: Names or patterns of models -> ``provider/model`` or a model; they go before those of korproxy.toml.
        disabled: Accounts that get nothing, as ``provider/account``.
    """

    profile: str = DEFAULT
    profiles: Mapping[str, Profile] = attrs.field(factory=dict)
    groups: Mapping[str, Group] = attrs.field(factory=dict)
    rules: tuple[Rule, ...] = ()
    aliases: Mapping[str, str] = attrs.field(factory=dict)
    safe_mode: SafeMode = attrs.field(factory=SafeMode)
    disabled: frozenset[str] = frozenset()
