from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import trio
from trio.testing import open_stream_to_socket_listener

from korproxy.server.asgi import Receive, Send
from korproxy.server.http1_server import LONGEST_HEAD, Http1Server, configured
from tests.fakes.raw_client import read_until

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def answer(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok", "more_body": False})


def test_connections_are_kept_as_long_and_as_often_as_promised() -> None:
    config = configured(75.0)

    assert config.keep_alive_timeout == 75.0
    assert config.keep_alive_max_requests > 10**8
    assert (LONGEST_HEAD, config.h11_max_incomplete_size) == (65536, 65536)


async def test_what_was_read_already_is_answered_and_the_connection_stays_until_the_stop() -> None:
    server = Http1Server.of(answer, keep_alive=30.0)
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    with trio.fail_after(10):
        async with listener, trio.open_nursery() as nursery:
            async with await open_stream_to_socket_listener(listener) as client:
                nursery.start_soon(server.serve, await listener.accept(), GET[:9])
                await client.send_all(GET[9:])
                first = await read_until(client, b"\r\n\r\nok")
                await client.send_all(GET)
                second = await read_until(client, b"\r\n\r\nok")
                await server.stop()
                rest = await client.receive_some()

    assert (first[:12], second[:12], rest) == (b"HTTP/1.1 200", b"HTTP/1.1 200", b"")
