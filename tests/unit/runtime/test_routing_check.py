from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.models.routing import Rule
from korproxy.runtime.routing_check import not_offered, with_known_codes
from tests.fakes.reloading import started, written
from tests.fakes.routed import group, routing

CODES = Registry.of(BUILTIN_CODES)


@pytest.mark.code("KP-CONF-232")
def test_what_nobody_offers_is_told_with_its_place_and_with_what_happens_instead() -> None:
    rules = (Rule(name="a", refuse="KP-PROV-124"), Rule(name="b", refuse="KP-PROV-190"), Rule(name="c", group="g"))
    mine = routing(group("g", "one", strategy="priority"), group("h", "one", strategy="tides"), rules=rules)
    found = list(not_offered(mine, ["weighted", "priority"], CODES))

    assert [(each.code, each.path) for each in found] == [
        ("KP-CONF-232", "routing.toml:$.groups.h.strategy"),
        ("KP-CONF-232", "routing.toml:$.rules[1].refuse"),
    ]
    assert found[0].message == (
        "there is no strategy tides: the members are asked in their order; there are: priority, weighted"
    )
    assert found[1].message == "no plugin that is loaded has the code KP-PROV-190: clients are told KP-PROV-124 instead"


@pytest.mark.code("KP-PROV-124")
def test_a_rule_whose_code_is_gone_still_refuses() -> None:
    rules = (
        Rule(name="a", refuse="KP-RATE-403"),
        Rule(name="b", refuse="KP-PROV-190", message="no"),
        Rule(name="c", group="g"),
    )
    made = with_known_codes(routing(group("g"), rules=rules), CODES)

    assert [each.refuse for each in made.rules] == ["KP-RATE-403", "KP-PROV-124", ""]
    assert (made.rules[1].message, list(made.groups)) == ("no", ["g"])
    assert with_known_codes(made, CODES) is made


@pytest.mark.code("KP-CONF-232")
def test_a_start_goes_on_and_warns(tmp_path: Path) -> None:
    home = tmp_path / "home"
    written(home, "", '[groups.g]\nstrategy = "tides"\nmembers = []\n[[rules]]\nname = "r"\nrefuse = "KP-PROV-190"\n')
    parts = started(home)

    assert parts.problems == ()
    assert [each.path for each in parts.warnings if each.code == "KP-CONF-232"] == [
        "routing.toml:$.groups.g.strategy",
        "routing.toml:$.rules[0].refuse",
    ]
    assert parts.snapshot().routing.rules[0].refuse == "KP-PROV-124"
