"""Clients that do what no SDK does, by mistake or on purpose: each costs its own connection, never the others nor the end."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.settings
import pytest
import trio
from hypercorn.trio.tcp_server import TCPServer
from korproxy_mock.server import open_mock

from korproxy.config.settings import ServerSettings
from korproxy.server.asgi import App, AsgiApp, Receive, Send
from korproxy.server.front import Bounds
from korproxy.server.http1 import AHEAD
from tests.fakes.gateway import CLIENT_KEY, open_gateway, provider_at
from tests.fakes.process import daemon
from tests.fakes.raw_client import chat_request, connect, read_all, read_until
from tests.fakes.waiting import until

SLOW = "{{mock: first-byte=60}}"
HEALTHZ = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
CLOSING = HEALTHZ[:-2] + b"connection: close\r\n\r\n"


def http2_request(path: str) -> bytes:
    """Return what an HTTP/2 client sends that knows beforehand, and whose window lets no byte of a body through."""
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    client.initiate_connection()
    client.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
    head = [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "127.0.0.1")]
    client.send_headers(1, head, end_stream=True)
    return client.data_to_send()


async def test_who_speaks_http_2_is_answered_in_http_1_and_leaves_nothing_behind() -> None:
    with trio.fail_after(20):
        async with open_gateway() as gateway:
            async with await connect(gateway.url) as stream:
                await stream.send_all(http2_request("/healthz"))
                received = await read_all(stream)
            await until(lambda: not len(gateway.server.connections), seconds=2)

    assert received.startswith(b"HTTP/1.1 403 ")


async def test_who_offers_to_go_over_to_http_2_stays_with_http_1() -> None:
    upgrade = b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAAAA\r\n"
    with trio.fail_after(20):
        async with open_gateway() as gateway, await connect(gateway.url) as stream:
            await stream.send_all(HEALTHZ[:-2] + upgrade + b"\r\n")
            await stream.send_all(CLOSING)
            received = await read_all(stream)

    assert (received[:13], received.count(b"HTTP/1.1 200 ")) == (b"HTTP/1.1 200 ", 2)


async def test_with_http_2_a_client_that_left_would_be_kept_and_only_the_end_of_the_grace_would_let_it_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The trap itself, and behind it the second wall: a shield does not outlive its connection."""
    monkeypatch.setattr("korproxy.server.http1_server.Http1Connection", TCPServer)
    with trio.fail_after(20):
        async with open_gateway(server=ServerSettings(port=0, grace=0.3, lane=False)) as gateway:
            async with await connect(gateway.url) as stream:
                await stream.send_all(http2_request("/healthz"))
                await until(lambda: gateway.server.connections.stalled(trio.current_time(), 0.1))
            with pytest.raises(trio.TooSlowError):
                await until(lambda: not len(gateway.server.connections), seconds=0.5)
            began = trio.current_time()
        took = trio.current_time() - began

    assert took < 3


TAILS = {
    "line": b"\r\n",
    "request": HEALTHZ,
    "half": b"GET / HT",
    "upload": b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 99999\r\n\r\n" + b"x" * 50_000,
}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
async def test_a_client_that_leaves_is_noticed_whatever_it_sent_behind_its_request(tail: bytes, at_once: bool) -> None:
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway:
            stream = await connect(gateway.url)
            await stream.send_all(chat_request(SLOW, CLIENT_KEY) + (tail if at_once else b""))
            await until(lambda: mock.requests)
            await stream.send_all(b"" if at_once else tail)
            await stream.aclose()
            await until(lambda: gateway.finished and not mock.open_connections, seconds=2)
            await until(lambda: not len(gateway.server.connections), seconds=2)

    assert [(each.outcome, each.code) for each in gateway.finished] == [("client left", "KP-NET-311")]


async def test_a_client_that_sends_too_much_behind_its_request_is_hung_up_on() -> None:
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway, await connect(gateway.url) as stream:
            await stream.send_all(chat_request(SLOW, CLIENT_KEY))
            await until(lambda: mock.requests)
            with suppress(trio.BrokenResourceError):
                while True:
                    await stream.send_all(b"x" * AHEAD)
            await until(lambda: gateway.finished and not mock.open_connections, seconds=2)


async def test_requests_in_advance_are_answered_in_their_order() -> None:
    models = f"GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {CLIENT_KEY}\r\n\r\n".encode()
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway, await connect(gateway.url) as stream:
            await stream.send_all(chat_request("{{mock: first-byte=0.5}}", CLIENT_KEY, stream=False) + HEALTHZ)
            await until(lambda: mock.requests)
            await stream.send_all(models + HEALTHZ[:20])  # nobody reads by now but who watches for the end
            await stream.send_all(HEALTHZ[20:] + CLOSING)
            received = await read_all(stream)

    answers = received.split(b"HTTP/1.1 200 ")[1:]
    kinds = [b"chat.completion", b'"data"', b'"version"', b'"version"', b'"version"']
    order = [0, 2, 1, 3, 4]
    assert [kinds[which] in each for which, each in zip(order, answers, strict=True)] == [True] * 5


async def test_a_client_that_sent_more_does_not_keep_the_end_waiting() -> None:
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url), server=ServerSettings(port=0, grace=15)) as gateway:
            async with await connect(gateway.url) as stream:
                await stream.send_all(chat_request("{{mock: first-byte=0.5}}", CLIENT_KEY, stream=False) + HEALTHZ)
                await until(lambda: mock.requests)
                gateway.stop.set()
                received = await read_all(stream)
                await until(lambda: not len(gateway.server.connections), seconds=2)

    assert received.count(b"HTTP/1.1 200 ") == 1


@pytest.mark.code("KP-SYS-511")
async def test_who_uploads_still_when_the_grace_ends_is_told_so() -> None:
    settings = ServerSettings(port=0, grace=0.3)
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url), server=settings) as gateway:
            async with await connect(gateway.url) as stream:
                await stream.send_all(chat_request("hello", CLIENT_KEY)[:-20])
                await until(lambda: gateway.front.tally.running)
                gateway.stop.set()
                received = await read_all(stream)

    assert received.startswith(b"HTTP/1.1 503 ")
    assert "x-korproxy-error: KP-SYS-511\r\n" in received.decode()


@pytest.mark.code("KP-SYS-510")
async def test_the_rest_of_an_upload_that_fell_silent_is_not_waited_for() -> None:
    with trio.fail_after(20):
        async with open_gateway(bounds=Bounds(read_deadline=0.2)) as gateway, await connect(gateway.url) as stream:
            began = trio.current_time()
            await stream.send_all(chat_request("hello", CLIENT_KEY)[:-5])
            received = await read_all(stream)
            took = trio.current_time() - began

    assert received.startswith(b"HTTP/1.1 408 ")
    assert "x-korproxy-error: KP-SYS-510\r\n" in received.decode()
    assert took < 2


def failing_manager(*, started: bool) -> Any:
    """Return a wrapper that gives the application a management part that fails."""

    async def manage(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if started:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ExceptionGroup("of a nursery", [LookupError(scope["path"])])

    def wrap(app: AsgiApp) -> AsgiApp:
        assert isinstance(app, App)
        return App(app.entrance, manage)

    return wrap


@pytest.mark.code("KP-SYS-501")
async def test_a_fault_of_the_management_part_is_answered_and_logged_once(
    expected_logs: list[logging.LogRecord],
) -> None:
    async with open_gateway(wrap=failing_manager(started=False)) as gateway, gateway.client() as client:
        answer = await client.get("/v1/errors")

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "KP-SYS-501")
    assert [each.getMessage() for each in expected_logs] == ["a fault of KorProxy's own in GET '/v1/errors'"]


async def test_a_fault_of_it_in_mid_answer_closes_the_connection(expected_logs: list[logging.LogRecord]) -> None:
    with trio.fail_after(20):
        async with open_gateway(wrap=failing_manager(started=True)) as gateway, await connect(gateway.url) as stream:
            await stream.send_all(b"GET /v1/errors HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            received = await read_all(stream)

    assert (received[:13], received[-8:]) == (b"HTTP/1.1 200 ", b"\r\n\r\nhalf")
    assert len(expected_logs) == 1


@pytest.mark.parametrize(("host", "status"), [("localhost.", 200), ("localhost..", 403), ("127.0.0.1.", 200)])
async def test_a_host_that_passes_the_guard_passes_what_stands_behind_it(host: str, status: int) -> None:
    async with open_gateway() as gateway, gateway.client(headers={"host": host}) as client:
        answers = [await client.get(path) for path in ("/healthz", "/v1/errors", "/errors/KP-SYS-501")]

    assert [each.status_code for each in answers] == [status] * 3


@pytest.mark.code("KP-AUTH-004")
async def test_who_takes_it_for_a_forward_proxy_is_told_that_it_is_none() -> None:
    with trio.fail_after(20):
        async with open_gateway() as gateway, await connect(gateway.url) as stream:
            await stream.send_all(b"GET http://example.test/x HTTP/1.1\r\nhost: example.test\r\nconnection: close\r\n\r\n")
            received = await read_all(stream)

    assert received.startswith(b"HTTP/1.1 403 ")
    assert "x-korproxy-error: KP-AUTH-004\r\n" in received.decode()
    assert b"KorProxy is no forward proxy" in received


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [({"content-encoding": "gzip"}, b"\x1f\x8b", "compressed"), ({"content-encoding": "identity"}, b" \n", "is empty")],
)
async def test_a_body_that_cannot_be_read_is_refused_with_what_is_wrong(
    headers: Mapping[str, str], body: bytes, said: str
) -> None:
    async with open_gateway() as gateway, gateway.client() as client:
        answer = await client.post("/v1/messages", content=body, headers=headers)

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (400, "KP-SYS-509")
    assert said in answer.json()["error"]["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit is a shell's")
async def test_without_descriptors_the_log_stays_short_and_clients_are_served_again_later(home: Path) -> None:
    short = ("sh", "-c", f'ulimit -n 40; exec {sys.executable} -m korproxy run "$@"', "sh")
    with trio.fail_after(30):
        with daemon(home, command=short) as running:
            crowd = [await connect(running.url) for _ in range(60)]
            await until(lambda: any("no client can connect" in line for line in running.log))
            await trio.sleep(1.5)  # the time over which the lines are counted
            for each in crowd:
                await each.aclose()
            async with await connect(running.url) as stream:
                await stream.send_all(HEALTHZ)
                answer = json.loads((await read_until(stream, b"}")).partition(b"\r\n\r\n")[2])
            running.ask_to_stop()
            await trio.to_thread.run_sync(running.wait)

    assert answer["status"] == "ok"
    assert 1 <= sum("no client can connect" in line for line in running.log) <= 4
    assert [line for line in running.log if "Traceback" in line] == []
