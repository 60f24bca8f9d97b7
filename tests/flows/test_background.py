"""Answers that a provider makes in the background, over real sockets: they can be asked for until they are there."""

from __future__ import annotations

import attrs
import trio

from korproxy.kit.http_provider import OPENAI_RESPONSES
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gateway import OTHER_KEY, open_gateway, provider_at

QUEUED = b'{"id":"resp_1","status":"queued","background":true,"store":true,"output":[]}'
DONE = (
    b'{"id":"resp_1","status":"completed","background":true,"store":true,"output":[{"type":"message","role":"assistant",'
    b'"content":[{"type":"output_text","text":"done","annotations":[]}]}]}'
)
CANCELLED = b'{"id":"resp_1","status":"cancelled","background":true,"store":true,"output":[]}'
BEGUN = b'event: response.created\ndata: {"type":"response.created","response":' + QUEUED + b"}\n\n"
PATH = "/v1/responses/resp_1"


def plain(body: bytes) -> Scripted:
    return Scripted(pieces=[body])


async def test_the_provider_is_asked_for_it_until_it_is_whole_and_then_anybody_can_go_on_from_it() -> None:
    asked = {"model": "one/m", "input": "go", "background": True}
    going_on = {"model": "two/m", "input": "on", "previous_response_id": "resp_1"}
    with trio.fail_after(20):
        async with open_echo(plain(QUEUED)) as one, open_echo(plain(DONE.replace(b"resp_1", b"resp_2"))) as two:
            speaks = {"openai-responses": OPENAI_RESPONSES}
            there = [
                attrs.evolve(provider_at(f"{at.url}/v1", id=name), speaks=speaks) for at, name in ((one, "one"), (two, "two"))
            ]
            async with open_gateway(*there) as gateway, gateway.client() as client:
                other = {"authorization": f"Bearer {OTHER_KEY}"}
                begun = await client.post("/v1/responses", json=asked)
                early = await client.post("/v1/responses", json=going_on)
                waiting, hidden = await client.get(PATH), await client.get(PATH, headers=other)
                one.answer = plain(DONE)
                whole = await client.get(PATH)
                later = await client.post("/v1/responses", json=going_on)

    assert (begun.content, waiting.content, whole.content) == (QUEUED, QUEUED, DONE)
    assert [each.head.split(b" HTTP")[0] for each in one.arrived] == [
        b"POST /v1/responses",
        b"GET /v1/responses/resp_1",
        b"GET /v1/responses/resp_1",
    ]
    assert (early.status_code, early.json()["error"]["code"]) == (400, "previous_response_not_found")
    assert (hidden.status_code, later.status_code) == (404, 200)
    assert b'"go"' in two.only.body
    assert b'"done"' in two.only.body


async def test_a_stream_that_was_left_goes_on_at_the_provider_and_it_can_be_cancelled_there() -> None:
    stream = Scripted(headers=[("content-type", "text/event-stream")], pieces=[BEGUN], framing="chunked", whole=False)
    with trio.fail_after(20):
        async with open_echo(stream) as echo:
            there = attrs.evolve(provider_at(f"{echo.url}/v1"), speaks={"openai-responses": OPENAI_RESPONSES})
            async with open_gateway(there) as gateway, gateway.client() as client:
                await client.post("/v1/responses", json={"model": "m", "input": "go", "background": True, "stream": True})
                echo.answer = plain(CANCELLED)
                again = await client.get(f"{PATH}?stream=true&starting_after=0")
                cancelled = await client.post(f"{PATH}/cancel")

    assert (again.content, cancelled.content) == (CANCELLED, CANCELLED)
    assert [each.head.split(b" HTTP")[0] for each in echo.arrived] == [
        b"POST /v1/responses",
        b"GET /v1/responses/resp_1?stream=true&starting_after=0",
        b"POST /v1/responses/resp_1/cancel",
    ]
