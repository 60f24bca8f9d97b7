"""Whoever has a key finds each call of theirs in the history, and once: also what was refused before it was routed.

What strangers send is only counted: nobody without a key can fill the history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeAlias

import attrs
import httpx
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.server.front import Bounds
from tests.fakes.gateway import CLIENT_KEY, MANAGEMENT_KEY, Gateway, open_gateway, provider_at
from tests.fakes.raw_client import chat_request, connect, read_all
from tests.fakes.waiting import until

CHAT = "/v1/chat/completions"
BOUNDS = Bounds(max_body=2000, read_deadline=0.2)
RIGHT = b'{"model":"m","messages":[{"role":"user","content":"hello"}]}'
Body: TypeAlias = bytes | AsyncIterator[bytes]


async def in_chunks() -> AsyncIterator[bytes]:
    for _ in range(30):
        yield b"x" * 100


@attrs.frozen(kw_only=True)
class Wrong:
    """A request that is refused in front.

    Attributes:
        read: Bytes of its body that were taken before it was refused.
    """

    code: str
    status: int
    body: Callable[[], Body] = lambda: RIGHT
    path: str = CHAT
    headers: Mapping[str, str] = attrs.field(factory=dict)
    dialect: str = "openai-chat"
    read: int = 0


WRONG = {
    "no JSON": Wrong(code="KP-SYS-509", status=400, body=lambda: b"hello", read=5),
    "no body": Wrong(code="KP-SYS-509", status=400, body=lambda: b"", path="/v1/messages", dialect="anthropic-messages"),
    "two models": Wrong(code="KP-SYS-518", status=400, body=lambda: b'{"model":"a","model":"b"}', read=25),
    "no model": Wrong(
        code="KP-SYS-519", status=400, body=lambda: b"{}", path="/v1/responses", dialect="openai-responses", read=2
    ),
    "too large": Wrong(code="KP-SYS-508", status=413, body=lambda: b"x" * 3000),
    "too large, in chunks": Wrong(code="KP-SYS-508", status=413, body=in_chunks),
    "compressed": Wrong(code="KP-SYS-509", status=400, headers={"content-encoding": "gzip"}),
    "cancelling what is not there": Wrong(
        code="KP-SYS-521", status=404, path="/v1/responses/resp_1/cancel", dialect="openai-responses"
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_a_call_that_is_refused_before_it_is_routed_has_its_row(wrong: Wrong) -> None:
    headers = {**wrong.headers, "x-correlation-id": "mine"}
    with trio.fail_after(20):
        async with open_gateway(bounds=BOUNDS) as gateway, gateway.client() as client:
            answer = await client.post(wrong.path, content=wrong.body(), headers=headers)

    [row] = gateway.finished
    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (row.status, row.code) == (wrong.status, wrong.code)
    assert (row.id, row.correlation_id) == (answer.headers["x-korproxy-request"], "mine")
    assert (row.outcome, row.key_name, row.dialect, row.model) == ("failed", "client", wrong.dialect, "")
    assert (row.bytes_in, row.bytes_out, row.first_byte, row.attempts) == (wrong.read, 0, None, 0)
    assert (row.provider, row.upstream_model, row.profile, row.type) == (None, None, "", "")
    assert 0 <= row.seconds < 20
    assert (gateway.front.tally.turned_away, gateway.front.tally.running) == ({}, 0)


async def test_an_upload_that_falls_silent_has_its_row() -> None:
    with trio.fail_after(20):
        async with open_gateway(bounds=BOUNDS) as gateway, await connect(gateway.url) as stream:
            await stream.send_all(chat_request("hello", CLIENT_KEY)[:-5])
            answer = await read_all(stream)

    [row] = gateway.finished
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert (row.outcome, row.status, row.code) == ("failed", 408, "KP-SYS-510")
    assert row.seconds >= BOUNDS.read_deadline
    assert f"x-korproxy-request: {row.id}\r\n".encode() in answer


async def test_whoever_leaves_in_the_middle_of_an_upload_is_put_down_as_gone() -> None:
    with trio.fail_after(20):
        async with open_gateway() as gateway:
            async with await connect(gateway.url) as stream:
                await stream.send_all(chat_request("hello", CLIENT_KEY)[:-5])
                await until(lambda: gateway.front.tally.running)
            await until(lambda: gateway.finished)

    [row] = gateway.finished
    assert (row.outcome, row.status, row.code, row.key_name) == ("client left", None, "KP-NET-311", "client")


async def test_one_row_for_each_call_with_a_key_and_none_for_anything_else() -> None:
    """The law: what came with the right key to a path of calls is what is in the history; the rest is counted."""
    codes, away = Counter[str](), Counter[str]()
    async with open_mock() as mock, open_gateway(provider_at(mock.url), bounds=BOUNDS) as gateway:
        async with gateway.client() as client, trio.open_nursery() as nursery:
            for _ in range(3):
                for wrong in WRONG.values():
                    nursery.start_soon(ours, client, wrong, codes)
                for other in (*strangers(gateway), *questions(gateway)):
                    nursery.start_soon(strange, gateway, other, away)
                nursery.start_soon(good, client, codes)
        await until(lambda: len(gateway.finished) == codes.total())

    assert Counter(row.code or "" for row in gateway.finished) == codes
    assert gateway.front.tally.turned_away == away
    assert len({row.id for row in gateway.finished}) == codes.total() == 3 * (len(WRONG) + 2)
    assert gateway.front.tally.running == 0


async def ours(client: httpx.AsyncClient, wrong: Wrong, codes: Counter[str]) -> None:
    answer = await client.post(wrong.path, content=wrong.body(), headers=wrong.headers)
    codes[answer.headers["x-korproxy-error"]] += 1


async def good(client: httpx.AsyncClient, codes: Counter[str]) -> None:
    """Send one that is answered, and one that fails once it was routed: to a profile that does not exist."""
    answers = [await client.post(CHAT, content=RIGHT, headers=each) for each in ({}, {"x-korproxy-profile": "nowhere"})]
    for each in answers:
        codes[each.headers.get("x-korproxy-error", "")] += 1
    assert [each.is_success for each in answers] == [True, False]


def strangers(gateway: Gateway) -> list[httpx.Request]:
    """Return requests of whoever has no business here."""
    made = httpx.Request
    key = {"authorization": f"Bearer {CLIENT_KEY}"}
    return [
        made("POST", gateway.url + CHAT, content=b"no json"),
        made("POST", gateway.url + CHAT, headers={"authorization": "Bearer wrong"}, content=RIGHT),
        made("POST", gateway.url + CHAT, headers={"authorization": f"Bearer {MANAGEMENT_KEY}"}, content=RIGHT),
        made("POST", gateway.url + CHAT, headers={**key, "host": "evil.test"}, content=b"no json"),
        made("POST", gateway.url + CHAT, headers={**key, "origin": "https://evil.test"}, content=b"no json"),
        made("POST", gateway.url + "/v1/responses/resp_1/cancel", content=b""),
        made("GET", gateway.url + "/v1/requests"),
    ]


def questions(gateway: Gateway) -> list[httpx.Request]:
    """Return what is no call, whoever sends it."""
    key = {"authorization": f"Bearer {CLIENT_KEY}"}
    there = (("POST", "/nowhere"), ("GET", CHAT), ("GET", "/v1/responses/resp_1"), ("PUT", "/v1/models"))
    return [httpx.Request(method, gateway.url + path, headers=key) for method, path in there]


async def strange(gateway: Gateway, request: httpx.Request, away: Counter[str]) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        answer = await client.send(request)
    assert not answer.is_success
    away[answer.headers["x-korproxy-error"]] += 1
