"""Requests, providers and snapshots for tests of decisions; nothing here opens a socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from korproxy.contracts import RoutingStrategy
from korproxy.gateway.routing import Snapshot
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES, OPENAI_CHAT, HttpProvider
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Headers, Peek
from korproxy.models.decisions import Able, RoutedCall
from korproxy.models.providers import Model
from korproxy.models.routing import Group, Member, Profile, Routing
from tests.fakes import formats

CHAT, MESSAGES = "openai-chat", "anthropic-messages"
ENDPOINTS = {CHAT: OPENAI_CHAT, MESSAGES: ANTHROPIC_MESSAGES}


def a_request(model: str = "m", *, headers: Mapping[str, str] | None = None, **fields: Any) -> Call:
    """Return a request for *model* with *headers*; *fields* are those of ``Call``."""
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    peek = Peek(model=model, stream=True, tools=fields.pop("tools", False))
    known: dict[str, Any] = {"id": "1", "correlation_id": "c", "dialect": CHAT, "path": "/", "body": b"{}"} | fields
    return Call(peek=peek, headers=Headers(raw), **known)


def provider(
    id: str,  # noqa: A002
    *models: str,
    accounts: Sequence[str | Account] = ("work",),
    speaks: tuple[str, ...] = (CHAT,),
    patterns: tuple[str, ...] = (),
) -> HttpProvider:
    """Return a provider of *models* with *accounts*, which is never asked."""
    return HttpProvider(
        id=id,
        base_url=f"https://{id}.test/v1",
        speaks={each: ENDPOINTS[each] for each in speaks},
        accounts=[Account(name=each) if isinstance(each, str) else each for each in accounts],
        catalogue=[Model(id=each) for each in models],
        patterns=patterns,
    )


def group(name: str, *members: str, strategy: str = "priority", weights: Sequence[int] = ()) -> Group:
    """Return a group; a member is ``provider`` or ``provider/account``."""
    halves = [each.partition("/") for each in members]
    given = [*weights, *[1] * (len(members) - len(weights))]
    made = [Member(provider=one, account=two, weight=weight) for (one, _, two), weight in zip(halves, given, strict=True)]
    return Group(name=name, members=tuple(made), strategy=strategy)


def routing(*groups: Group, profiles: Sequence[Profile] = (), **fields: Any) -> Routing:
    return Routing(groups={each.name: each for each in groups}, profiles={each.name: each for each in profiles}, **fields)


def snapshot(
    *providers: HttpProvider, routing: Routing | None = None, strategies: Sequence[RoutingStrategy] = (), **fields: Any
) -> Snapshot:
    """Return a snapshot in which two formats are known that can be translated into each other."""
    made = formats.snapshot(*providers, translated=True, aliases=fields.pop("aliases", None))
    return attrs.evolve(made, routing=routing or Routing(), strategies={each.name: each for each in strategies}, **fields)


@attrs.define
class Backwards:
    """A strategy that turns the order round, and remembers what it was asked."""

    name: str = "backwards"
    asked: list[tuple[RoutedCall, Sequence[Able], int, int]] = attrs.field(factory=list)

    def rank(self, call: RoutedCall, able: Sequence[Able], *, turn: int, seed: int) -> Sequence[Able]:
        self.asked.append((call, able, turn, seed))
        return able[::-1]


def some_able(*accounts: str, weights: Sequence[int] = ()) -> Sequence[Able]:
    given = [*weights, *[1] * (len(accounts) - len(weights))]
    pairs = zip(accounts, given, strict=True)
    return tuple(Able(provider="p", account=name, model="m", weight=weight) for name, weight in pairs)


def in_order(strategy: RoutingStrategy, able: Sequence[Able], *, turn: int = 0, seed: int = 0) -> str:
    """Return the names of the accounts as *strategy* ranks them, of which each is one letter."""
    return "".join(each.account for each in strategy.rank(RoutedCall(), able, turn=turn, seed=seed))


def firsts(strategy: RoutingStrategy, able: Sequence[Able], *, turns: int, since: int = 0) -> Mapping[str, int]:
    """Return how often each account comes first in so many turns."""
    return Counter(in_order(strategy, able, turn=turn, seed=turn * 7919)[0] for turn in range(since, since + turns))
