"""What the simulated week has found: requests that wait for a place, and what the others find out in the meantime."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx
import pytest
import trio

from korproxy.gateway import backoff
from korproxy.gateway.asking import Asker
from korproxy.gateway.deciding import Route
from korproxy.gateway.router import Router
from korproxy.gateway.routing import Snapshot
from korproxy.models.calls import Call
from korproxy.models.providers import Limits
from tests.fakes.accounts import GOOD, JSON, Accounts, Serve, accounts, limiting, open_accounts, refusing
from tests.fakes.gateway import open_gateway, provider_at
from tests.fakes.waiting import until

CHAT = "/v1/chat/completions"
NUMBERS = count(1)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch, expected_logs: list[logging.LogRecord]) -> None:
    """Make waits short, and let the log say them."""
    monkeypatch.setattr(backoff, "BASE", 0.3)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """All requests for which somebody has looked where they would go now."""
    foresee, found = Router.foresee, list[Call]()

    def counted(router: Router, call: Call, snapshot: Snapshot, **more: Any) -> Route:
        found.append(call)
        return foresee(router, call, snapshot, **more)

    monkeypatch.setattr(Router, "foresee", counted)
    return found


@asynccontextmanager
async def two_providers(
    limits: Limits, max_wait: float = 0.0
) -> AsyncIterator[tuple[Mapping[str, Accounts], httpx.AsyncClient]]:
    """Return a gateway to a provider with the account ``a`` and these *limits*, and to another one with the account ``b``."""
    async with open_accounts() as first, open_accounts() as second:
        one = provider_at(first.url, id="one", accounts=accounts("a"), limits=limits)
        two = provider_at(second.url, id="two", accounts=accounts("b"))
        async with open_gateway(one, two, max_wait=max_wait) as running, running.client() as client:
            running.gate.board.jitter = lambda: 0.0
            yield {"a": first, "b": second}, client


async def chat(client: httpx.AsyncClient, answers: list[httpx.Response] | None = None) -> httpx.Response:
    """Send a first turn that nobody has sent before: each is a session of its own."""
    body = {"model": "m", "messages": [{"role": "user", "content": f"hi {next(NUMBERS)}"}]}
    answer = await client.post(CHAT, json=body)
    if answers is not None:
        answers.append(answer)
    return answer


def held(go: trio.Event, answer: bytes) -> Serve:
    """Return a server that says nothing until *go*, and then *answer*."""

    async def serve(stream: trio.SocketStream) -> None:
        await go.wait()
        await stream.send_all(answer)

    return serve


def written(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers), f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


@pytest.mark.code("KP-RATE-405")
async def test_who_waits_for_a_place_does_not_go_where_others_were_refused_meanwhile() -> None:
    go = trio.Event()
    refusal = written(429, [*JSON, ("retry-after", "30")], b'{"error":{"message":"slow down"}}')
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts("a"), limits=Limits(max_concurrency=1))
        served.will("a", held(go, refusal), GOOD)
        answers: list[httpx.Response] = []
        async with open_gateway(one) as running, running.client() as client, trio.open_nursery() as nursery:
            for _ in range(6):
                nursery.start_soon(chat, client, answers)
            await until(lambda: running.windows["one"].slots.waiting == 5)
            go.set()

            await until(lambda: len(running.finished) == 6)

        stories = running.gate.stories.recent()

    assert served.asked == ["a"]
    assert [each.status_code for each in answers] == [429] * 6
    told = [each.headers["x-korproxy-error"] for each in answers]
    assert sorted(told) == ["KP-RATE-401"] + ["KP-RATE-405"] * 5
    assert all(28 <= int(each.headers["retry-after"]) <= 30 for each in answers)
    assert sorted(each.attempts[0].outcome for each in stories) == ["limited"] + ["overtaken"] * 5


async def test_who_was_overtaken_while_it_waited_for_a_place_is_answered_by_another_account() -> None:
    go = trio.Event()
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts("a", "b"), limits=Limits(max_concurrency=1))
        served.will("a", held(go, written(429, [*JSON, ("retry-after", "30")], b"{}")))
        answers: list[httpx.Response] = []
        async with open_gateway(one) as running, running.client() as client, trio.open_nursery() as nursery:
            for _ in range(6):
                nursery.start_soon(chat, client, answers)
            await until(lambda: running.windows["one"].slots.waiting == 5)
            go.set()

    assert [each.status_code for each in answers] == [200] * 6
    assert served.asked == ["a"] + ["b"] * 6


async def test_a_place_that_becomes_free_while_a_request_waits_for_another_account_is_taken() -> None:
    go = trio.Event()
    async with two_providers(Limits(max_concurrency=1, max_queue=0), max_wait=5.0) as (served, client):
        served["a"].will("a", held(go, written(200, JSON, GOOD.pieces[0])), GOOD)
        served["b"].will("b", limiting(0.4), limiting(30))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(chat, client)
            await until(lambda: served["a"].asked)
            answers: list[httpx.Response] = []
            nursery.start_soon(chat, client, answers)
            await until(lambda: served["b"].asked)
            go.set()

    assert [(each.status_code, each.headers["x-korproxy-account"]) for each in answers] == [(200, "a")]
    assert served["a"].asked == ["a", "a"]


async def test_while_no_place_is_free_a_request_that_waits_does_not_look_for_one_again_and_again(looks: list[Call]) -> None:
    go = trio.Event()
    async with two_providers(Limits(max_concurrency=1, max_queue=0), max_wait=5.0) as (served, client):
        served["a"].will("a", held(go, written(200, JSON, GOOD.pieces[0])))
        served["b"].will("b", limiting(0.4), GOOD)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(chat, client)
            await until(lambda: served["a"].asked)
            answer = await chat(client)
            go.set()

    assert (answer.status_code, answer.headers["x-korproxy-account"]) == (200, "b")
    assert len(looks) <= 5


async def test_a_limit_is_told_only_where_all_rest() -> None:
    """A client that is told of a limit waits for its end; and whoever has failed once may be well again long before."""
    for first, second in (("a", "b"), ("b", "a")):
        async with open_accounts() as served:
            one = provider_at(served.url, accounts=accounts(first, second))
            served.will("a", refusing(503, body=b'{"error":{"message":"on fire"}}'))
            served.will("b", limiting(40))
            async with open_gateway(one) as running, running.client() as client:
                answer = await chat(client)

        assert (answer.status_code, answer.headers["x-korproxy-error"]) == (503, "KP-PROV-103"), first
        assert "retry-after" not in answer.headers
        assert sorted(served.asked) == ["a", "b"]


async def test_who_may_not_be_asked_for_want_of_budget_is_not_looked_at_again_and_again(looks: list[Call]) -> None:
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts("a", "b"))
        served.will("a", refusing(500))
        served.will("b", refusing(500))
        async with open_gateway(one, max_wait=5.0) as running, running.client() as client:
            await chat(client)
            running.gate.budget.reserve, running.gate.budget.per_request = 0.5, 0.0
            looks.clear()
            answer = await chat(client)

    assert answer.status_code == 500
    assert served.asked == ["a", "b", "a"]
    assert len(looks) <= 2


async def test_that_nothing_is_left_of_a_limit_counts_before_the_first_byte_is_here() -> None:
    go = trio.Event()
    spent = [*JSON, ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "40s")]
    head, blank, body = written(200, spent, GOOD.pieces[0]).partition(b"\r\n\r\n")

    async def slow(stream: trio.SocketStream) -> None:
        await stream.send_all(head + blank)
        await go.wait()
        await stream.send_all(body)

    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts("a", "b"))
        served.will("a", slow)
        async with open_gateway(one) as running, running.client() as client, trio.open_nursery() as nursery:
            nursery.start_soon(chat, client)
            await until(lambda: not running.gate.board.calm)
            answer = await chat(client)
            go.set()

    assert answer.headers["x-korproxy-account"] == "b"
    assert served.asked == ["a", "b"]


async def test_an_account_that_has_come_back_while_another_one_was_asked_answers_also_where_nobody_may_wait() -> None:
    go = trio.Event()
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts("a", "b"))
        served.will("a", limiting(30), GOOD)
        served.will("b", GOOD, held(go, written(500, JSON, b"{}")))
        async with open_gateway(one, max_wait=0.0) as running, running.client() as client:
            await chat(client)
            answers: list[httpx.Response] = []
            async with trio.open_nursery() as nursery:
                nursery.start_soon(chat, client, answers)
                await until(lambda: served.asked == ["a", "b", "b"])
                running.gate.board.wake("one", "a")
                go.set()

    assert [(each.status_code, each.headers["x-korproxy-account"]) for each in answers] == [(200, "a")]


async def test_who_was_overtaken_is_answered_by_whoever_has_come_back_meanwhile() -> None:
    go = trio.Event()
    refusal = written(429, [*JSON, ("retry-after", "30")], b"{}")
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts("a", "b"), limits=Limits(max_concurrency=1))
        served.will("a", limiting(30), GOOD)
        served.will("b", GOOD, held(go, refusal))
        async with open_gateway(one) as running, running.client() as client:
            await chat(client)
            answers: list[httpx.Response] = []
            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(chat, client, answers)
                await until(lambda: running.windows["one"].slots.waiting == 2)
                running.gate.board.wake("one", "a")
                go.set()

    assert [(each.status_code, each.headers["x-korproxy-account"]) for each in answers] == [(200, "a")] * 3


async def test_a_probe_needs_no_token_of_the_budget() -> None:
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts("a", "b"))
        served.will("a", refusing(500))
        async with open_gateway(one) as running, running.client() as client:
            board, budget = running.gate.board, running.gate.budget
            board.jitter = lambda: 0.0
            budget.reserve, budget.per_request = 0.0, 0.0
            board.limited("one", "b", "m", code="KP-RATE-401")
            await trio.sleep_until(board.standing("one", "b", "m").until)
            answer = await chat(client)

            assert (answer.status_code, answer.headers["x-korproxy-account"]) == (200, "b")
            assert not budget.take("one")  # there was none


@pytest.mark.code("KP-RATE-405")
async def test_whoever_is_overtaken_again_and_again_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """That cannot be, as who is asked is chosen by the same health. If it can after all, it must not go on for ever."""
    monkeypatch.setattr(Asker, "_is_overtaken", lambda *_, **__: True)
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts("a", "b", "c"))
        async with open_gateway(one) as running, running.client() as client:
            running.gate.board.limited("one", "c", "m", code="KP-RATE-401")
            answer = await chat(client)
            await until(lambda: running.finished)
            [story] = running.gate.stories.recent()

    assert answer.headers["x-korproxy-error"] == "KP-RATE-405"
    assert {each.outcome for each in story.attempts} == {"overtaken"}
    assert len(story.attempts) <= 8 + 2
    assert served.asked == []
