"""Streams: before the first byte for the client another account can make good what one did wrong; behind it nobody can."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import attrs
import httpx
import pytest
import trio

from korproxy.kit.http_provider import ANTHROPIC_MESSAGES
from korproxy.models.outcome import Usage
from korproxy.models.providers import Deadlines
from tests.fakes.accounts import EVENT, LAST, STREAM, STREAMED, Accounts, Serve, accounts, hang, open_accounts
from tests.fakes.echo_upstream import Scripted
from tests.fakes.gateway import Gateway, open_gateway, provider_at
from tests.fakes.waiting import until

PATHS = {"openai-chat": "/v1/chat/completions", "anthropic-messages": "/v1/messages", "openai-responses": "/v1/responses"}
NUMBERS = count(1)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


def event(name: str, **fields: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()


def error(kind: str) -> bytes:
    return event("error", error={"type": kind, "message": "No."})


def stream(*pieces: bytes, whole: bool = True) -> Scripted:
    return Scripted(headers=STREAM, pieces=pieces, framing="chunked", whole=whole)


START = event("message_start", message={"id": "m", "role": "assistant", "content": [], "usage": {"input_tokens": 7}})
TEXT = event("content_block_start", index=0, content_block={"type": "text", "text": ""}) + event(
    "content_block_delta", index=0, delta={"type": "text_delta", "text": "Hello"}
)
STOP = (
    event("content_block_stop", index=0)
    + event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3})
    + event("message_stop")
)
CREATED = event("response.created", response={"id": "r", "status": "in_progress"})
COMPLETED = event("response.completed", response={"id": "r", "status": "completed", "output": []})
FAILED = event("response.failed", response={"id": "r", "status": "failed", "error": {"code": "server_error", "message": "No."}})
CHUNK = b'data: {"error":{"message":"Overloaded","type":"overloaded_error"}}\n\n'
ASKED: dict[str, dict[str, Any]] = {
    "openai-chat": {"messages": [{"role": "user", "content": ""}]},
    "anthropic-messages": {"messages": [{"role": "user", "content": ""}], "max_tokens": 9},
    "openai-responses": {"input": ""},
}
GOOD = {
    "openai-chat": STREAMED,
    "anthropic-messages": stream(START, TEXT, STOP),
    "openai-responses": stream(CREATED, COMPLETED),
}


@asynccontextmanager
async def gateway(
    *names: str, deadlines: Deadlines | None = None, **more: Any
) -> AsyncIterator[tuple[Gateway, Accounts, httpx.AsyncClient]]:
    async with open_accounts(STREAMED) as served:
        one = attrs.evolve(provider_at(served.url, accounts=accounts(*names), deadlines=deadlines), **more)
        async with open_gateway(one) as running, running.client() as client:
            yield running, served, client


async def ask(client: httpx.AsyncClient, dialect: str = "openai-chat", **fields: Any) -> httpx.Response:
    """Ask for a stream in a session that nobody has heard of."""
    body = json.loads(json.dumps(ASKED[dialect]).replace('""', f'"hi {next(NUMBERS)}"'))
    return await client.post(PATHS[dialect], json={"model": "m", "stream": True, **body, **fields})


@pytest.mark.parametrize(
    ("dialect", "bad"),
    [
        ("openai-chat", stream(CHUNK)),
        ("anthropic-messages", stream(error("overloaded_error"))),
        ("anthropic-messages", stream(error("api_error")[:20], error("api_error")[20:])),
        ("anthropic-messages", stream(START + error("overloaded_error"))),
        ("openai-responses", stream(FAILED)),
        ("openai-responses", stream(CREATED + FAILED)),
        ("openai-chat", stream(b"", whole=False)),
        ("openai-chat", stream(EVENT[:10], whole=False)),
    ],
    ids=[
        *(
            "a chunk",
            "overloaded",
            "in two pieces",
            "behind what says nothing",
            "response.failed",
            "created and failed at once",
        ),
        *("nothing", "half an event"),
    ],
)
async def test_an_error_as_the_first_event_is_a_failure_and_another_account_answers(dialect: str, bad: Scripted) -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", bad)
        served.will("b", GOOD[dialect])
        answer = await ask(client, dialect)
        health = running.gate.board.standing("one", "a", "m")

    assert (answer.status_code, answer.content) == (200, b"".join(GOOD[dialect].pieces))
    assert (answer.headers["x-korproxy-account"], served.asked) == ("b", ["a", "b"])
    assert (health.failures, health.state) == (1, "available")
    assert [(each.outcome, each.code, each.attempts) for each in running.finished] == [("ok", None, 2)]


@pytest.mark.parametrize("bad", [error("overloaded_error"), error("rate_limit_error")])
async def test_of_one_account_it_passes_byte_for_byte(bad: bytes) -> None:
    async with gateway("a") as (running, served, client):
        served.will("a", stream(bad))
        answer = await ask(client, "anthropic-messages")

    assert (answer.status_code, answer.content) == (200, bad)
    assert [(each.outcome, each.code) for each in running.finished] == [("refused", "KP-PROV-102")]


async def test_a_limit_as_the_first_event_lets_the_account_rest() -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", stream(error("rate_limit_error")))
        served.will("b", GOOD["anthropic-messages"])
        answer = await ask(client, "anthropic-messages")
        health = running.gate.board.standing("one", "a", "m")

    assert (answer.headers["x-korproxy-account"], health.state) == ("b", "rate_limited")


async def test_what_the_client_did_wrong_is_not_repeated_in_a_stream_either() -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", stream(error("invalid_request_error")))
        answer = await ask(client, "anthropic-messages")

        assert running.gate.board.calm

    assert (answer.content, served.asked) == (error("invalid_request_error"), ["a"])


async def test_it_is_the_same_where_the_formats_differ() -> None:
    async with gateway("a", "b", speaks={"anthropic-messages": ANTHROPIC_MESSAGES}) as (running, served, client):
        for bad in (stream(error("overloaded_error")), stream(START, whole=False), stream(START + b"data: {\n\n")):
            served.will("a", bad)
            served.will("b", GOOD["anthropic-messages"])
            answer = await ask(client)
            assert (answer.status_code, answer.headers["x-korproxy-account"]) == (200, "b")
            assert "Hello" in answer.text
            assert answer.text.endswith("data: [DONE]\n\n")
            running.gate.board.wake("one", "a")

    assert served.asked == ["a", "b"] * 3


async def test_an_answer_that_breaks_off_is_told_in_the_stream_asked_nobody_else_and_held_against_the_account() -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", stream(EVENT, whole=False))
        answers = [await ask(client) for _ in range(4)]

    for each in answers[:3]:
        assert each.status_code == 200
        assert each.content.startswith(EVENT)
        assert "KP-NET-309" in each.text
        assert EVENT not in each.content[len(EVENT) :]
    assert answers[3].content == EVENT + LAST
    assert served.asked == ["a"] * 3 + ["b"]
    assert [each.code for each in running.finished] == ["KP-NET-309"] * 3 + [None]


async def test_an_error_in_mid_stream_is_held_against_the_account_too() -> None:
    has_begun, got = trio.Event(), b""

    async def serve(stream: trio.SocketStream) -> None:
        await stream.send_all(HEAD + EVENT)
        await has_begun.wait()
        await stream.send_all(CHUNK)

    async with gateway("a", "b") as (running, served, client):
        served.will("a", serve)
        body = {"model": "m", "stream": True, **ASKED["openai-chat"]}
        async with client.stream("POST", PATHS["openai-chat"], json=body) as answer:
            async for piece in answer.aiter_raw():
                got += piece
                has_begun.set()
        await until(lambda: running.finished)
        health = running.gate.board.standing("one", "a", "m")

    assert got == EVENT + CHUNK
    assert (health.failures, served.asked) == (1, ["a"])


@pytest.mark.code("KP-NET-305")
async def test_who_does_not_begin_costs_the_deadline_for_it_and_no_more() -> None:
    async with gateway("a", "b", deadlines=Deadlines(first_byte=0.5)) as (running, served, client):
        served.will("a", hang)
        began = trio.current_time()
        answer = await ask(client)
        took = trio.current_time() - began
        await until(lambda: running.finished)
        [why] = running.gate.stories.find(answer.headers["x-korproxy-request"])

    assert (answer.content, served.asked) == (EVENT + LAST, ["a", "b"])
    assert [(each.outcome, each.code) for each in why.attempts] == [("failed", "KP-NET-305"), ("answered", "")]
    assert 0.5 <= why.attempts[0].seconds <= why.attempts[1].at < took + 0.5
    assert 0.5 <= took < 1.5


def silent_behind(*pieces: bytes) -> Serve:
    async def serve(stream: trio.SocketStream) -> None:
        for each in (HEAD, *pieces):
            await stream.send_all(each)
        await stream.receive_some()

    return serve


@pytest.mark.parametrize(
    ("deadlines", "code"),
    [
        (Deadlines(idle=0.3), "KP-NET-306"),
        (Deadlines(total=0.3), "KP-NET-307"),
    ],
)
async def test_behind_the_first_byte_each_deadline_is_an_error_event_with_a_code_of_its_own(
    deadlines: Deadlines, code: str
) -> None:
    async with gateway("a", "b", deadlines=deadlines) as (_, served, client):
        served.will("a", silent_behind(EVENT))
        answer = await ask(client)

    assert (answer.status_code, served.asked) == (200, ["a"])
    assert answer.content.startswith(EVENT)
    assert code in answer.text


@pytest.mark.code("KP-NET-307")
async def test_the_whole_request_has_one_deadline_over_all_that_are_asked() -> None:
    async with gateway("a", "b", "c", deadlines=Deadlines(first_byte=0.4, total=0.6)) as (running, served, client):
        for each in "abc":
            served.will(each, hang)
        began = trio.current_time()
        answer = await ask(client)
        took = trio.current_time() - began

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (504, "KP-NET-307")
    assert served.asked == ["a", "b"]
    assert 0.6 <= took < 1.6
    assert running.gate.board.standing("one", "b", "m").failures == 0  # it had no time left for it


async def test_tokens_of_an_answer_that_nobody_got_are_put_down_with_the_others() -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", stream(START + error("overloaded_error")))
        served.will("b", GOOD["anthropic-messages"])
        await ask(client, "anthropic-messages")
        await until(lambda: running.finished)

    assert running.finished[0].usage == Usage(tokens_in=14, tokens_out=3)


async def test_tokens_of_an_answer_that_broke_off_are_put_down() -> None:
    async with gateway("a") as (running, served, client):
        served.will("a", stream(START, TEXT, whole=False))
        await ask(client, "anthropic-messages")
        await until(lambda: running.finished)

    assert (running.finished[0].code, running.finished[0].usage.tokens_in) == ("KP-NET-309", 7)


async def test_the_refused_answer_is_closed_before_anybody_else_is_asked() -> None:
    order: list[str] = []

    async def refuse(stream: trio.SocketStream) -> None:
        await stream.send_all(HEAD + error("overloaded_error"))
        await stream.receive_some()
        order.append("closed")

    async def answer(stream: trio.SocketStream) -> None:
        await until(lambda: order)
        order.append("asked")
        await stream.send_all(HEAD + b"".join(GOOD["anthropic-messages"].pieces))

    async with gateway("a", "b") as (_, served, client):
        served.will("a", refuse)
        served.will("b", answer)
        got = await ask(client, "anthropic-messages")

    assert got.headers["x-korproxy-account"] == "b"
    assert order == ["closed", "asked"]
