from __future__ import annotations

from math import inf
from typing import Any

import pytest

from korproxy.errors.exceptions import ConfigError, NoProvider, RuleRefused
from korproxy.gateway import content
from korproxy.gateway.deciding import Route, Situation, decide, heading
from korproxy.gateway.health import WELL, Health
from korproxy.gateway.routing import PLANS, Snapshot
from korproxy.kit import json_raw
from korproxy.models.accounts import Account, Secret
from korproxy.models.decisions import Able, Decision, RoutedCall, RuleTried, Way
from korproxy.models.routing import Profile, Routing, Rule, SafeMode, When
from tests.fakes.routed import CHAT, Backwards, a_request, group, provider, routing, snapshot

ONE, TWO = provider("one", "m", accounts=("a", "b")), provider("two", "m", accounts=("c",))


def decided(used: Snapshot, /, headers: dict[str, str] | None = None, **situation: Any) -> Route:
    return decide(a_request(headers=headers), used, Situation(**situation))


def order(route: Route) -> list[str]:
    named = [(each.provider.id, each.account.name, each.model, each.dialect) for each in route.order]
    assert named == [(each.provider, each.account, each.model, each.dialect) for each in route.decision.order]
    return [f"{provider}/{account}" for provider, account, *_ in named]


def standing(**known: Health) -> dict[str, Any]:
    """Return what a board would say of accounts by their names."""
    return {"standing": lambda _, account, __: known.get(account, WELL)}


def test_a_decision_says_all_that_it_was_made_of() -> None:
    mine = routing(group("g", "two", "one/a", strategy="backwards"), profiles=[Profile(name="p", chat="g")], profile="p")
    route = decided(snapshot(ONE, TWO, routing=mine, strategies=[Backwards()]), turn=4, seed=5, session="s")
    made = route.decision

    assert order(route) == ["one/a", "two/c"]
    assert (made.type, made.profile, made.wanted, made.model) == ("chat", "p", "m", "m")
    assert (made.group, made.strategy, made.turn, made.seed, made.session) == ("g", "backwards", 4, 5, "s")
    assert (made.rule, made.rules, made.rejected, made.safe_mode) == ("", (), (), False)
    assert made.order[0] == Way(provider="one", account="a", model="m", dialect=CHAT)


def test_a_strategy_sees_load_and_failures_and_nothing_of_the_content() -> None:
    strategy = Backwards()
    mine = routing(
        group("g", "one", "two", strategy="backwards", weights=[2, 7]), profiles=[Profile(name="default", default="g")]
    )
    now = snapshot(ONE, TWO, routing=mine, strategies=[strategy])
    decide(
        a_request(key_name="laptop", body=b"x" * 30),
        now,
        Situation(turn=1, seed=2, load=lambda _, account: (ord(account) - 96, 0), **standing(b=Health(failures=2))),
    )

    able = [
        Able(provider="one", account="a", model="m", weight=2, running=1),
        Able(provider="one", account="b", model="m", weight=2, running=2, failures=2),
        Able(provider="two", account="c", model="m", weight=7, running=3),
    ]
    asked = RoutedCall(type="chat", model="m", profile="default", key_name="laptop", size=30)
    assert strategy.asked == [(asked, tuple(able), 1, 2)]


def test_load_is_asked_only_where_a_strategy_is() -> None:
    asked: list[str] = []

    def load(provider: str, account: str) -> tuple[int, int]:
        asked.append(f"{provider}/{account}")
        return 0, 0

    profiles = [Profile(name="default", default="g")]
    two = routing(group("g", "one", strategy="backwards"), profiles=profiles)
    one = routing(group("g", "two", strategy="backwards"), profiles=profiles)
    assert decided(snapshot(ONE, TWO), load=load).decision.able == ()
    assert decided(snapshot(ONE, TWO, routing=one, strategies=[Backwards()]), load=load).decision.able == ()
    assert asked == []
    made = decided(snapshot(ONE, TWO, routing=two, strategies=[Backwards()]), load=load).decision
    assert ([each.account for each in made.able], asked) == (["a", "b"], ["one/a", "one/b"])


def test_who_cannot_be_reached_from_the_clients_format_is_told_among_those_passed_over() -> None:
    foreign = provider("foreign", "m", speaks=())
    over = decided(snapshot(foreign, ONE)).decision.rejected

    assert [(each.provider, each.account, each.model, each.why) for each in over] == [("foreign", "work", "m", "format")]


def test_a_strategy_that_is_not_loaded_or_wrong_leaves_the_order_of_the_group() -> None:
    class Wrong(Backwards):
        def rank(self, call: RoutedCall, able: Any, *, turn: int, seed: int) -> Any:
            raise ZeroDivisionError(call, able, turn, seed)

    mine = routing(group("g", "two", "one", strategy="wrong"), profiles=[Profile(name="default", default="g")])

    route = decided(snapshot(ONE, TWO, routing=mine))
    assert (order(route), route.decision.strategy) == (["two/c", "one/a", "one/b"], "wrong (not loaded)")
    route = decided(snapshot(ONE, TWO, routing=mine, strategies=[Wrong("wrong")]))
    assert (order(route), route.decision.strategy) == (["two/c", "one/a", "one/b"], "wrong (ZeroDivisionError)")


@pytest.mark.parametrize(
    ("health", "why", "returns_in", "code"),
    [
        (Health(state="rate_limited", until=107.5, code="KP-RATE-401"), "rate_limited", 7.5, "KP-RATE-401"),
        (Health(state="rate_limited", until=101.0, spent=True), "spent", 1.0, ""),
        (Health(state="erroring", until=160.0, code="KP-PROV-102"), "erroring", 60.0, "KP-PROV-102"),
        (Health(state="refused", until=inf, code="KP-AUTH-007"), "refused", None, "KP-AUTH-007"),
        (Health(state="erroring", until=99.0, probing=3), "probing", None, ""),
    ],
)
def test_who_may_not_be_asked_now_is_passed_over_with_the_reason(
    health: Health, why: str, returns_in: float | None, code: str
) -> None:
    route = decided(snapshot(ONE, TWO), now=100.0, **standing(a=health))

    assert order(route) == ["one/b", "two/c"]
    rejected = route.decision.rejected[0]
    assert (rejected.provider, rejected.account, rejected.model) == ("one", "a", "m")
    assert (rejected.why, rejected.returns_in, rejected.code) == (why, returns_in, code)


def test_who_may_be_probed_or_has_failed_too_seldom_is_asked() -> None:
    probed = Health(state="erroring", until=99.0)
    assert order(decided(snapshot(ONE, TWO), now=100.0, **standing(a=probed, b=Health(failures=2)))) == [
        "one/a",
        "one/b",
        "two/c",
    ]


def test_where_nobody_may_be_asked_the_order_is_empty() -> None:
    resting = Health(state="rate_limited", until=5.0)
    route = decided(snapshot(ONE, TWO), now=1.0, **standing(a=resting, b=resting, c=resting))

    assert (order(route), [each.returns_in for each in route.decision.rejected]) == ([], [4.0, 4.0, 4.0])


def test_disabled_and_excluded_accounts_get_nothing() -> None:
    now = snapshot(ONE, TWO, routing=Routing(disabled=frozenset({"one/a"})))
    route = decided(now, without=frozenset({"two"}))

    assert order(route) == ["one/b"]
    assert [(each.account, each.why) for each in route.decision.rejected] == [("a", "disabled"), ("c", "excluded")]
    assert order(decided(now, without=frozenset({"one/b"}))) == ["two/c"]


def test_who_has_no_key_is_passed_over_while_another_has_one() -> None:
    missing = ConfigError("KP-AUTH-004", "gone")
    keyless = provider("k", "m", accounts=(Account(name="x", missing=missing), Account(name="y", forwards=True)))
    route = decided(snapshot(keyless, TWO))

    assert order(route) == ["two/c"]
    assert [(each.account, each.why, each.code) for each in route.decision.rejected] == [
        ("x", "no key", "KP-AUTH-004"),
        ("y", "no key", ""),
    ]
    brought = decide(a_request(credential=Secret("s")), snapshot(keyless, TWO), Situation())
    assert order(brought) == ["k/y", "two/c"]
    alone = decided(snapshot(keyless))
    assert (order(alone), alone.decision.rejected) == (["k/x", "k/y"], ())


def test_a_session_stays_with_its_account_while_that_may_be_asked() -> None:
    now = snapshot(ONE, TWO)

    assert order(decided(now, kept="two/c")) == ["two/c", "one/a", "one/b"]
    assert order(decided(now, kept="nobody/x")) == ["one/a", "one/b", "two/c"]
    route = decided(now, now=1.0, kept="one/a", **standing(a=Health(state="erroring", until=5.0)))
    assert (order(route), route.decision.kept) == (["one/b", "two/c"], "one/a")


def test_the_account_of_the_session_goes_before_what_the_strategy_says() -> None:
    profiles = [Profile(name="default", default="g")]
    mine = routing(group("g", "one", "two", strategy="backwards"), profiles=profiles)
    route = decided(snapshot(ONE, TWO, routing=mine, strategies=[Backwards()]), kept="one/b")

    assert (order(route), route.decision.strategy) == (["one/b", "two/c", "one/a"], "backwards")


def test_headers_choose_the_profile_the_type_and_safe_mode() -> None:
    profiles = [Profile(name="p", chat="g", other="h")]
    mine = routing(group("g", "two"), group("h", "one/b"), profiles=profiles, safe_mode=SafeMode(model="safe"))
    now = snapshot(ONE, TWO, provider("three", "safe"), routing=mine)

    asked = {"X-KorProxy-Profile": "p"}
    assert order(decided(now)) == ["one/a", "one/b", "two/c"]
    assert order(decided(now, headers=asked)) == ["two/c"]
    assert order(decided(now, headers=asked | {"X-KorProxy-Request-Type": "other"})) == ["one/b"]
    safe = decided(now, headers={"X-KorProxy-Safe-Mode": "on"}).decision
    assert (safe.safe_mode, safe.wanted, safe.model, safe.order[0].provider) == (True, "m", "safe", "three")
    assert order(decided(now)) == ["one/a", "one/b", "two/c"]


def test_where_one_kind_of_request_leads_is_found_once() -> None:
    now = snapshot(ONE, TWO)

    assert heading(a_request(), now, 0.0) is heading(a_request(), now, 9.0)
    assert heading(a_request(), now, 0.0).only is None
    forced = a_request(headers={"X-KorProxy-Request-Type": "chat"})
    assert heading(forced, now, 0.0).lead is heading(forced, now, 0.0).lead
    alone = snapshot(TWO)
    only = heading(a_request(), alone, 0.0).only
    assert only is not None
    assert decide(a_request(), alone, Situation()) == only
    for number in range(PLANS + 5):
        heading(a_request(f"two/{number}"), now, 0.0)
    assert (len(now.headings), len(now.leads)) == (PLANS, PLANS)


def test_the_first_rule_that_holds_sends_the_request_and_all_that_were_looked_at_are_told() -> None:
    rules = (
        Rule(name="pictures", when=When(images=True), group="g"),
        Rule(name="small", when=When(model="m*", key="laptop"), group="g", model="only"),
        Rule(name="rest", group="h"),
    )
    mine = routing(group("g", "one/b", strategy="backwards"), group("h", "two"), rules=rules)
    now = snapshot(provider("one", "m", "only", accounts=("a", "b")), TWO, routing=mine)

    made = decide(a_request(key_name="laptop"), now, Situation()).decision
    assert (made.rule, made.rules) == ("small", (RuleTried("pictures", "no images"), RuleTried("small")))
    assert (made.wanted, made.model, made.group, made.order[0].account) == ("m", "only", "g", "b")
    other = decide(a_request(key_name="desk"), now, Situation()).decision
    assert (other.rule, other.group, other.model, len(other.rules)) == ("rest", "h", "m", 3)


def test_a_rule_can_switch_safe_mode_on_where_the_settings_let_it() -> None:
    mine = Routing(rules=(Rule(name="r", safe_mode=True),), safe_mode=SafeMode(model="two/safe"))

    made = decided(snapshot(ONE, TWO, routing=mine)).decision
    assert (made.safe_mode, made.model, made.order[0].provider) == (True, "safe", "two")
    made = decided(snapshot(ONE, TWO, routing=mine, safe_mode=False)).decision
    assert (made.safe_mode, made.model) == (False, "m")


@pytest.mark.code("KP-PROV-124")
def test_a_rule_can_refuse_with_a_code_and_words_of_its_own() -> None:
    rules = (
        Rule(name="no", when=When(model="m"), refuse="KP-PROV-124", message="ask Ada"),
        Rule(name="late", refuse="KP-RATE-403"),
    )
    now = snapshot(ONE, routing=Routing(rules=rules))

    with pytest.raises(RuleRefused, match=r"^The rule 'no' of routing\.toml refuses this request: ask Ada$") as caught:
        decided(now)
    assert (caught.value.code, caught.value.rule) == ("KP-PROV-124", "no")
    made = caught.value.decision
    assert isinstance(made, Decision)
    assert (made.rule, made.rules, made.order) == ("no", (RuleTried("no"),), ())
    with pytest.raises(RuleRefused, match=r"refuses this request\.$") as caught:
        decide(a_request("other"), now, Situation())
    assert caught.value.code == "KP-RATE-403"


def test_an_error_has_with_it_what_was_decided_until_then() -> None:
    rules = (Rule(name="other", when=When(model="x"), group="g"), Rule(name="mine", group="g", model="gone"))
    mine = routing(group("g", "one", "two"), rules=rules, safe_mode=SafeMode(model="never"))
    now = snapshot(ONE, TWO, routing=mine)

    with pytest.raises(NoProvider) as caught:
        decided(now)
    made = caught.value.decision
    assert isinstance(made, Decision)
    assert (made.rule, made.rules) == ("mine", (RuleTried("other", "model is not x"), RuleTried("mine")))
    assert (made.wanted, made.order, made.safe_mode) == ("m", (), False)
    with pytest.raises(NoProvider) as caught:
        decided(now, headers={"X-KorProxy-Safe-Mode": "on"})
    assert isinstance(caught.value.decision, Decision)
    assert caught.value.decision.safe_mode


def test_no_body_is_read_unless_an_active_rule_asks_for_what_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def spied(body: bytes) -> Any:
        read.append(body)
        return original(body)

    original = json_raw.raw_object
    monkeypatch.setattr(content, "raw_object", spied)
    asking = When(images=True, reasoning=False, model="m")
    quiet = [When(tools=True), When(model="x", images=True), When(min_body=9, headers={"a": "b"}, hours="01:00-02:00")]
    off = Rule(name="off", when=asking, group="g", enabled=False)
    cheap = [Rule(name=str(number), when=when, group="g") for number, when in enumerate(quiet)]

    for rules in ((), (off,), (off, *cheap)):
        decided(snapshot(ONE, TWO, routing=routing(group("g", "two"), rules=rules)))
    assert read == []
    twice = (Rule(name="a", when=asking, group="g"), Rule(name="b", when=asking, group="g"), *cheap)
    decided(snapshot(ONE, TWO, routing=routing(group("g", "two"), rules=twice)))
    assert read == [b"{}"]
