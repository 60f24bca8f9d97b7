"""Hypercorn on sockets of ours: what it promises to clients that behave, and what the others cost."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from hypercorn.trio.tcp_server import TCPServer
from trio.testing import wait_all_tasks_blocked

from korproxy.server.answering import GOODBYE
from korproxy.server.asgi import AsgiApp, Receive, Send, guarded_send
from korproxy.server.exchange import Exchange
from korproxy.server.grace import Grace
from korproxy.server.http1_server import LONGEST_HEAD
from korproxy.server.serving import KEEP_ALIVE, Lane, Server, _AcceptFailures
from tests.fakes.raw_client import read_all, read_until
from tests.fakes.waiting import until

ROOT = Path(__file__).parents[3]
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LONG = 30.0  # a grace that no test waits for


async def answer(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@attrs.define
class Gated:
    """An application whose answers wait in the middle until they may end; ``/boom`` fails instead."""

    may_end: trio.Event = attrs.field(factory=trio.Event)

    async def __call__(self, scope: Mapping[str, Any], _: Receive, send: Send) -> None:
        if scope["path"] == "/boom":
            raise LookupError("boom")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        if scope["path"] == "/late-boom":
            raise LookupError("late boom")
        await self.may_end.wait()
        await send({"type": "http.response.body", "body": b"k"})


@attrs.frozen(kw_only=True)
class Running:
    server: Server
    sockets: Sequence[socket.socket]
    ports: Sequence[int]
    stop: trio.Event
    ended: trio.Event

    async def connect(self, which: int = 0) -> trio.SocketStream:
        """Return a connection; the caller closes it."""
        return await trio.open_tcp_stream("127.0.0.1", self.ports[which])


@asynccontextmanager
async def serving(app: AsgiApp, *, sockets: int = 1, grace: float = LONG, lane: Lane | None = None) -> AsyncIterator[Running]:
    """Serve *app* on free ports for the block, and stop at its end."""
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(sockets)]
    ports = [each.getsockname()[1] for each in made]
    server = Server(app=app, grace=Grace(), grace_seconds=grace, lane=lane)
    stop, ended = trio.Event(), trio.Event()

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        await server.run(made, stop, task_status=task_status)
        ended.set()

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            await nursery.start(run)
            yield Running(server=server, sockets=made, ports=ports, stop=stop, ended=ended)
            stop.set()


async def ask(stream: trio.SocketStream) -> bytes:
    await stream.send_all(GET)
    return await read_until(stream, b"\r\n\r\nok")


IMPORTS = """
    import sys, trio
    from tests.fakes.gateway import open_gateway

    async def main():
        async with open_gateway() as gateway, gateway.client() as client:
            await client.get("/healthz")
            before = "hypercorn" in sys.modules
            answer = await client.get("/v1/errors")
            sys.stdout.write(f"{before} {answer.status_code} {'hypercorn' in sys.modules}")

    trio.run(main)
"""


def test_hypercorn_is_imported_with_the_first_request_that_is_not_for_the_lane() -> None:
    command = [sys.executable, "-c", textwrap.dedent(IMPORTS)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert (ended.stdout, ended.stderr) == ("False 200 True", "")


def test_connections_are_kept_as_long_as_promised() -> None:
    assert KEEP_ALIVE == 75.0


async def test_a_connection_serves_more_requests_than_hypercorn_would_let_it() -> None:
    async with serving(answer) as running, await running.connect() as stream:
        answers = [await ask(stream) for _ in range(1050)]

    assert {each[:12] for each in answers} == {b"HTTP/1.1 200"}
    assert [each for each in answers if b"connection: close" in each] == []


async def test_the_software_behind_it_is_not_named() -> None:
    async with serving(answer) as running, await running.connect() as stream:
        head = await ask(stream)

    assert b"\r\nserver:" not in head.lower()


async def test_all_sockets_are_served_and_closed_at_the_end() -> None:
    async with serving(answer, sockets=2) as running:
        for which in (0, 1):
            async with await running.connect(which) as stream:
                assert (await ask(stream)).startswith(b"HTTP/1.1 200")

    assert [each.fileno() for each in running.sockets] == [-1, -1]


async def test_a_head_that_does_not_end_is_refused_and_harms_nobody_else() -> None:
    app = Gated()
    async with serving(app) as running, await running.connect() as good, await running.connect() as bad:
        await good.send_all(GET)
        await read_until(good, b"\r\n\r\no")
        await bad.send_all((GET[:-2] + b"x-long: ").ljust(LONGEST_HEAD + 1, b"a"))
        refused = await read_all(bad)
        app.may_end.set()
        rest = await read_until(good, b"k")
        await until(lambda: len(running.server.connections) == 1)

    assert refused.startswith(b"HTTP/1.1 431")
    assert rest == b"k"


async def test_a_long_head_within_the_limit_is_served() -> None:
    async with serving(answer) as running, await running.connect() as stream:
        await stream.send_all((GET[:-2] + b"x-long: ").ljust(LONGEST_HEAD - 4, b"a") + b"\r\n\r\n")
        head = await read_until(stream, b"ok")

    assert head.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n"],
    ids=["tls", "cut", "nul"],
)
async def test_what_is_no_http_costs_its_own_connection_only(garbage: bytes) -> None:
    async with serving(answer) as running, await running.connect() as good, await running.connect() as bad:
        await ask(good)
        await bad.send_all(garbage)
        await bad.send_eof()
        refused = await read_all(bad)
        again = await ask(good)

    assert refused.startswith(b"HTTP/1.1 400")
    assert again.startswith(b"HTTP/1.1 200")


async def test_an_application_that_fails_costs_one_connection_and_is_logged(expected_logs: list[logging.LogRecord]) -> None:
    app = Gated()
    async with serving(app) as running, await running.connect() as good, await running.connect() as bad:
        await good.send_all(GET)
        await read_until(good, b"\r\n\r\no")
        await bad.send_all(GET.replace(b"/ ", b"/boom "))
        failed = await read_all(bad)
        app.may_end.set()
        rest = await read_until(good, b"k")
        async with await running.connect() as new:
            after = await ask(new)

    assert failed.startswith(b"HTTP/1.1 500")
    assert (rest, after[:12]) == (b"k", b"HTTP/1.1 200")
    assert [(each.name, each.levelname) for each in expected_logs] == [("korproxy.server", "ERROR")]
    assert _cause(expected_logs[0]) == "LookupError('boom')"


async def test_an_application_that_fails_after_the_head_ends_the_connection_and_is_logged(
    expected_logs: list[logging.LogRecord],
) -> None:
    async with serving(Gated()) as running, await running.connect() as bad:
        await bad.send_all(GET.replace(b"/ ", b"/late-boom "))
        received = await read_all(bad)
        await until(lambda: not len(running.server.connections))

    assert received.endswith(b"\r\n\r\no")
    assert [_cause(each) for each in expected_logs if each.exc_info] == ["LookupError('late boom')"]


async def test_a_connection_that_fails_in_hypercorn_itself_does_not_end_the_server(
    expected_logs: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise LookupError("inside")

    async with serving(answer) as running:
        with monkeypatch.context() as patched:
            patched.setattr("korproxy.server.http1_server.Http1Connection._read_data", fail)
            async with await running.connect() as bad:
                received = await read_all(bad)
        async with await running.connect() as good:
            after = await ask(good)

    assert (received, after[:12]) == (b"", b"HTTP/1.1 200")
    assert [each.getMessage() for each in expected_logs] == ["a client's connection failed"]


@pytest.mark.parametrize("failure", [LookupError("inside"), ExceptionGroup("of a nursery", [LookupError("inside")])])
async def test_a_connection_that_fails_in_the_lane_does_not_end_the_server(
    failure: Exception, expected_logs: list[logging.LogRecord]
) -> None:
    async def fail(_: Exchange) -> None:
        raise failure

    async with serving(answer, lane=Lane(handle=fail)) as running:
        for _ in range(2):
            async with await running.connect() as bad:
                await bad.send_all(GET)
                assert await read_all(bad) == b""
        async with await running.connect() as good:
            await good.send_all(GET.replace(b"GET", b"PUT"))  # which is for Hypercorn
            after = await read_until(good, b"ok")
        await until(lambda: not len(running.server.connections))

    assert after[:12] == b"HTTP/1.1 200"
    assert [each.getMessage() for each in expected_logs] == ["a client's connection failed"] * 2


async def test_a_client_that_left_after_its_answer_is_forgotten_at_once() -> None:
    async with serving(answer) as running:
        async with await running.connect() as stream:
            await ask(stream)
            await wait_all_tasks_blocked()  # the connection is ready for its next request
            there = len(running.server.connections)
        await until(lambda: not len(running.server.connections), seconds=5)

    assert there == 1


async def test_without_our_own_class_it_would_be_kept_for_the_idle_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap itself, so that the cure is dropped the day it is no longer needed."""
    monkeypatch.setattr("korproxy.server.http1_server.Http1Connection", TCPServer)
    async with serving(answer) as running:
        async with await running.connect() as stream:
            await ask(stream)
            await wait_all_tasks_blocked()  # the connection is ready for its next request
        with pytest.raises(trio.TooSlowError):
            await until(lambda: not len(running.server.connections), seconds=0.5)


@pytest.mark.parametrize("requests", [0, 1, 3])
async def test_idle_connections_are_closed_at_once_when_it_stops(requests: int) -> None:
    async with serving(answer) as running, await running.connect() as stream:
        for _ in range(requests):
            await ask(stream)
        await until(lambda: len(running.server.connections))
        running.stop.set()
        with trio.fail_after(5):
            received = await read_all(stream)
            await running.ended.wait()

    assert received == b""


async def test_a_running_answer_ends_within_the_grace_while_nobody_new_comes_in() -> None:
    app = Gated()
    async with serving(app) as running, await running.connect() as stream:
        await stream.send_all(GET)
        await read_until(stream, b"\r\n\r\no")
        running.stop.set()
        await until(lambda: running.sockets[0].fileno() == -1)
        with pytest.raises(OSError, match="connect"):
            await running.connect()
        early = running.ended.is_set()
        app.may_end.set()
        rest = await read_all(stream)
        with trio.fail_after(5):
            await running.ended.wait()

    assert (early, rest) == (False, b"k")


async def test_what_does_not_end_within_the_grace_is_closed_soon_after_it() -> None:
    async with serving(Gated(), grace=0.3) as running, await running.connect() as stream:
        await stream.send_all(GET)
        await read_until(stream, b"\r\n\r\no")
        began = trio.current_time()
        running.stop.set()
        await running.ended.wait()
        took = trio.current_time() - began

    assert running.server.grace.over
    assert 0.3 <= took < 3


async def test_a_second_signal_ends_the_grace_and_soon_closes_every_connection() -> None:
    async with serving(Gated()) as running, await running.connect() as stream, await running.connect() as idle:
        await stream.send_all(GET)
        await read_until(stream, b"\r\n\r\no")
        running.stop.set()
        await wait_all_tasks_blocked()
        before = running.server.grace.over
        running.server.abandon()
        with trio.fail_after(GOODBYE + 2):
            ends = [await read_all(each) for each in (stream, idle)]
            await running.ended.wait()

    assert (ends, before, running.server.grace.over) == ([b"", b""], False, True)


async def test_a_server_that_is_cancelled_ends_even_with_a_client_that_does_not_read() -> None:
    async def flood(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        send = guarded_send(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 2**20, "more_body": True})
            await trio.lowlevel.checkpoint()  # as where the next piece comes from a provider

    with socket.create_server(("127.0.0.1", 0)) as listening, trio.fail_after(10):
        server = Server(app=flood, grace=Grace())
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(server.run, [listening], trio.Event()))
            async with await trio.open_tcp_stream("127.0.0.1", listening.getsockname()[1]) as stream:
                await stream.send_all(GET)
                await until(lambda: server.connections.stalled(trio.current_time(), 0.2))
                nursery.cancel_scope.cancel()

    assert len(server.connections) == 0


async def test_a_stop_that_was_asked_for_before_the_start_is_kept() -> None:
    stop = trio.Event()
    stop.set()
    with socket.create_server(("127.0.0.1", 0)) as listening, trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(Server(app=answer, grace=Grace()).run, [listening], stop))

    assert listening.fileno() == -1


def test_of_clients_that_cannot_be_accepted_one_line_a_second_is_logged_with_a_hint_and_no_traceback() -> None:
    short = _AcceptFailures()
    lines = list[str]()
    for second in (100.0, 100.1, 100.9, 101.1, 101.2):
        record = logging.LogRecord("trio.serve_listeners", logging.ERROR, "", 1, "accept returned %s", ("EMFILE",), None)
        record.created, record.exc_info = second, (OSError, OSError(), None)
        if short(record):
            lines.append(f"{second}: {logging.Formatter().format(record)}")

    hint = "no client can connect: accept returned EMFILE. If descriptors ran out: see `ulimit -n` and [server] max_running"
    assert lines == [f"100.0: {hint}", f"101.1: {hint}"]


async def test_lines_of_trio_are_shortened_while_the_server_runs_and_no_longer() -> None:
    filters = logging.getLogger("trio.serve_listeners").filters
    before = list(filters)
    async with serving(answer):
        during = list(filters)

    assert (len(during), filters) == (len(before) + 1, before)


def _cause(record: logging.LogRecord) -> str:
    assert record.exc_info is not None
    return repr(record.exc_info[1])
