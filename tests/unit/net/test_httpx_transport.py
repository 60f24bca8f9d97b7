"""Our connections under a real ``httpx.AsyncClient``."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio

from korproxy.net.client import Client
from korproxy.net.connect import Connector
from korproxy.net.httpx_transport import PooledTransport
from korproxy.net.pool import Pool, PoolCounters
from korproxy.net.proxies import Proxies
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.raw_upstream import CERTIFICATE, answering, encrypted, raw_upstream

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"


@asynccontextmanager
async def opened(timeout: float | None = 5, **proxies: str) -> AsyncIterator[tuple[httpx.AsyncClient, Pool]]:
    """Open a client of httpx on connections of ours."""
    pool = Pool(Connector(ssl.create_default_context(cafile=str(CERTIFICATE)), Proxies(proxies)))
    with trio.fail_after(20):
        async with httpx.AsyncClient(transport=PooledTransport(Client(pool)), timeout=timeout) as client:
            yield client, pool


async def test_a_request_of_httpx_goes_out_and_its_answer_comes_back() -> None:
    scripted = Scripted(status=404, headers=[("X-One", "1"), ("x-one", "2")], pieces=[b"ab", b"c"], framing="chunked")
    async with open_echo(scripted) as echo, opened() as (client, pool):
        answers = [await client.post(f"{echo.url}/v1?a=b", json={"a": 1}, headers={"x-two": "3"}) for _ in range(2)]
        counters = pool.counters

    assert [(each.status_code, each.content, each.headers.get_list("x-one")) for each in answers] == [
        (404, b"abc", ["1", "2"])
    ] * 2
    assert counters == PoolCounters(idle=1, opened=1, reused=1)
    head = echo.arrived[1].head.split(b"\r\n")
    assert (head[0], head[1]) == (b"POST /v1?a=b HTTP/1.1", b"host: " + echo.url.removeprefix("http://").encode())
    assert {b"x-two: 3", b"content-type: application/json", b"content-length: 7"} <= {each.lower() for each in head}
    assert echo.arrived[1].body == b'{"a":1}'


async def test_a_get_says_no_length_and_a_host_that_is_given_is_the_one_that_is_said() -> None:
    async with open_echo() as echo, opened() as (client, _):
        await client.get(echo.url, headers={"host": "other.test"})

    head = echo.only.head.lower().split(b"\r\n")
    assert (head[:2], [each for each in head if b"length" in each]) == ([b"get / http/1.1", b"host: other.test"], [])


async def test_a_body_that_is_a_stream_is_collected_and_one_that_comes_is_not() -> None:
    async def words() -> AsyncIterator[bytes]:
        for each in (b"a", b"b"):
            yield each

    async with open_echo(Scripted(pieces=[b"x", b"y"], framing="chunked")) as echo, opened() as (client, pool):
        async with client.stream("POST", echo.url, content=words()) as answer:
            busy = pool.counters.busy
            body = b"".join([each async for each in answer.aiter_raw()])

    assert (echo.only.body, body, busy, pool.counters.busy) == (b"ab", b"xy", 1, 0)


async def test_an_answer_that_is_left_early_cuts_its_connection() -> None:
    async with raw_upstream(answering(OK, b"hel", then_wait=True)) as port, opened() as (client, pool):
        async with client.stream("GET", f"http://127.0.0.1:{port}"):
            pass
        assert pool.counters == PoolCounters(opened=1, closed={"cut": 1})


async def test_whom_a_certificate_is_for_can_be_said() -> None:
    async with raw_upstream(encrypted(answering(OK + b"hello"))) as port, opened() as (client, _):
        url = f"https://127.0.0.1:{port}"
        good = await client.get(url, extensions={"sni_hostname": "localhost"})
        with pytest.raises(httpx.ConnectError, match=r"other\.test"):
            await client.get(url, extensions={"sni_hostname": "other.test"})

    assert good.content == b"hello"


@pytest.mark.parametrize(
    ("url", "sent", "error"),
    [
        ("http://127.0.0.1:{port}", (), httpx.ReadError),
        ("http://127.0.0.1:{port}", (OK + b"hel",), httpx.ReadError),
        ("http://127.0.0.1:{port}", (b"SSH-2.0\r\n",), httpx.RemoteProtocolError),
        ("http://127.0.0.1:{closed}", (), httpx.ConnectError),
        ("http://{long}.invalid", (), httpx.ConnectError),
        ("ftp://127.0.0.1/", (), httpx.UnsupportedProtocol),
    ],
)
async def test_what_goes_wrong_is_what_httpx_would_have_raised(
    url: str, sent: tuple[bytes, ...], error: type[Exception]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with raw_upstream(answering(*sent)) as port, opened() as (client, pool):
            with pytest.raises(error) as caught:
                await client.get(url.format(port=port, closed=taken.getsockname()[1], long="a" * 64))

    assert (type(caught.value), pool.counters.busy) == (error, 0)


async def test_a_proxy_that_refuses_is_a_proxy_error() -> None:
    async def refuse(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 407 No\r\n\r\n")

    async with raw_upstream(refuse) as port, opened(https=f"http://127.0.0.1:{port}") as (client, _):
        with pytest.raises(httpx.ProxyError, match="407 No"):
            await client.get("https://provider.test/")


async def test_a_field_that_http_cannot_carry_is_a_local_error() -> None:
    async with open_echo() as echo, opened() as (client, _):
        with pytest.raises(httpx.LocalProtocolError):
            await client.get(echo.url, headers=[(b"x", b"a\nb")])

    assert echo.arrived == []


@pytest.mark.parametrize(
    ("scheme", "sent", "error"),
    [("http", (), httpx.ReadTimeout), ("http", (OK, b"hel"), httpx.ReadTimeout), ("https", (), httpx.ConnectTimeout)],
)
async def test_the_timeouts_of_httpx_hold(scheme: str, sent: tuple[bytes, ...], error: type[Exception]) -> None:
    async def silent(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        for each in sent:
            await stream.send_all(each)
        await trio.sleep_forever()

    async with raw_upstream(silent) as port, opened(timeout=0.1) as (client, pool):
        with pytest.raises(error):
            await client.get(f"{scheme}://127.0.0.1:{port}")
        assert pool.counters.busy == 0


async def test_without_timeouts_and_with_the_client_everything_is_closed() -> None:
    async with open_echo() as echo, opened(timeout=None) as (client, pool):
        await client.get(echo.url)

    assert pool.counters == PoolCounters(opened=1, closed={"stopped": 1})
