from __future__ import annotations

from typing import Any

import pytest

from korproxy.errors.exceptions import NoProvider
from korproxy.gateway.leading import Lead, Terms, lead
from korproxy.gateway.routing import Snapshot
from korproxy.models.routing import Group, Profile, RequestType, Routing, Rule, SafeMode
from tests.fakes.routed import CHAT, MESSAGES, a_request, group, provider, routing, snapshot

ONE, TWO = provider("one", "m", "only", accounts=("a", "b")), provider("two", "m", accounts=("c",))


def leading(
    now: Snapshot,
    model: str = "m",
    profile: str = "",
    type: RequestType = "chat",  # noqa: A002 -- as it is called everywhere
    **terms: Any,
) -> Lead:
    return lead(a_request(model), now, Terms(type=type, profile=Profile(name="p", chat=profile), **terms))


def names(led: Lead) -> list[str]:
    return [f"{each.provider.id}/{each.account.name}" for each in led.ways]


def test_without_a_group_it_is_whoever_offers_the_model() -> None:
    led = leading(snapshot(ONE, TWO))

    assert names(led) == ["one/a", "one/b", "two/c"]
    assert (led.group, led.strategy, led.weights, led.wanted, led.model) == ("", "", (1, 1, 1), "m", "m")


def test_the_group_of_a_profile_says_who_and_in_which_order() -> None:
    mine = group("g", "two", "one/b", strategy="weighted", weights=[3, 2])
    led = leading(snapshot(ONE, TWO, routing=routing(mine)), profile="g")

    assert names(led) == ["two/c", "one/b"]
    assert (led.group, led.strategy, led.weights, led.profile) == ("g", "weighted", (3, 2), "p")


def test_a_group_says_the_order_even_where_the_bytes_of_another_would_pass() -> None:
    other = provider("other", "m", speaks=(MESSAGES,))
    now = snapshot(ONE, other, routing=routing(group("g", "other", "one")))

    assert [each.dialect for each in leading(now).ways] == [CHAT, CHAT, MESSAGES]
    assert names(leading(now, profile="g")) == ["other/work", "one/a", "one/b"]


def test_an_account_that_is_named_goes_where_it_is_named_and_the_others_where_all_are() -> None:
    mine = group("g", "one/b", "two", "one", weights=[5, 1, 2])
    led = leading(snapshot(ONE, TWO, routing=routing(mine)), profile="g")

    assert names(led) == ["one/b", "two/c", "one/a"]
    assert led.weights == (5, 1, 2)


def test_the_group_for_another_type_does_not_count() -> None:
    now = snapshot(ONE, TWO, routing=routing(group("g", "two")))
    assert names(leading(now, profile="g", type="other")) == ["one/a", "one/b", "two/c"]


def test_a_model_that_only_others_offer_goes_to_them_whatever_the_profile() -> None:
    now = snapshot(ONE, TWO, routing=routing(group("g", "two")))
    led = leading(now, "only", profile="g")

    assert (names(led), led.group, led.strategy) == (["one/a", "one/b"], "", "")


def test_a_model_that_nobody_lists_goes_to_the_only_provider_of_the_profiles_group() -> None:
    now = snapshot(ONE, TWO, routing=routing(group("g", "two")))

    assert names(leading(now, "unheard-of", profile="g")) == ["two/c"]
    with pytest.raises(NoProvider, match="unheard-of") as caught:
        leading(now, "unheard-of")
    assert caught.value.code == "KP-PROV-105"


def test_a_name_with_a_provider_in_front_stays_with_that_provider() -> None:
    now = snapshot(ONE, TWO, routing=routing(group("g", "two"), group("h", "two", "one/b")))

    assert names(leading(now, "one/m", profile="g")) == ["one/a", "one/b"]
    assert names(leading(now, "one/m", profile="h")) == ["one/b"]
    assert names(leading(now, "one/m", rule=Rule(name="r", group="g"))) == ["one/a", "one/b"]


def test_a_group_whose_accounts_are_all_gone_is_none() -> None:
    now = snapshot(ONE, TWO, routing=routing(group("g", "one/gone"), Group(name="empty")))

    assert names(leading(now, profile="g")) == ["one/a", "one/b", "two/c"]
    assert names(leading(now, profile="empty")) == ["one/a", "one/b", "two/c"]
    assert names(leading(now, profile="never-made")) == ["one/a", "one/b", "two/c"]


def test_a_rule_sends_to_a_group_and_to_a_model() -> None:
    now = snapshot(ONE, TWO, routing=routing(group("g", "two"), group("h", "one")))

    led = leading(now, profile="h", rule=Rule(name="r", group="g"))
    assert (names(led), led.group) == (["two/c"], "g")
    led = leading(now, rule=Rule(name="r", model="only"))
    assert (names(led), led.wanted, led.model) == (["one/a", "one/b"], "m", "only")
    assert [each.model for each in leading(now, rule=Rule(name="r", model="two/deep")).ways] == ["deep"]


def test_a_rule_sends_to_the_only_provider_of_its_group_what_that_does_not_list() -> None:
    now = snapshot(ONE, TWO, routing=routing(group("g", "two")))
    assert names(leading(now, "only", rule=Rule(name="r", group="g"))) == ["two/c"]


@pytest.mark.code("KP-PROV-121")
def test_a_rules_group_is_meant_as_it_stands() -> None:
    three = provider("three", "x")
    now = snapshot(ONE, TWO, three, routing=routing(group("g", "two", "three"), group("gone", "one/z")))

    with pytest.raises(NoProvider, match="the group 'g', in which nobody serves the model 'only'") as caught:
        leading(now, "only", rule=Rule(name="r", group="g"))
    assert caught.value.code == "KP-PROV-121"
    with pytest.raises(NoProvider, match="the group 'gone'"):
        leading(now, rule=Rule(name="r", group="gone"))


def test_a_format_that_the_group_cannot_take_leads_to_others_for_a_profile_and_nowhere_by_a_rule() -> None:
    foreign = provider("foreign", "m", speaks=())
    now = snapshot(ONE, foreign, routing=routing(group("g", "foreign")))

    assert names(leading(now, profile="g")) == ["one/a", "one/b"]
    with pytest.raises(NoProvider) as caught:
        leading(now, rule=Rule(name="r", group="g"))
    assert caught.value.code == "KP-PROV-117"


def test_aliases_of_routing_go_before_those_of_the_settings_and_one_step_far() -> None:
    mine = routing(aliases={"fast": "only", "quick": "fast"})
    now = snapshot(ONE, TWO, routing=mine, aliases={"fast": "two/m", "only": "two/m", "slow": "two/m"})

    assert names(leading(now, "fast")) == ["one/a", "one/b"]
    assert names(leading(now, "slow")) == ["two/c"]
    assert names(leading(now, rule=Rule(name="r", model="fast"))) == ["one/a", "one/b"]
    with pytest.raises(NoProvider, match="'fast'"):
        leading(now, "quick")


def test_safe_mode_changes_the_model_of_all_that_talks() -> None:
    mine = routing(group("g", "two"), safe_mode=SafeMode(model="only"))
    now = snapshot(ONE, TWO, routing=mine)

    led = leading(now, safe=True, rule=Rule(name="r", model="m"))
    assert (names(led), led.model, led.safe_mode) == (["one/a", "one/b"], "only", True)
    assert leading(now, safe=True, type="completion").model == "only"
    kept_types: list[RequestType] = ["embedding", "other"]
    for kept in kept_types:
        led = leading(now, safe=True, type=kept)
        assert (led.model, led.safe_mode) == ("m", False)


@pytest.mark.code("KP-PROV-122")
def test_a_safe_model_that_nobody_offers_is_said_to_be_the_reason() -> None:
    now = snapshot(ONE, TWO, routing=Routing(safe_mode=SafeMode(model="claude-haiku-4-5")))

    with pytest.raises(NoProvider, match=r"Safe mode is on, but its model is not available: .*'claude-haiku-4-5'") as caught:
        leading(now, safe=True)
    assert caught.value.code == "KP-PROV-122"
    foreign = provider("foreign", "safe", speaks=())
    with pytest.raises(NoProvider) as caught:  # that says itself what is wrong
        leading(snapshot(foreign, routing=Routing(safe_mode=SafeMode(model="safe"))), safe=True)
    assert caught.value.code == "KP-PROV-117"


def test_who_offers_the_model_in_a_format_that_cannot_be_reached_is_told() -> None:
    foreign = provider("foreign", "m", accounts=("x", "y"), speaks=())
    led = leading(snapshot(foreign, ONE, routing=routing(group("g", "foreign/y", "one"))))
    assert [(each.provider, each.account, each.why) for each in led.unfit] == [
        ("foreign", "x", "format"),
        ("foreign", "y", "format"),
    ]
    led = leading(snapshot(foreign, ONE, routing=routing(group("g", "foreign/y", "one"))), profile="g")
    assert (names(led), [each.account for each in led.unfit]) == (["one/a", "one/b"], ["y"])
    assert leading(snapshot(ONE, TWO)).unfit == ()
