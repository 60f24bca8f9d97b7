"""B1 (docs/explain/traps.md): connections of clients are recycled, whatever cancels the task that answers."""

from __future__ import annotations

import pytest
import trio
from hypercorn.trio.tcp_server import TCPServer
from korproxy_mock.server import open_mock

from korproxy.server import asgi
from korproxy.server.asgi import Send
from korproxy.server.front import Bounds
from tests.fakes.gateway import CLIENT_KEY, MANAGEMENT_KEY, open_gateway, provider_at

ROUNDS = 10


async def read_answer(stream: trio.SocketStream) -> bytes:
    """Return one whole answer that has a content-length."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = await stream.receive_some()
        if not chunk:
            return received
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < length:
        chunk = await stream.receive_some()
        if not chunk:
            break
        body += chunk
    return head + b"\r\n\r\n" + body


def get(path: str, port: int) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nx-management-key: {MANAGEMENT_KEY}\r\n\r\n".encode()


async def answered_after_refusals(port: int) -> int:
    """Send a body that is too large and, on the same connection, a good request; count the good answers."""
    good = 0
    for _ in range(ROUNDS):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            with trio.move_on_after(2):
                head = f"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nx-api-key: {CLIENT_KEY}\r\n"
                await stream.send_all(f"{head}content-length: 3000\r\n\r\n".encode() + b"x" * 1500)
                await trio.sleep(0.01)  # the refusal is decided by now; the rest of the upload comes after it
                await stream.send_all(b"x" * 1500)
                assert (await read_answer(stream)).startswith(b"HTTP/1.1 413")
                await stream.send_all(get("/healthz", port))
                answer = await read_answer(stream)
                good += answer.startswith(b"HTTP/1.1 200")
    return good


@pytest.mark.code("KP-SYS-508")
async def test_a_connection_answers_again_after_an_upload_that_was_refused_before_its_end() -> None:
    with trio.fail_after(60):
        async with open_mock() as mock, open_gateway(provider_at(mock.url), bounds=Bounds(max_body=1000)) as gateway:
            async with gateway.client() as client:
                refused = await client.post("/v1/messages", content=b"x" * 3000)
            good = await answered_after_refusals(gateway.port)

    assert (refused.status_code, refused.headers["x-korproxy-error"], good) == (413, "KP-SYS-508", ROUNDS)


async def idle_connections_closed(port: int, path: str) -> int:
    """Use connections once, let them idle; count those that the server closes."""
    closed = 0

    async def use_one() -> None:
        nonlocal closed
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            await stream.send_all(get(path, port))
            await read_answer(stream)
            with trio.move_on_after(3):
                if await stream.receive_some() == b"":
                    closed += 1

    async with trio.open_nursery() as nursery:
        for _ in range(ROUNDS):
            nursery.start_soon(use_one)
    return closed


@pytest.fixture
def short_keep_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("korproxy.server.serving.KEEP_ALIVE", 0.3)


@pytest.mark.usefixtures("short_keep_alive")
@pytest.mark.parametrize("path", ["/healthz", "/v1/diagnostics/health"])
async def test_used_connections_are_closed_once_they_are_idle(path: str) -> None:
    with trio.fail_after(30):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway:
            closed = await idle_connections_closed(gateway.port, path)

    assert closed == ROUNDS


@pytest.mark.usefixtures("short_keep_alive")
async def test_without_the_shield_no_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap itself, so that the cure is dropped the day it is no longer needed."""

    def unguarded(send: Send) -> Send:
        return send

    monkeypatch.setattr(asgi, "guarded_send", unguarded)
    with trio.fail_after(60):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway:
            closed = await idle_connections_closed(gateway.port, "/v1/diagnostics/health")
            gateway.stop.set()

    assert closed < ROUNDS


def test_hypercorn_is_the_one_these_cures_are_made_for() -> None:
    """What serving relies on and Hypercorn does not document: how a connection is served, and what is shielded in it."""
    import inspect

    names = list(inspect.signature(TCPServer.__init__).parameters)

    assert names == ["self", "app", "config", "context", "state", "stream"]
    assert "shield = True" in inspect.getsource(TCPServer.protocol_send)
