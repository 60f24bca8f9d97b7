from __future__ import annotations

import json
from pathlib import Path

import pytest

from korproxy.cli.whole_configuration import judged, problems_in, problems_now
from korproxy.config import exchange
from korproxy.config.home import Home
from tests.fakes.steered import SETTINGS, cli, furnished

UNKNOWN_TYPE = SETTINGS.replace('type = "compatible"', 'type = "clod"', 1)


def exported(home: Path, settings: str = SETTINGS) -> bytes:
    return exchange.dump(exchange.export(Home(path=furnished(home, settings)))).encode()


def test_nothing_is_wrong_with_what_is_right(home: Path) -> None:
    raw = exported(home)

    assert list(problems_now(cli(home))) == list(problems_in(cli(home), raw, "mine.json")) == []


@pytest.mark.code("KP-CONF-203")
def test_what_only_plugins_know_is_wrong_is_found(home: Path) -> None:
    raw = exported(home, UNKNOWN_TYPE)
    found = [problems_now(cli(home)), problems_in(cli(home), raw, "mine.json")]

    assert [[(each.code, each.path) for each in one] for one in found] == [[("KP-CONF-203", "$.providers.one.type")]] * 2


@pytest.mark.code("KP-CONF-202")
@pytest.mark.code("KP-CONF-220")
def test_mistakes_in_every_file_of_the_home_are_found_at_once(home: Path) -> None:
    furnished(home, SETTINGS + "[server]\nprot = 1\n", routing='profile = "nowhere"\n')

    assert {each.code for each in problems_now(cli(home))} == {"KP-CONF-202", "KP-CONF-220"}


@pytest.mark.code("KP-CONF-201")
def test_what_is_no_configuration_is_told(home: Path) -> None:
    assert [each.code for each in problems_in(cli(home), b"\xff", "x.toml")] == ["KP-CONF-201"]


def test_the_accounts_of_the_other_file_count_as_well(home: Path) -> None:
    documents = exchange.parse(exported(home), path="mine.json")
    documents["accounts"] = {"version": 1, "providers": {"gem": {"type": "clod", "accounts": [{"name": "a"}]}}}

    assert [each.path for each in judged(cli(home), documents)] == ["$.providers.gem.type"]


def test_a_mask_is_no_mistake(home: Path) -> None:
    document = json.loads(exported(home))
    document["settings"]["providers"]["one"]["accounts"][0]["key"] = "***REDACTED***"

    assert list(problems_in(cli(home), json.dumps(document).encode(), "mine.json")) == []
