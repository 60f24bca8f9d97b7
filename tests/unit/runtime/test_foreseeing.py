from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.config.home import Home
from korproxy.errors.exceptions import BadRequest, ConfigError
from korproxy.runtime.foreseeing import foresee_from_files
from tests.fakes.steered import SETTINGS, furnished

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
REFUSING = '[[rules]]\nname = "no"\nrefuse = "KP-PROV-124"\n'


def foresee(home: Path, settings: str = SETTINGS, routing: str | None = None, **posted: object) -> dict[str, object]:
    return foresee_from_files(Home(path=furnished(home, settings, routing)), {"body": CHAT, **posted}, no_plugins=True)


def names(ways: object) -> list[str]:
    assert isinstance(ways, tuple | list)
    return [f"{each['provider']}/{each['account']}" for each in ways]


def test_the_files_say_where_a_request_would_go(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_OF_ONE", "sk-one")
    found = foresee(home)
    decision = found["decision"]

    assert isinstance(decision, dict)
    assert (found["format"], found["error"], names(decision["order"])) == ("openai-chat", None, ["one/work", "two/home"])


@pytest.mark.code("KP-CONF-205")
def test_who_is_left_out_or_has_no_key_is_not_asked(home: Path) -> None:
    keyless, without = foresee(home)["decision"], foresee(home, without=["two"])["decision"]

    assert isinstance(keyless, dict)
    assert isinstance(without, dict)
    assert names(keyless["order"]) == ["two/home"]
    assert [(each["why"], each["code"]) for each in keyless["rejected"]] == [("no key", "KP-CONF-205")]
    assert [each["why"] for each in without["rejected"]] == ["excluded"]


@pytest.mark.code("KP-PROV-124")
def test_a_refusal_by_a_rule_comes_with_the_decision_so_far(home: Path) -> None:
    found = foresee(home, routing=REFUSING)
    decision = found["decision"]

    assert isinstance(decision, dict)
    assert decision["rule"] == "no"
    assert isinstance(found["error"], dict)
    assert found["error"]["code"] == "KP-PROV-124"


@pytest.mark.code("KP-SYS-509")
def test_what_is_no_request_is_refused(home: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        foresee(home, body="{")

    assert caught.value.code == "KP-SYS-509"


@pytest.mark.code("KP-CONF-203")
def test_a_configuration_that_cannot_be_used_says_so(home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        foresee(home, SETTINGS.replace('"compatible"', '"clod"', 1))

    assert caught.value.code == "KP-CONF-203"
