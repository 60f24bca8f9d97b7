"""What a client notices of the road its requests take: nothing. Each test runs in the lane, without epoll, and by Hypercorn."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import attrs
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.config.settings import ServerSettings
from korproxy.server.front import Bounds
from tests.fakes.byte_client import read_answer
from tests.fakes.gateway import CLIENT_KEY, Gateway, open_gateway, provider_at
from tests.fakes.raw_client import chat_request, connect, read_all, read_until
from tests.fakes.raw_upstream import raw_upstream, read_request
from tests.fakes.roads import Roads
from tests.fakes.smuggling import ONE_AT_MOST
from tests.fakes.waiting import until

EVENT = b'data: {"choices": [{"index": 0, "delta": {"content": "%b"}}]}\n\n' % (b"x" * 60_000)
DONE = b"data: [DONE]\n\n"
MUCH = 40 * 1024 * 1024  # more than all buffers between a provider and the client hold
CLOSING = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"


def says(text: str) -> str:
    return f'{{{{mock: text="{text}"}}}}'


def chunked(request: bytes, size: int = 10) -> bytes:
    """Return *request* with its body in chunks."""
    head, _, body = request.partition(b"\r\n\r\n")
    head = head.rpartition(b"\r\n")[0]  # the length stands last
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    told = b"".join(b"%X;a=b\r\n%b\r\n" % (len(each), each) for each in pieces)
    return head + b"\r\ntransfer-encoding: chunked\r\n\r\n" + told + b"0\r\nx-sum: 1\r\n\r\n"


def expecting(request: bytes) -> tuple[bytes, bytes]:
    """Return head and body of *request*, which wants to be told to send the latter."""
    head, _, body = request.partition(b"\r\n\r\n")
    return head + b"\r\nexpect: 100-continue\r\n\r\n", body


def own_words(answer: bytes) -> str:
    content: str = json.loads(answer)["choices"][0]["message"]["content"]
    return content


async def test_one_connection_goes_from_one_road_to_the_other_and_all_its_requests_are_answered() -> None:
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway, await connect(gateway.url) as stream:
            found: list[object] = []
            for number in range(2):
                await stream.send_all(chat_request(says(f"plain {number}"), CLIENT_KEY, stream=False))
                found.append(own_words((await read_answer(stream)).body))
                await stream.send_all(chunked(chat_request(says(f"in chunks {number}"), CLIENT_KEY, stream=False)))
                found.append(own_words((await read_answer(stream)).body))
                await stream.send_all(b"GET /errors/KP-SYS-501 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
                found.append(b"KP-SYS-501" in (await read_answer(stream)).body)
            await stream.send_all(b"HEAD /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            last = await read_all(stream)

    assert found == ["plain 0", "in chunks 0", True, "plain 1", "in chunks 1", True]
    assert last.startswith(b"HTTP/1.1 200 ")
    assert last.endswith(b"\r\n\r\n")


async def test_the_same_sent_in_advance_is_answered_in_its_order() -> None:
    wire = (
        chat_request(says("first"), CLIENT_KEY, stream=False)
        + b"GET /errors/KP-SYS-502 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
        + chunked(chat_request(says("third"), CLIENT_KEY, stream=False), 7)
        + CLOSING
    )
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway, await connect(gateway.url) as stream:
            await stream.send_all(wire)
            received = await read_all(stream)

    marks = [b"first", b"KP-SYS-502", b"third", b'"version"']
    found = [received.index(each) for each in marks]
    assert (found, received.count(b"HTTP/1.1 200 ")) == (sorted(found), 4)


@pytest.mark.parametrize("late", [True, False])
async def test_who_waits_to_be_asked_for_the_body_is_asked_and_who_does_not_is_answered_too(late: bool) -> None:
    head, body = expecting(chat_request(says("here"), CLIENT_KEY, stream=False))
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway, await connect(gateway.url) as stream:
            if late:
                await stream.send_all(head)
                assert (await read_until(stream, b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
                await stream.send_all(body + CLOSING)
            else:
                await stream.send_all(head + body + CLOSING)
            received = await read_all(stream)

    assert (received.count(b"HTTP/1.1 200 "), b'"here"' in received) == (2, True)


@pytest.mark.code("KP-AUTH-002")
async def test_who_waits_to_be_asked_and_may_not_come_in_is_told_so(road: Roads) -> None:
    head, _ = expecting(chat_request(says("here"), "wrong", stream=False))
    with trio.fail_after(20):
        async with open_gateway(bounds=Bounds(read_deadline=0.3)) as gateway, await connect(gateway.url) as stream:
            await stream.send_all(head)
            received = await read_all(stream)

    asked = received.startswith(b"HTTP/1.1 100 ")
    assert b"HTTP/1.1 401 " in received
    assert "x-korproxy-error: KP-AUTH-002\r\n" in received.decode()
    assert asked is not road.lane


@pytest.mark.code("KP-SYS-508")
@pytest.mark.parametrize("in_chunks", [True, False])
async def test_a_body_over_the_limit_is_refused_and_whoever_sent_it_can_read_that(in_chunks: bool) -> None:
    request = chat_request("x" * 2_000_000, CLIENT_KEY)
    with trio.fail_after(20):
        async with open_gateway(bounds=Bounds(max_body=1_000_000)) as gateway, await connect(gateway.url) as stream:
            await stream.send_all(chunked(request, 50_000) if in_chunks else request)
            answer = await read_answer(stream)

    assert (answer.status, answer.headers["x-korproxy-error"], answer.whole) == (413, "KP-SYS-508", True)


@pytest.mark.parametrize("in_chunks", [True, False])
async def test_a_client_that_leaves_in_the_middle_of_its_upload_costs_nothing(in_chunks: bool) -> None:
    request = chat_request("x" * 100_000, CLIENT_KEY)
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway:
            async with await connect(gateway.url) as stream:
                await stream.send_all((chunked(request) if in_chunks else request)[:-50])
                await until(lambda: gateway.front.tally.running)
            await until(lambda: not gateway.front.tally.running and not len(gateway.server.connections))

        assert (mock.requests, [each.outcome for each in gateway.finished]) == ([], ["client left"])


async def test_who_half_closes_right_after_the_request_counts_as_gone_and_nothing_is_held_for_it() -> None:
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway, await connect(gateway.url) as stream:
            await stream.send_all(chat_request("{{mock: first-byte=60}}", CLIENT_KEY))
            await stream.send_eof()
            await until(lambda: not len(gateway.server.connections) and not mock.open_connections)


@attrs.define
class Flood:
    """A provider that streams as fast as it can; ``sent`` counts what it got rid of."""

    sent: int = 0

    async def __call__(self, stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        while self.sent < MUCH:
            await stream.send_all(b"%x\r\n%b\r\n" % (len(EVENT), EVENT))
            self.sent += len(EVENT)
        await stream.send_all(b"%x\r\n%b\r\n0\r\n\r\n" % (len(DONE), DONE))


@asynccontextmanager
async def late_reader(gateway: Gateway) -> AsyncIterator[trio.SocketStream]:
    """Ask for a long stream; the block begins when the gateway waits for its client to read."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    async with trio.SocketStream(trio.socket.from_stdlib_socket(raw)) as stream:
        await stream.socket.connect(("127.0.0.1", gateway.port))
        await stream.send_all(chat_request("hello", CLIENT_KEY))
        await until(lambda: gateway.server.connections.stalled(trio.current_time(), 0.2))
        yield stream


def can_read_fast(stream: trio.SocketStream) -> None:
    """Give a late reader as much room as others have."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)


async def test_a_provider_is_not_read_without_bound_for_a_client_that_does_not_read() -> None:
    flood = Flood()
    with trio.fail_after(40):
        async with raw_upstream(flood) as port, open_gateway(provider_at(f"http://127.0.0.1:{port}")) as gateway:
            async with late_reader(gateway) as stream:
                await trio.sleep(0.3)  # in which nothing that keeps reading would stay behind
                held = flood.sent
                can_read_fast(stream)
                answer = await read_answer(stream)
                await until(lambda: gateway.finished)

    assert held < MUCH / 2
    assert (answer.whole, answer.body.count(EVENT), answer.body.endswith(DONE)) == (True, flood.sent // len(EVENT), True)
    assert (len(answer.body), [each.outcome for each in gateway.finished]) == (flood.sent + len(DONE), ["ok"])


@pytest.mark.code("KP-SYS-511")
async def test_the_goodbye_of_a_stream_whose_client_reads_late_comes_behind_all_that_was_written() -> None:
    flood = Flood()
    settings = ServerSettings(port=0, grace=0.3)
    with trio.fail_after(40):
        async with (
            raw_upstream(flood) as port,
            open_gateway(provider_at(f"http://127.0.0.1:{port}"), server=settings) as gateway,
            late_reader(gateway) as stream,
        ):
            gateway.stop.set()
            await until(lambda: gateway.server.grace.over)
            can_read_fast(stream)
            answer = await read_answer(stream)

    whole, _, last = answer.body.rpartition(EVENT[-4:])
    assert (answer.whole, "KP-SYS-511" in last.decode()) == (True, True)
    assert (whole + EVENT[-4:]).replace(EVENT, b"") == b""


async def test_pages_of_other_origins_may_read_answers_if_the_settings_say_so() -> None:
    origin = "https://tools.example"
    settings = ServerSettings(port=0, allowed_origins=(origin,))
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url), server=settings) as gateway:
            async with gateway.client(headers={"origin": origin}) as client:
                chat = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
                answers = [
                    await client.post("/v1/chat/completions", json=chat),
                    await client.post("/v1/chat/completions", content=b"{"),
                    await client.get("/healthz"),
                    await client.get("/errors/KP-SYS-501"),
                ]

    assert [each.status_code for each in answers] == [200, 400, 200, 200]
    assert [each.headers["access-control-allow-origin"] for each in answers] == [origin] * 4
    assert [each.headers["vary"] for each in answers] == ["Origin"] * 4


async def test_a_stop_is_told_by_an_answer_that_is_still_being_made(road: Roads) -> None:
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url), server=ServerSettings(port=0, grace=10)) as gateway:
            async with await connect(gateway.url) as stream, await connect(gateway.url) as idle:
                await stream.send_all(chat_request("{{mock: first-byte=0.3}}", CLIENT_KEY, stream=False))
                await until(lambda: mock.requests)
                gateway.stop.set()
                assert await read_all(idle) == b""
                received = await read_all(stream)

    assert (received[:13], b"\r\nconnection: close\r\n" in received.lower()) == (b"HTTP/1.1 200 ", road.lane)


@pytest.mark.parametrize("cut", [1, 1000], ids=["byte by byte", "at once"])
async def test_what_hides_a_second_request_never_gets_two_answers(cut: int) -> None:
    answers: dict[str, bytes] = {}

    async def ask(name: str, wire: bytes, gateway: Gateway) -> None:
        async with await connect(gateway.url) as stream:
            with suppress(trio.BrokenResourceError):
                for at in range(0, len(wire), cut):
                    await stream.send_all(wire[at : at + cut])
                    await trio.lowlevel.checkpoint()
            answers[name] = b""
            with trio.move_on_after(1), suppress(trio.BrokenResourceError):  # it may stay open, for a next request
                while data := await stream.receive_some():
                    answers[name] += data

    with trio.fail_after(20):
        async with open_gateway(bounds=Bounds(read_deadline=0.1)) as gateway, trio.open_nursery() as nursery:
            for name, wire in ONE_AT_MOST.items():
                nursery.start_soon(ask, name, wire, gateway)

    counts = {name: each.count(b"HTTP/1.1 ") - each.count(b"HTTP/1.1 100 ") for name, each in answers.items()}
    assert {name for name, count in counts.items() if count > 1} == set()
