"""Small worlds of accounts, groups, rules and requests, and what holds of all decisions in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

import attrs
from hypothesis import strategies as st

from korproxy.contracts import RoutingStrategy
from korproxy.errors.exceptions import KorproxyError
from korproxy.gateway.deciding import Route, Situation, decide
from korproxy.gateway.health import WELL, Health, may
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.ranking import ranked
from korproxy.gateway.router import Router
from korproxy.gateway.routing import Snapshot
from korproxy.models.calls import Call
from korproxy.models.decisions import Decision, RoutedCall
from korproxy.models.routing import Profile, Routing, Rule, SafeMode, When
from tests.fakes import offered
from tests.fakes.routed import Backwards, a_request, group, provider, snapshot

NOW = 100.0
ACCOUNTS = ("one/a", "one/b", "two/a", "three/c")
MODELS = ("m", "n", "claude-haiku-4-5", "gpt-6", "text-embedding-3", "one/m", "two/deep/name", "three/n", "", "one/")
GROUPS = ("g", "h")
IMAGE = '{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}'
STRATEGIES: Sequence[RoutingStrategy] = (*offered.strategies().values(), Backwards())
HEALTH: Mapping[str, Health] = {
    "well": WELL,
    "shaky": Health(failures=2),
    "limited": Health(state="rate_limited", until=NOW + 7, code="KP-RATE-401"),
    "spent": Health(state="rate_limited", until=NOW + 9, spent=True),
    "erroring": Health(state="erroring", until=NOW + 1, failures=3),
    "to probe": Health(state="erroring", until=NOW - 1, failures=3),
    "probing": Health(state="erroring", until=NOW - 1, failures=3, probing=4),
    "refused": Health(state="refused", until=inf, code="KP-AUTH-007"),
}


@attrs.frozen(kw_only=True)
class World:
    """All of it in JSON's own types, so that it can be written down.

    Attributes:
        offers: Which models each provider lists; ``*``: it takes any.
        groups: Name -> its strategy, its members and what they weigh.
        rules: The fields of each rule, those of its ``when`` among them.
        health: Account -> a key of ``HEALTH``.
        requests: Each by its model, its headers, its key and its body.
    """

    offers: dict[str, list[str]]
    groups: dict[str, tuple[str, list[str], list[int]]] = attrs.field(factory=dict)
    profile: dict[str, str] = attrs.field(factory=dict)
    rules: list[dict[str, Any]] = attrs.field(factory=list)
    aliases: dict[str, str] = attrs.field(factory=dict)
    safe: bool = False
    disabled: list[str] = attrs.field(factory=list)
    health: dict[str, str] = attrs.field(factory=dict)
    load: dict[str, int] = attrs.field(factory=dict)
    without: list[str] = attrs.field(factory=list)
    requests: list[tuple[str, dict[str, str], str, str]] = attrs.field(factory=list)

    @classmethod
    def read(cls, text: bytes) -> World:
        return cls(**json.loads(text))

    def snapshot(self) -> Snapshot:
        """Return it compiled, anew each time."""
        accounts = {name: [each.split("/")[1] for each in ACCOUNTS if each.startswith(f"{name}/")] for name in self.offers}
        providers = [
            provider(
                name, *(each for each in models if each != "*"), accounts=accounts[name], patterns=("*",) * ("*" in models)
            )
            for name, models in self.offers.items()
        ]
        made = [group(name, *members, strategy=how, weights=given) for name, (how, members, given) in self.groups.items()]
        routing = Routing(
            profile="p",
            profiles={"p": Profile(name="p", **self.profile)},
            groups={each.name: each for each in made},
            rules=tuple(_rule(number, dict(each)) for number, each in enumerate(self.rules)),
            aliases=self.aliases,
            safe_mode=SafeMode(on=self.safe),
            disabled=frozenset(self.disabled),
        )
        return snapshot(*providers, routing=routing, strategies=STRATEGIES)

    def calls(self) -> list[Call]:
        return [
            a_request(model, headers=headers, key_name=key, body=body.encode()) for model, headers, key, body in self.requests
        ]

    def standing(self, provider: str, account: str, model: str) -> Health:
        del model
        return HEALTH[self.health.get(f"{provider}/{account}", "well")]

    def busy(self, provider: str, account: str) -> tuple[int, int]:
        return self.load.get(f"{provider}/{account}", 0), 0


def _rule(number: int, fields: dict[str, Any]) -> Rule:
    when = {each.name: fields.pop(each.name) for each in attrs.fields(When) if each.name in fields and each.name != "model"}
    return Rule(name=f"rule {number}", when=When(model=fields.pop("wanted", ""), **when), **fields)


class _Board(HealthBoard):
    """A board on which stands what the world says."""

    world: World

    def standing(self, provider: str, account: str, model: str) -> Health:
        return self.world.standing(provider, account, model)

    def knows(self, provider: str, account: str, model: str) -> bool:
        return self.standing(provider, account, model) != WELL


def check(world: World) -> None:
    """Let all requests be decided one after the other, and each of them once more from what the decision says of itself."""
    board = _Board(clock=lambda: NOW)
    board.world = world
    board.refused("nobody", "x", code="KP-AUTH-007")  # so that it is not calm, and asked each time
    router = Router(board=board, load=world.busy, clock=lambda: NOW, wall=lambda: 1_790_000_000.0)
    now, without = world.snapshot(), frozenset(world.without)
    for call in world.calls():
        route, failure = _tried(partial(router.route, call, now, without))
        made = route.decision if route is not None else Decision(type="chat", profile="", wanted="", model="")
        situation = Situation(
            now=NOW,
            wall=1_790_000_000.0,
            standing=world.standing,
            load=world.busy,
            turn=made.turn,
            seed=made.seed,
            session=made.session,
            kept=made.kept,
            without=without,
        )
        again, failed_again = _tried(partial(decide, call, world.snapshot(), situation))
        assert failed_again == failure
        assert (again and again.decision) == (route and route.decision)
        if route is not None:
            _holds(world, route)
            if route.order:
                router.answered(route, route.order[-1])


def _tried(decided: Callable[[], Route]) -> tuple[Route | None, str]:
    try:
        return decided(), ""
    except KorproxyError as exc:
        return None, f"{exc.code} {exc}"


def _holds(world: World, route: Route) -> None:
    made = route.decision
    order = [f"{each.provider}/{each.account}" for each in made.order]
    over = {f"{each.provider}/{each.account}": each.why for each in made.rejected}
    assert [f"{each.provider.id}/{each.account.name}" for each in route.order] == order
    assert len(set(order)) == len(order)
    assert not set(order) & set(over)
    assert all(over.values())
    barred = {*world.disabled, *world.without}
    assert not set(order) & barred
    assert all(may(world.standing(each.provider, each.account, ""), NOW) != "no" for each in made.order)
    assert made.kept not in order or order[0] == made.kept
    assert [each.name for each in made.rules if not each.why] == [made.rule] * bool(made.rule)
    assert not made.rule or made.rules[-1].name == made.rule
    if made.able:
        strategy = next(each for each in STRATEGIES if each.name == made.strategy)
        asked = RoutedCall(type=made.type, model=made.model, profile=made.profile)
        again, _ = ranked(strategy, asked, made.able, turn=made.turn, seed=made.seed)
        assert sorted((f"{each.provider}/{each.account}" for each in again), key=lambda name: name != made.kept) == order
    if made.group:
        members = world.groups[made.group][1]
        assert all(each in members or each.split("/")[0] in members for each in order)


_names = st.sampled_from([*ACCOUNTS, "one", "two", "three", "one/gone", "nobody"])
_offers = st.lists(st.sampled_from([*MODELS[:5], "*"]), max_size=3, unique=True).map(lambda some: ["m", *some])
_group = st.tuples(
    st.sampled_from([*[each.name for each in STRATEGIES], "never-loaded"]),
    st.lists(_names, max_size=5, unique=True),
    st.lists(st.integers(0, 5), max_size=5),
).map(lambda each: (each[0], each[1], each[2][: len(each[1])]))
_rules = st.fixed_dictionaries(
    {},
    optional={
        "wanted": st.sampled_from(["*", "m", "claude-*", "*-6"]),
        "types": st.lists(st.sampled_from(["chat", "embedding", "other"]), max_size=2).map(tuple),
        "key": st.sampled_from(["laptop", "desk*"]),
        "headers": st.dictionaries(st.just("x-team"), st.sampled_from(["*", "red"]), max_size=1),
        "images": st.booleans(),
        "min_body": st.integers(0, 40),
        "hours": st.sampled_from(["00:00-24:00", "23:00-01:00"]),
        "group": st.sampled_from([*GROUPS, "never-made"]),
        "model": st.sampled_from(["n", "fast", "two/x"]),
        "safe_mode": st.booleans(),
        "enabled": st.booleans(),
        "refuse": st.sampled_from(["", "", "", "KP-PROV-124"]),
    },
)
_headers = st.fixed_dictionaries(
    {},
    optional={
        "X-KorProxy-Profile": st.sampled_from(["p", "p", "p", "default", "gone"]),
        "X-KorProxy-Request-Type": st.sampled_from(["embedding", "other", "chat", "chat", "wrong"]),
        "X-KorProxy-Safe-Mode": st.just("on"),
        "X-Team": st.sampled_from(["red", "blue"]),
    },
).flatmap(lambda some: st.sampled_from([some, some | {"Session-Id": "s"}, some | {"Session-Id": "t"}]))
_requests = st.tuples(
    st.sampled_from(["m", "m", "m", "m", *MODELS]),
    _headers,
    st.sampled_from(["laptop", "desk-1", ""]),
    st.sampled_from(["{}", IMAGE, "", "["]),
)
WORLDS: st.SearchStrategy[World] = st.builds(
    World,
    offers=st.sampled_from([("one", "two", "three"), ("one", "two"), ("three", "one"), ("one",), ()]).flatmap(
        lambda ids: st.fixed_dictionaries(dict.fromkeys(ids, _offers))
    ),
    groups=st.fixed_dictionaries(dict.fromkeys(GROUPS, _group)),
    profile=st.dictionaries(st.sampled_from(["default", "chat", "embedding", "other"]), st.sampled_from([*GROUPS, "gone"])),
    rules=st.lists(_rules, max_size=4),
    aliases=st.dictionaries(st.sampled_from(["fast", "claude-*"]), st.sampled_from(["m", "one/x", "two/n"])),
    safe=st.sampled_from([False, False, False, True]),
    disabled=st.lists(st.sampled_from(ACCOUNTS), max_size=1),
    health=st.dictionaries(st.sampled_from(ACCOUNTS), st.sampled_from(sorted(HEALTH))),
    load=st.dictionaries(st.sampled_from(ACCOUNTS), st.integers(0, 3)),
    without=st.lists(st.sampled_from([*ACCOUNTS, "one"]), max_size=1),
    requests=st.lists(_requests, min_size=1, max_size=6),
)
