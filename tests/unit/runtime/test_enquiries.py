from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.redact import Redactor
from korproxy.models.decisions import Decision
from korproxy.models.outcome import Finished
from korproxy.runtime.enquiries import Enquiries
from tests.fakes.reloading import account, open_reloader, written
from tests.unit.runtime.test_health import Hider

ROUTING = """
version = 1
profile = "p"
disabled = ["one/work"]
[profiles.p]
default = "g"
[groups.g]
members = [{ provider = "one" }]
"""
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


@asynccontextmanager
async def enquiries(home: Path, settings: str = "") -> AsyncIterator[Enquiries]:
    async with open_reloader(home, settings) as reloader:
        yield Enquiries(reloader, Redactor.of([Hider()]))


async def test_a_reload_is_answered_with_what_came_of_it_and_without_secrets(home: Path, expected_logs: object) -> None:
    async with enquiries(home, account()) as asked:
        written(home, account("two"))
        good = await asked.reload()
        written(home, "hunter2 = 1\n")
        bad = await asked.reload()

    assert (good["ok"], good["generation"], good["reason"]) == (True, 1, "asked by the management API")
    assert (bad["ok"], bad["generation"], [each["code"] for each in bad["problems"]]) == (False, 1, ["KP-CONF-202"])
    assert "hunter2" not in json.dumps(bad)
    assert expected_logs


async def test_what_is_in_force_of_routing_is_told(home: Path) -> None:
    async with enquiries(home, account()) as asked:
        written(home, account(), ROUTING)
        await asked.reload()
        found = asked.routing()

    json.dumps(found)
    assert (found["generation"], found["profile"], found["disabled"]) == (1, "p", ["one/work"])
    assert (found["profiles"]["p"]["default"], found["groups"]["g"]["members"][0]["provider"]) == ("g", "one")
    assert "round-robin" in found["strategies"]
    assert found["safe_mode_available"]


async def test_an_account_is_woken(home: Path) -> None:
    async with enquiries(home, account()) as asked:
        board = asked.reloader.shared.lasting.board
        board.refused("one", "work", code="KP-AUTH-007")
        first, second = asked.wake("one", "work"), asked.wake("one", "work")

        assert board.calm
    assert first == {"provider": "one", "account": "work", "woken": True}
    assert not second["woken"]


@pytest.mark.code("KP-CONF-242")
@pytest.mark.parametrize(("provider", "name"), [("one", "home"), ("two", "work")])
async def test_an_account_that_there_is_not_cannot_be_woken(home: Path, provider: str, name: str) -> None:
    async with enquiries(home, account()) as asked:
        with pytest.raises(BadRequest) as caught:
            asked.wake(provider, name)

    assert caught.value.code == "KP-CONF-242"
    assert caught.value.detail == f"No account '{provider}/{name}' is configured. There are: one/work."


@pytest.mark.code("KP-SYS-526")
async def test_why_is_told_of_requests_that_are_remembered(home: Path) -> None:
    finished = Finished("r-1", "c-1", "client", "openai-chat", "m", "ok", 10.0, 2.0)
    decision = Decision(type="chat", profile="default", wanted="m", model="m")
    async with enquiries(home) as asked:
        asked.reloader.shared.lasting.stories.add((finished, decision, ()))
        by_id, by_correlation = asked.why("r-1"), asked.why("c-1")
        with pytest.raises(BadRequest) as caught:
            asked.why("r-2")

    assert by_id == by_correlation
    assert [(each["id"], each["decision"]["wanted"]) for each in by_id["requests"]] == [("r-1", "m")]
    assert caught.value.code == "KP-SYS-526"


async def test_where_a_request_would_go_is_told_and_nothing_is_sent(home: Path) -> None:
    settings = account("one") + account("two")
    async with enquiries(home, settings) as asked:
        asked.reloader.shared.lasting.board.refused("one", "work", code="KP-AUTH-007")
        named = asked.test({"body": {**CHAT, "model": "two/m"}})
        held = asked.test({"body": {**CHAT, "model": "one/m"}})
        without = asked.test({"body": {**CHAT, "model": "two/m"}, "without": ["two/work"]})
        nobody = asked.test({"body": CHAT})
        secret = asked.test({"body": {**CHAT, "model": "two/hunter2"}})

    assert "hunter2" not in json.dumps(secret)
    order = [{"provider": "two", "account": "work", "model": "m", "dialect": "openai-chat"}]
    assert (named["format"], list(named["decision"]["order"])) == ("openai-chat", order)
    assert named["error"] is None
    assert [each["why"] for each in held["decision"]["rejected"]] == ["refused"]
    assert [each["why"] for each in without["decision"]["rejected"]] == ["excluded"]
    assert (nobody["decision"]["order"], nobody["error"]["code"]) == ([], "KP-PROV-105")
