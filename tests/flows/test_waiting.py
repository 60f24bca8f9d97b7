"""A request waits for an account that rests, where that is shorter than its client's patience."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
import trio

from korproxy.config.settings import ServerSettings
from korproxy.gateway import backoff
from tests.fakes.accounts import (
    DOCUMENT,
    EVENT,
    GOOD,
    LAST,
    STREAMED,
    Accounts,
    accounts,
    hang,
    limiting,
    open_accounts,
    refusing,
)
from tests.fakes.gateway import Gateway, open_gateway, provider_at
from tests.fakes.waiting import until

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
SHORT = 0.3  # seconds of the first wait


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch, expected_logs: list[logging.LogRecord]) -> list[logging.LogRecord]:
    """Make waits short; return what is logged of them."""
    monkeypatch.setattr(backoff, "BASE", SHORT)
    return expected_logs


@asynccontextmanager
async def gateway(
    *names: str, max_wait: float = 5.0, keep_alive: float = 15.0
) -> AsyncIterator[tuple[Gateway, Accounts, httpx.AsyncClient]]:
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts(*names))
        settings = ServerSettings(port=0, keep_alive=keep_alive)
        async with open_gateway(one, max_wait=max_wait, server=settings) as running, running.client() as client:
            running.gate.board.jitter = lambda: 0.0
            yield running, served, client


async def chat(client: httpx.AsyncClient, *, stream: bool = False) -> httpx.Response:
    return await client.post(CHAT, json={**BODY, "stream": stream})


async def test_a_limited_account_is_asked_again_once_it_returns_and_log_and_terminal_say_so(
    waits: list[logging.LogRecord],
) -> None:
    async with gateway("a") as (running, served, client):
        served.will("a", limiting(), GOOD)
        began = trio.current_time()
        answer = await chat(client)
        took = trio.current_time() - began

    assert (answer.status_code, answer.content) == (200, DOCUMENT)
    assert served.asked == ["a", "a"]
    assert SHORT <= took < SHORT + 2
    assert [each.getMessage() for each in waits] == ["Provider rate limited. Retrying in 1s... (one/a)"]
    assert (running.finished[0].outcome, running.finished[0].attempts, running.finished[0].code) == ("ok", 2, None)


async def test_a_request_that_comes_while_all_rest_waits_as_well() -> None:
    async with gateway("a", "b") as (_, served, client):
        served.will("a", limiting(), GOOD)
        served.will("b", limiting(1), GOOD)
        async with trio.open_nursery() as nursery:
            answers: list[int] = []

            async def one() -> None:
                answers.append((await chat(client)).status_code)

            nursery.start_soon(one)
            await until(lambda: len(served.asked) == 2)
            nursery.start_soon(one)

    assert answers == [200, 200]
    assert served.asked[:2] == ["a", "b"]
    assert served.asked[2] == "a"


async def test_a_wait_that_many_requests_share_is_told_once(waits: list[logging.LogRecord]) -> None:
    async with gateway("a") as (running, served, client):
        served.will("a", limiting(), GOOD)
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(chat, client)

    assert [each.outcome for each in running.finished] == ["ok"] * 10
    assert [each.getMessage() for each in waits] == ["Provider rate limited. Retrying in 1s... (one/a)"]


async def test_no_longer_than_the_client_would_wait() -> None:
    async with gateway("a", "b", max_wait=1.0) as (_, served, client):
        served.will("a", limiting(40))
        served.will("b", limiting(20))
        began = trio.current_time()
        answer = await chat(client)
        took = trio.current_time() - began

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (429, "KP-RATE-405")
    assert took < 1.0


async def test_all_waits_of_a_request_together_are_bounded() -> None:
    async with gateway("a", max_wait=1.0) as (running, served, client):
        served.will("a", limiting())
        began = trio.current_time()
        answer = await chat(client)
        took = trio.current_time() - began

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (429, "KP-RATE-401")
    assert served.asked == ["a"] * 3  # after 0.3 s and 0.6 s; the third wait would be 1.2 s
    assert took < 2
    assert running.finished[0].outcome == "refused"


async def test_a_failure_is_not_waited_for() -> None:
    async with gateway("a") as (_, served, client):
        served.will("a", refusing(503))
        answers = [await chat(client) for _ in range(2)]

    assert [each.status_code for each in answers] == [503, 503]
    assert served.asked == ["a"] * 2


async def test_a_stream_that_waits_carries_comments_and_then_its_events() -> None:
    async with gateway("a", keep_alive=0.1) as (running, served, client):
        served.will("a", limiting(), STREAMED)
        answer = await chat(client, stream=True)

    body = answer.content
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert body.startswith(b": ")
    assert body.endswith(EVENT + LAST)
    assert all(each.startswith(b":") for each in body.removesuffix(EVENT + LAST).split(b"\n\n")[:-1])
    assert running.finished[0].outcome == "ok"


async def test_a_stream_that_has_waited_in_vain_ends_with_the_error() -> None:
    async with gateway("a", "b", max_wait=1.0, keep_alive=0.1) as (running, served, client):
        served.will("a", limiting(), limiting(30))
        served.will("b", limiting(30))
        answer = await chat(client, stream=True)

    last = next(line for line in answer.text.split("\n\n") if line.startswith("data:"))
    assert answer.status_code == 200
    assert "KP-RATE-405" in json.loads(last[5:])["error"]["message"]
    assert (running.finished[0].outcome, running.finished[0].code) == ("failed", "KP-RATE-405")


async def test_a_stream_whose_only_account_refuses_after_a_comment_ends_with_the_error() -> None:
    async with gateway("a", keep_alive=0.1) as (_, served, client):
        served.will("a", limiting(), refusing(400))
        answer = await chat(client, stream=True)

    assert answer.status_code == 200
    assert "KP-PROV-101" in answer.text


async def test_a_client_that_leaves_while_its_request_waits_leaves_nothing_behind() -> None:
    async with gateway("a") as (running, served, client):
        served.will("a", limiting(3))
        with trio.move_on_after(0.5):
            await chat(client)
        await until(lambda: running.finished)
        slots = running.windows["one"].slots

        assert (slots.running, slots.waiting) == (0, 0)

    assert (running.finished[0].outcome, running.finished[0].attempts) == ("client left", 1)


async def test_whoever_is_woken_by_hand_is_asked_at_once() -> None:
    async with gateway("a", max_wait=10.0) as (running, served, client):
        served.will("a", limiting(8), GOOD)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(chat, client))
            await until(lambda: not running.gate.board.calm)
            running.gate.board.wake("one", "a")
            with trio.fail_after(3):
                await until(lambda: running.finished)

    assert served.asked == ["a", "a"]
    assert running.finished[0].outcome == "ok"


async def test_behind_a_wait_one_request_finds_out_and_the_others_follow_it(waits: list[logging.LogRecord]) -> None:
    async with gateway("a") as (running, served, client):
        served.will("a", limiting(), GOOD)
        answers: list[int] = []

        async def one() -> None:
            answers.append((await chat(client)).status_code)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(one)
            await until(lambda: not running.gate.board.calm)
            for _ in range(9):
                nursery.start_soon(one)

    assert answers == [200] * 10
    assert len(served.asked) == 11
    assert len(waits) == 1  # of the ten who wait for the same; that one of them finds out is nothing to be told


async def test_a_probe_whose_client_leaves_gives_its_turn_back() -> None:
    async with gateway("a") as (running, served, client):
        served.will("a", limiting(), hang, GOOD)
        async with trio.open_nursery() as nursery:

            async def impatient() -> None:
                await chat(client)

            with trio.CancelScope() as scope:
                nursery.start_soon(impatient)
                await until(lambda: len(served.asked) == 2)  # the second one is the probe, which hangs
                nursery.cancel_scope.cancel()
                scope.cancel()
        answer = await chat(client)

    assert answer.status_code == 200
    assert served.asked == ["a"] * 3
    assert running.finished[0].outcome == "client left"


@pytest.mark.parametrize("keep_alive", [15.0, 0.1], ids=["before", "behind"])
async def test_a_stop_ends_a_wait_and_says_so_also_behind_a_comment(keep_alive: float) -> None:
    async with open_accounts() as served:
        served.will("a", limiting(8))
        one = provider_at(served.url, accounts=accounts("a"))
        settings = ServerSettings(port=0, keep_alive=keep_alive, grace=0.3)
        async with open_gateway(one, max_wait=10.0, server=settings, stop_at_end=False) as running, running.client() as client:
            answers: list[httpx.Response] = []

            async def one_stream() -> None:
                answers.append(await chat(client, stream=True))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(one_stream)
                await until(lambda: not running.gate.board.calm)
                if keep_alive < 1:
                    await trio.sleep(3 * keep_alive)  # until a comment was sent
                running.stop.set()
                with trio.fail_after(5):
                    await until(lambda: answers)

    [answer] = answers
    assert "KP-SYS-511" in answer.text
    assert answer.status_code == (200 if keep_alive < 1 else 503)
    assert answer.text.startswith(":") is (keep_alive < 1)


async def test_a_stream_that_comes_while_all_rest_carries_comments_until_somebody_returns() -> None:
    async with gateway("a", keep_alive=0.05) as (running, served, client):
        served.will("a", limiting(1), STREAMED)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(chat, client))
            await until(lambda: not running.gate.board.calm)
            answer = await chat(client, stream=True)
            nursery.cancel_scope.cancel()

    assert (answer.status_code, served.asked[:2]) == (200, ["a", "a"])
    assert answer.content.startswith(b":")
    assert answer.content.endswith(EVENT + LAST)
