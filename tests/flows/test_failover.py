"""Another account answers in place of one that cannot, over real sockets, and the client does not notice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count

import attrs
import httpx
import pytest

from korproxy.models.accounts import Account
from korproxy.models.providers import Deadlines
from korproxy.models.routing import Routing
from tests.fakes.accounts import (
    DOCUMENT,
    Accounts,
    Serve,
    accounts,
    hang_up,
    limiting,
    open_accounts,
    refusing,
)
from tests.fakes.echo_upstream import Scripted
from tests.fakes.gateway import Gateway, open_gateway, provider_at

CHAT = "/v1/chat/completions"
NUMBERS = count(1)
OVERLOADED = b'data: {"error":{"message":"Overloaded","type":"overloaded_error"}}\n\n'


@asynccontextmanager
async def gateway(
    *names: str, deadlines: Deadlines | None = None, max_wait: float = 0.0, given: Sequence[Account] = (), **more: object
) -> AsyncIterator[tuple[Gateway, Accounts, httpx.AsyncClient]]:
    """Return a gateway to a provider with accounts of these *names*, the provider, and a client."""
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=[*accounts(*names), *given], deadlines=deadlines, **more)  # type: ignore[arg-type]
        async with open_gateway(one, max_wait=max_wait) as running, running.client() as client:
            yield running, served, client


async def chat(client: httpx.AsyncClient, *, stream: bool = False, **headers: str) -> httpx.Response:
    """Send a first turn that nobody has sent before: each is a session of its own."""
    body = {"model": "m", "messages": [{"role": "user", "content": f"hi {next(NUMBERS)}"}], "stream": stream}
    return await client.post(CHAT, json=body, headers=headers)


TROUBLES = {
    "429": limiting(30),
    "500": refusing(500),
    "503": refusing(503),
    "529": refusing(529),
    "401": refusing(401),
    "402": refusing(402),
    "403": refusing(403),
    "no answer": hang_up,
    "nothing in it": Scripted(pieces=[b""]),
    "a page": Scripted(headers=[("content-type", "text/html")], pieces=[b"<html>"]),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_another_account_answers_and_the_client_sees_nothing_of_it(trouble: Scripted | Serve) -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", trouble)
        answer = await chat(client)

    assert (answer.status_code, answer.content, answer.headers["x-korproxy-account"]) == (200, DOCUMENT, "b")
    assert "x-korproxy-error" not in answer.headers
    assert served.asked == ["a", "b"]
    assert served.bodies[0] == served.bodies[1]
    assert [(each.outcome, each.attempts, each.account) for each in running.finished] == [("ok", 2, "b")]


async def test_what_the_client_itself_did_wrong_is_told_at_once_and_nobody_else_is_asked() -> None:
    async with gateway("a", "b") as (running, served, client):
        for status in (400, 404, 413, 422):
            served.will("a", refusing(status, body=b'{"error":{"message":"your fault"}}'))
            answer = await chat(client)
            assert (answer.status_code, answer.content) == (status, b'{"error":{"message":"your fault"}}')

        assert running.gate.board.calm

    assert served.asked == ["a"] * 4


async def test_an_account_that_was_limited_is_left_alone_until_it_returns() -> None:
    async with gateway("a", "b") as (_, served, client):
        served.will("a", limiting(30))
        for _ in range(3):
            assert (await chat(client)).status_code == 200

    assert served.asked == ["a", "b", "b", "b"]


async def test_three_failures_let_an_account_rest() -> None:
    async with gateway("a", "b") as (_, served, client):
        served.will("a", refusing(500))
        for _ in range(5):
            assert (await chat(client)).status_code == 200

    assert served.asked == ["a", "b"] * 3 + ["b"] * 2


async def test_of_one_account_the_providers_own_limit_passes_byte_for_byte() -> None:
    said = limiting(30)
    async with gateway("a") as (_, served, client):
        served.will("a", said)
        answer = await chat(client)

    assert (answer.status_code, answer.content, answer.headers["x-korproxy-error"]) == (429, said.pieces[0], "KP-RATE-401")
    assert answer.headers["retry-after-ms"] == "30000"


@pytest.mark.code("KP-RATE-405")
async def test_where_all_rest_the_client_is_told_at_once_when_the_first_one_returns() -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", limiting(40))
        served.will("b", limiting(20))
        first = await chat(client)
        second = await chat(client)

    for answer in (first, second):
        error = answer.json()["error"]
        assert (answer.status_code, answer.headers["x-korproxy-error"]) == (429, "KP-RATE-405")
        assert (error["type"], error["code"]) == ("rate_limit_error", "KP-RATE-405") or "KP-RATE-405" in error["message"]
        assert "one/a" in error["message"]
        assert "one/b" in error["message"]
        assert answer.headers["x-should-retry"] == "true"
        assert 19 <= int(answer.headers["retry-after"]) <= 21
    assert served.asked == ["a", "b"]
    assert [each.code for each in running.finished] == ["KP-RATE-405"] * 2


@pytest.mark.code("KP-PROV-125")
async def test_where_all_are_switched_off_nobody_is_asked() -> None:
    async with gateway("a") as (running, served, client):
        disabled = Routing(disabled=frozenset({"one/a"}))
        running.gate.snapshot = attrs.evolve(running.gate.snapshot, routing=disabled)
        answer = await chat(client)

    assert (answer.status_code, answer.headers["x-korproxy-error"], served.asked) == (503, "KP-PROV-125", [])
    assert answer.headers["x-should-retry"] == "false"
