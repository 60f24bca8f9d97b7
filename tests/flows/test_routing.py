"""Profiles, rules and safe mode as clients meet them: by headers, in answers, and in errors of their own format."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import httpx
import pytest

from korproxy.models.routing import Profile, Routing, Rule, SafeMode, When
from tests.fakes.accounts import Accounts, accounts, open_accounts
from tests.fakes.gateway import Gateway, open_gateway, provider_at
from tests.fakes.routed import group, routing

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


@asynccontextmanager
async def routed(rules: Routing) -> AsyncIterator[tuple[Gateway, Accounts, httpx.AsyncClient]]:
    """Return a gateway to two accounts where requests go as *rules* say."""
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts("a", "b"))
        async with open_gateway(one) as running, running.client() as client:
            running.gate.snapshot = attrs.evolve(running.gate.snapshot, routing=rules)
            yield running, served, client


async def chat(client: httpx.AsyncClient, model: str = "m", path: str = CHAT, **headers: str) -> httpx.Response:
    body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    return await client.post(path, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_a_header_chooses_the_profile_and_ends_here() -> None:
    mine = routing(group("g", "one/b"), profiles=[Profile(name="night", chat="g")])
    async with routed(mine) as (_, served, client):
        answers = [await chat(client), await chat(client, x_korproxy_profile="night")]

    assert [each.headers["x-korproxy-account"] for each in answers] == ["a", "b"]
    assert served.asked == ["a", "b"]


@pytest.mark.code("KP-PROV-120")
async def test_a_profile_that_is_not_there_is_told_in_the_format_of_the_client() -> None:
    async with routed(Routing()) as (_, served, client):
        answer = await chat(client, path=MESSAGES, x_korproxy_profile="gone")

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (400, "KP-PROV-120")
    assert (answer.json()["type"], answer.json()["error"]["type"]) == ("error", "invalid_request_error")
    assert "There is no profile 'gone'" in answer.json()["error"]["message"]
    assert served.asked == []


@pytest.mark.code("KP-PROV-124")
async def test_a_rule_refuses_with_its_code_and_its_words_and_nobody_is_asked() -> None:
    rules = (Rule(name="no opus", when=When(model="*opus*"), refuse="KP-PROV-124", message="too dear"),)
    async with routed(Routing(rules=rules)) as (running, served, client):
        answer = await chat(client, "claude-opus-5")
        good = await chat(client)

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (403, "KP-PROV-124")
    assert "The rule 'no opus' of routing.toml refuses this request: too dear" in answer.json()["error"]["message"]
    assert (good.status_code, served.asked) == (200, ["a"])
    assert [(each.outcome, each.code) for each in running.finished] == [("failed", "KP-PROV-124"), ("ok", None)]
    refused = running.gate.lasting.stories.find(answer.headers["x-korproxy-request"])
    assert [(each.decision.rule, each.code) for each in refused] == [("no opus", "KP-PROV-124")]


async def test_a_rule_sends_to_another_model_and_the_provider_is_asked_for_that_one() -> None:
    mine = routing(group("g", "one/b"), rules=(Rule(name="r", when=When(model="big"), group="g", model="small"),))
    async with routed(mine) as (_, served, client):
        answer = await chat(client, "big")

    assert (answer.headers["x-korproxy-model"], answer.headers["x-korproxy-account"]) == ("small", "b")
    assert b'"model":"small"' in served.bodies[0].replace(b" ", b"")


@pytest.mark.parametrize(("switched", "headers"), [(True, {}), (False, {"x_korproxy_safe_mode": "on"})])
async def test_in_safe_mode_the_safe_model_answers_and_the_answer_says_so(switched: bool, headers: dict[str, str]) -> None:
    async with routed(Routing(safe_mode=SafeMode(on=switched, model="safe"))) as (_, served, client):
        answer = await chat(client, **headers)
        plain = await chat(client)

    assert (answer.headers["x-korproxy-safe-mode"], answer.headers["x-korproxy-model"]) == ("1", "safe")
    assert ("x-korproxy-safe-mode" in plain.headers) == switched
    assert len(served.asked) == 2


async def test_a_session_stays_with_its_account_whatever_the_group_says_next() -> None:
    mine = routing(group("g", "one/b", "one/a"), profiles=[Profile(name="night", chat="g")])
    async with routed(mine) as (_, served, client):
        for profile in ("default", "night", "night"):
            await chat(client, session_id="s", x_korproxy_profile=profile)
        await chat(client, session_id="t", x_korproxy_profile="night")

    assert served.asked == ["a", "a", "a", "b"]


@pytest.mark.code("KP-PROV-105")
async def test_why_knows_of_a_request_that_nobody_could_serve() -> None:
    rules = (Rule(name="elsewhere", when=When(key="x*"), model="n"), Rule(name="r", when=When(model="m"), model="gone/away"))
    async with open_accounts() as served:
        picky = [
            attrs.evolve(provider_at(served.url, id=name, accounts=accounts("a")), patterns=("m",)) for name in ("one", "two")
        ]
        async with open_gateway(*picky) as running, running.client() as client:
            running.gate.snapshot = attrs.evolve(running.gate.snapshot, routing=Routing(rules=rules))
            answer = await chat(client)
            told = running.gate.lasting.stories.find(answer.headers["x-korproxy-request"])

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (404, "KP-PROV-105")
    assert [(each.decision.rule, len(each.decision.rules), each.attempts, each.code) for each in told] == [
        ("r", 2, (), "KP-PROV-105")
    ]
