"""A conversation that goes on from an answer goes to the account that has it, and on from there where that cannot answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.fakes.accounts import JSON, Accounts, accounts, limiting, open_accounts, refusing
from tests.fakes.echo_upstream import Scripted
from tests.fakes.gateway import Gateway, open_gateway, provider_at

PATH = "/v1/responses"


def answer(name: str) -> Scripted:
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": f"I am {name}"}]}
    body = {"id": f"resp_{name}", "object": "response", "status": "completed", "store": True, "output": [said]}
    return Scripted(headers=JSON, pieces=[json.dumps(body).encode()])


@asynccontextmanager
async def gateway() -> AsyncIterator[tuple[Gateway, Accounts, httpx.AsyncClient]]:
    async with open_accounts() as served:
        for each in "ab":
            served.will(each, answer(each))
        one = provider_at(served.url, accounts=accounts("a", "b"))
        async with open_gateway(one) as running, running.client() as client:
            yield running, served, client


async def say(client: httpx.AsyncClient, text: str, previous: str = "") -> httpx.Response:
    body = {"model": "m", "input": text, "store": True, **({"previous_response_id": previous} if previous else {})}
    return await client.post(PATH, json=body)


async def test_the_account_that_has_the_answer_goes_first_whatever_the_order_is() -> None:
    async with gateway() as (running, served, client):
        served.will("a", refusing(503), answer("a"))
        first = await say(client, "Hi")
        running.gate.board.wake("one", "a")
        second = await say(client, "And?", previous=first.json()["id"])

    assert [each.json()["id"] for each in (first, second)] == ["resp_b", "resp_b"]
    assert served.asked == ["a", "b", "b"]
    assert json.loads(served.bodies[2])["previous_response_id"] == "resp_b"


@pytest.mark.parametrize("trouble", [limiting(30), refusing(503)])
async def test_where_that_account_cannot_answer_another_one_is_told_the_whole_conversation(trouble: Scripted) -> None:
    async with gateway() as (_, served, client):
        first = await say(client, "Hi")
        served.will("a", trouble)
        second = await say(client, "And?", previous=first.json()["id"])

    told = json.loads(served.bodies[2])
    assert (first.json()["id"], second.json()["id"], served.asked) == ("resp_a", "resp_b", ["a", "a", "b"])
    assert "previous_response_id" not in told
    assert [each["content"] if each["role"] == "user" else each["content"][0]["text"] for each in told["input"]] == [
        "Hi",
        "I am a",
        "And?",
    ]


async def test_a_question_for_a_kept_answer_goes_to_its_account_however_that_does_and_says_nothing_of_it() -> None:
    async with gateway() as (running, served, client):
        first = await say(client, "Hi")
        running.gate.board.limited("one", "a", "m", code="KP-RATE-401", retry_after=30.0)
        before = running.gate.board.to_dict()
        served.will("a", refusing(404))
        found = await client.get(f"{PATH}/{first.json()['id']}")
        after = running.gate.board.to_dict()

    assert found.status_code == 404
    assert served.asked == ["a", "a"]
    assert [each["state"] for each in before] == [each["state"] for each in after] == ["rate_limited"]
    assert [each["failures"] for each in after] == [0]
