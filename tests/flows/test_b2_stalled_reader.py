"""B2 (docs/explain/traps.md): a client that stops reading costs nobody anything, and never holds up the end."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from korproxy_mock.server import MockServer, open_mock

from korproxy.config.settings import ServerSettings
from korproxy.server.connections import Connections
from tests.fakes.gateway import CLIENT_KEY, Gateway, open_gateway, provider_at
from tests.fakes.waiting import until

GRACE = 0.5
MUCH = "{{mock: words=60000}}"  # more than all buffers between the mock and the client hold


@asynccontextmanager
async def stalled_client(gateway: Gateway, mock: MockServer) -> AsyncIterator[trio.SocketStream]:
    """Ask for a long stream and never read it; the block begins when the gateway is stuck in a write."""
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": MUCH}]}
    content = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {CLIENT_KEY}\r\n"
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(raw))
    async with stream:
        await stream.socket.connect(("127.0.0.1", gateway.port))
        await stream.send_all(f"{head}content-length: {len(content)}\r\n\r\n".encode() + content)
        await until(lambda: gateway.server.connections.stalled(trio.current_time(), 0.2))
        assert mock.open_streams == 1
        yield stream


async def test_a_client_that_never_reads_does_not_hold_up_the_end() -> None:
    settings = ServerSettings(port=0, grace=GRACE)
    with trio.fail_after(30):
        async with open_mock() as mock, open_gateway(provider_at(mock.url), server=settings) as gateway:
            async with stalled_client(gateway, mock):
                began = trio.current_time()
                gateway.stop.set()
                await until(lambda: not len(gateway.server.connections))
                took = trio.current_time() - began

    assert GRACE <= took < GRACE + 1


async def test_without_closing_its_socket_it_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap itself, so that the cure is dropped the day it is no longer needed."""
    monkeypatch.setattr(Connections, "cut_all", lambda _: None)
    settings = ServerSettings(port=0, grace=GRACE, lane=False)
    with trio.fail_after(30):
        async with open_mock() as mock, open_gateway(provider_at(mock.url), server=settings) as gateway:
            async with stalled_client(gateway, mock):
                gateway.stop.set()
                with pytest.raises(trio.TooSlowError):
                    await until(lambda: not len(gateway.server.connections), seconds=GRACE + 2)
                still_there = len(gateway.server.connections)

    assert still_there == 1


@pytest.mark.code("KP-NET-312")
async def test_a_client_that_never_reads_is_hung_up_on_after_the_write_deadline(caplog: pytest.LogCaptureFixture) -> None:
    settings = ServerSettings(port=0, write_deadline=0.5)
    with trio.fail_after(30):
        async with open_mock() as mock, open_gateway(provider_at(mock.url), server=settings) as gateway:
            async with stalled_client(gateway, mock):
                await until(lambda: gateway.finished and not mock.open_streams)

    assert any("KP-NET-312" in record.getMessage() for record in caplog.records)
    assert [(each.outcome, each.code) for each in gateway.finished] == [("client left", "KP-NET-312")]
