from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, memory_stream_pair, wait_all_tasks_blocked

from korproxy.errors.exceptions import BadRequest
from korproxy.server.asgi import AsgiExchange, Message, adding_headers, guarded_send
from korproxy.server.connections import LET_GO, Connection, current_connection
from korproxy.server.exchange import ClientLeft
from tests.fakes.gateway import CLIENT_KEY, open_gateway, provider_at
from tests.fakes.raw_client import connect, read_until
from tests.fakes.raw_upstream import answering, raw_upstream
from tests.fakes.waiting import until

END = {"type": "http.disconnect"}


def part(data: bytes = b"", *, more: bool = False) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


@attrs.define
class Wire:
    """What Hypercorn would be: gives out messages as they are put in, and keeps what is sent."""

    sent: list[Message] = attrs.field(factory=list)
    put: Callable[[Message], Any] = attrs.field(init=False)
    _receive: trio.MemoryReceiveChannel[Message] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        door, self._receive = trio.open_memory_channel[Message](1000)
        self.put = door.send_nowait

    async def receive(self) -> Message:
        return await self._receive.receive()

    async def send(self, message: Message) -> None:
        await trio.lowlevel.checkpoint()
        self.sent.append(message)

    def exchange(self, *messages: Message, headers: Sequence[tuple[bytes, bytes]] = (), method: str = "POST") -> AsgiExchange:
        for each in messages:
            self.put(each)
        scope = {"type": "http", "method": method, "path": "/x", "query_string": b"a=1", "headers": headers}
        return AsgiExchange.of(scope, self.receive, self.send)


async def test_an_exchange_is_what_its_scope_says() -> None:
    exchange = Wire().exchange(headers=[(b"X-One", b"1"), (b"x-one", b"2")])

    assert (exchange.method, exchange.path, exchange.query, exchange.started) == ("POST", "/x", b"a=1", False)
    assert exchange.headers.raw == ((b"x-one", b"1"), (b"x-one", b"2"))


async def test_an_exchange_does_not_show_its_query_which_may_hold_a_key() -> None:
    assert "a=1" not in repr(Wire().exchange())


@pytest.mark.parametrize("stalled", [True, False])
async def test_an_exchange_knows_whether_its_client_was_hung_up_on(stalled: bool) -> None:
    connection = Connection(memory_stream_pair()[0], stalled)  # type: ignore[arg-type]  # nobody looks at its socket here
    without = Wire().exchange().stalled
    token = current_connection.set(connection)
    there = Wire().exchange().stalled
    current_connection.reset(token)

    assert (without, there) == (False, stalled)


@given(st.lists(st.binary(max_size=10)))
async def test_a_body_is_all_its_parts(parts: list[bytes]) -> None:
    exchange = Wire().exchange(*(part(each, more=True) for each in parts), part(b"end"))

    assert await exchange.body(10_000, 5) == b"".join(parts) + b"end"
    assert await exchange.body(10_000, 5) == b""


async def test_a_part_may_lack_everything() -> None:
    assert await Wire().exchange({"type": "http.request"}).body(10, 5) == b""


@pytest.mark.code("KP-SYS-508")
@pytest.mark.parametrize("headers", [[], [(b"content-length", b"3")], [(b"content-length", b"\xb2")]])
async def test_a_body_over_the_limit_is_refused_where_it_goes_over(headers: list[tuple[bytes, bytes]]) -> None:
    wire = Wire()
    exchange = wire.exchange(part(b"1234", more=True), part(b"5", more=True), part(b"never read"), headers=headers)
    with pytest.raises(BadRequest) as caught:
        await exchange.body(4, 5)

    assert (caught.value.code, await wire.receive()) == ("KP-SYS-508", part(b"never read"))
    assert caught.value.detail == "The body has more than 4 bytes, which [server] max_body allows."


@pytest.mark.parametrize("length", [b"5", b"9" * 30, b"9" * 5000])
async def test_a_body_that_says_that_it_is_too_large_is_not_even_read(length: bytes) -> None:
    with pytest.raises(BadRequest, match="more than 4 bytes"):
        await Wire().exchange(headers=[(b"content-length", length)]).body(4, 5)


async def test_a_body_of_just_the_limit_is_taken() -> None:
    assert await Wire().exchange(part(b"1234"), headers=[(b"content-length", b"4")]).body(4, 5) == b"1234"


@pytest.mark.code("KP-SYS-510")
async def test_an_upload_that_falls_silent_is_refused(autojump_clock: MockClock) -> None:
    exchange = Wire().exchange(part(b"1", more=True))
    began = trio.current_time()
    with pytest.raises(BadRequest) as caught:
        await exchange.body(100, 7)

    assert caught.value.code == "KP-SYS-510"
    assert trio.current_time() - began == pytest.approx(7)
    assert caught.value.detail == "The upload was silent for 7 s before it was complete."


async def test_patience_is_for_each_silence_and_not_for_the_upload(autojump_clock: MockClock) -> None:
    wire = Wire()
    exchange = wire.exchange()

    async def upload() -> None:
        for number in range(5):
            await trio.sleep(6)
            wire.put(part(b"x", more=number < 4))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(upload)
        assert await exchange.body(100, 7) == b"xxxxx"


async def test_a_client_that_leaves_in_mid_upload_is_not_answered() -> None:
    with pytest.raises(ClientLeft):
        await Wire().exchange(part(b"1", more=True), END).body(100, 5)


async def test_the_rest_of_a_body_is_read_away() -> None:
    wire = Wire()
    exchange = wire.exchange(part(b"1", more=True), part(b"2", more=True), part(b"3"), END)
    await exchange.drain(100, 5)

    assert await wire.receive() == END


async def test_not_more_of_it_is_read_away_than_allowed() -> None:
    wire = Wire()
    await wire.exchange(*(part(b"1234", more=True) for _ in range(4))).drain(7, 5)

    assert await wire.receive() == part(b"1234", more=True)
    assert wire._receive.statistics().current_buffer_used == 1


async def test_nor_longer(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    await Wire().exchange(part(b"1", more=True)).drain(100, 5)

    assert trio.current_time() - began == pytest.approx(5)


async def test_draining_a_body_that_was_read_takes_no_time() -> None:
    exchange = Wire().exchange(part(b"1"))
    await exchange.body(10, 5)
    await exchange.drain(10, 5)


async def test_draining_ends_with_the_client() -> None:
    with pytest.raises(ClientLeft):
        await Wire().exchange(part(b"1", more=True), END).drain(100, 5)


async def test_a_disconnect_is_waited_for_only_once_the_body_is_read(autojump_clock: MockClock) -> None:
    wire = Wire()
    exchange = wire.exchange(part(b"1"), END)
    seen: list[str] = []

    async def watch() -> None:
        await exchange.until_client_leaves()
        seen.append("left")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await wait_all_tasks_blocked()
        assert seen == []
        assert await exchange.body(10, 5) == b"1"

    assert seen == ["left"]


async def test_once_the_answer_has_begun_the_rest_of_the_body_is_taken_away() -> None:
    wire = Wire()
    exchange = wire.exchange(part(b"1", more=True), part(b"2", more=True), END)
    await exchange.start(413, [])
    with trio.fail_after(5):
        await exchange.until_client_leaves()

    assert wire._receive.statistics().current_buffer_used == 0


async def test_an_answer_is_three_kinds_of_messages() -> None:
    wire = Wire()
    exchange = wire.exchange()
    await exchange.start(201, [(b"a", b"b")])
    await exchange.write(b"1")
    await exchange.finish(b"2")

    assert exchange.started
    assert wire.sent == [
        {"type": "http.response.start", "status": 201, "headers": [(b"a", b"b")]},
        {"type": "http.response.body", "body": b"1", "more_body": True},
        {"type": "http.response.body", "body": b"2", "more_body": False},
    ]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "http.response.start", "status": 200, "headers": []},
        {"type": "http.response.body", "body": b"1", "more_body": True},
        {"type": "http.response.body", "body": b"2"},
    ],
)
async def test_a_message_goes_out_whole_even_while_its_task_is_cancelled(message: Message) -> None:
    wire = Wire()
    with trio.CancelScope() as scope:
        scope.cancel()
        await guarded_send(wire.send)(message)

    assert wire.sent == [message]


async def test_the_time_of_each_write_is_noted(autojump_clock: MockClock) -> None:
    connection = Connection(memory_stream_pair()[0])  # type: ignore[arg-type]  # nobody looks at its socket here
    during: list[float | None] = []

    async def send(message: Message) -> None:
        del message
        await trio.sleep(3)
        during.append(connection.writing_since)

    token = current_connection.set(connection)
    began = trio.current_time()
    await guarded_send(send)({"type": "http.response.body"})
    current_connection.reset(token)

    assert (during, connection.writing_since) == ([began], None)


async def test_a_message_that_waits_for_a_connection_that_was_cut_is_given_up() -> None:
    waited_out: list[bool] = []

    async def send(message: Message) -> None:
        del message
        with trio.move_on_after(LET_GO + 5) as patience:
            await trio.sleep_forever()
        waited_out.append(patience.cancelled_caught)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        stream = await trio.open_tcp_stream("127.0.0.1", listening.getsockname()[1])
        connection = Connection(stream)
        connection.cut()
        token = current_connection.set(connection)
        await guarded_send(send)({"type": "http.response.body"})
        current_connection.reset(token)

    assert waited_out == []


async def test_headers_are_added_to_the_head_and_to_nothing_else() -> None:
    wire = Wire()
    send = adding_headers(wire.send, lambda headers: [(b"count", b"%d" % len(headers))])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
    await send({"type": "http.response.start", "status": 103})
    await send({"type": "http.response.body", "body": b""})

    assert wire.sent == [
        {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b"), (b"count", b"1")]},
        {"type": "http.response.start", "status": 103, "headers": [(b"count", b"0")]},
        {"type": "http.response.body", "body": b""},
    ]


@pytest.mark.code("KP-SYS-523")
async def test_a_websocket_is_refused_at_once_so_that_tools_fall_back_to_http() -> None:
    with trio.fail_after(20):
        async with open_gateway() as gateway, await connect(gateway.url) as stream:
            await stream.send_all(
                b"GET /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            answer = await read_until(stream, b'"}}')

    assert answer.startswith(b"HTTP/1.1 426")
    assert "KP-SYS-523" in answer.decode().split("x-korproxy-error: ")[1]
    assert b"KorProxy speaks no WebSocket" in answer


async def test_a_lifespan_is_left_alone() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async with open_gateway() as gateway:
        await gateway.server.app({"type": "lifespan"}, Wire().receive, send)

    assert sent == []


CUT = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"


async def test_an_answer_that_cannot_be_completed_is_broken_off_under_the_client() -> None:
    request = b'{"model":"m"}'
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {CLIENT_KEY}\r\n"
    with trio.fail_after(20):
        async with raw_upstream(answering(CUT, b'{"half":')) as port:
            async with open_gateway(provider_at(f"http://127.0.0.1:{port}")) as gateway, await connect(gateway.url) as stream:
                await stream.send_all(f"{head}content-length: {len(request)}\r\n\r\n".encode() + request)
                received = b"".join([bytes(chunk) async for chunk in stream])
                await until(lambda: not len(gateway.server.connections))

    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b'{"half":')


async def test_many_small_chunks_that_nobody_reads_hold_up_neither_the_answer_nor_the_end() -> None:
    chunks = b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n"
    with trio.fail_after(20):
        async with open_gateway() as gateway:
            async with await connect(gateway.url) as stream:
                head = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n"
                await stream.send_all(head + chunks)
                answer = await read_until(stream, b'"version"')
            await until(lambda: not len(gateway.server.connections))

    assert answer.startswith(b"HTTP/1.1 200")
