from __future__ import annotations

import socket
import ssl

import attrs
import pytest
import trio

from korproxy.net.address import Target, basic, target_of
from korproxy.net.connect import Connector
from korproxy.net.errors import ProxyRefused, Unreached, UnreachedInTime
from korproxy.net.proxies import Proxies
from korproxy.net.tls import Line, base_of
from tests.fakes.raw_upstream import CERTIFICATE, TLS, Serve, encrypted, raw_upstream


def connector(**proxies: str) -> Connector:
    return Connector(ssl.create_default_context(cafile=str(CERTIFICATE)), Proxies(proxies))


async def echo(stream: trio.abc.Stream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data)


async def echoed(line: Line) -> bytes:
    """Return what comes back for "hello"."""
    try:
        await line.send(b"hello")
        return await line.receive(deadline=trio.current_time() + 5)
    finally:
        line.close()


async def reached(url: str, **proxies: str) -> bytes:
    with trio.fail_after(10):
        return await echoed(await connector(**proxies).connect(target_of(url)))


def elsewhere(url: str) -> Target:
    """Return *url* with a name that only a proxy knows; the certificate is still for the host of *url*."""
    return attrs.evolve(target_of(url), host="provider.test")


def proxying(port: int, *, seen: list[bytes], answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> Serve:
    """Return a proxy that leads everybody to *port* on this machine."""

    async def serve(stream: trio.abc.Stream) -> None:
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            asked += await stream.receive_some()
        seen.append(asked)
        for each in (answer[:9], answer[9:]):
            await stream.send_all(each)
        there = await trio.open_tcp_stream("127.0.0.1", port)
        async with there, trio.open_nursery() as nursery:

            async def forward(one: trio.abc.Stream, other: trio.abc.Stream) -> None:
                while data := await one.receive_some():
                    await other.send_all(data)
                nursery.cancel_scope.cancel()

            nursery.start_soon(forward, stream, there)
            await forward(there, stream)

    return serve


async def test_plain_and_secure_connections_are_made_and_send_at_once() -> None:
    async with raw_upstream(echo) as plain, raw_upstream(encrypted(echo)) as secure:
        assert await reached(f"http://127.0.0.1:{plain}/") == b"hello"
        assert await reached(f"https://127.0.0.1:{secure}/") == b"hello"
        line = await connector().connect(target_of(f"http://localhost:{plain}/"))
        assert base_of(line).socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        line.close()


async def test_http_1_1_is_all_that_is_offered() -> None:
    chosen: list[str | None] = []

    async def serve(stream: trio.abc.Stream) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE, TLS / "key.pem")
        context.set_alpn_protocols(["h2", "http/1.1"])
        secure = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        await secure.do_handshake()
        chosen.append(secure.selected_alpn_protocol())
        await echo(secure)

    async with raw_upstream(serve) as port:
        assert await reached(f"https://127.0.0.1:{port}/") == b"hello"

    assert chosen == ["http/1.1"]


@pytest.mark.parametrize(
    ("credential", "expected"), [("", []), ("me:pass@", [b"proxy-authorization: " + basic(b"me", b"pass")])]
)
async def test_a_proxy_leads_to_a_secure_server_and_learns_its_name_only(credential: str, expected: list[bytes]) -> None:
    seen: list[bytes] = []
    async with raw_upstream(encrypted(echo)) as port, raw_upstream(proxying(port, seen=seen)) as proxy:
        connecting = connector(https=f"http://{credential}127.0.0.1:{proxy}")
        line = await connecting.connect(elsewhere("https://127.0.0.1:4430/secret"))
        assert await echoed(line) == b"hello"

    goal = b"provider.test:4430"
    assert seen[0].split(b"\r\n") == [b"CONNECT " + goal + b" HTTP/1.1", b"host: " + goal, *expected, b"", b""]


async def test_a_proxy_can_itself_be_spoken_to_in_tls() -> None:
    seen: list[bytes] = []
    async with raw_upstream(encrypted(echo)) as port, raw_upstream(encrypted(proxying(port, seen=seen))) as proxy:
        connecting = connector(https=f"https://localhost:{proxy}")
        assert await echoed(await connecting.connect(elsewhere("https://127.0.0.1/"))) == b"hello"

    assert seen[0].startswith(b"CONNECT provider.test:443 ")


async def test_a_plain_server_behind_a_proxy_is_asked_by_the_proxy() -> None:
    target = target_of("http://provider.test/")
    async with raw_upstream(echo) as proxy:
        connecting = connector(http=f"http://127.0.0.1:{proxy}")
        assert connecting.proxy(target) is not None
        assert await echoed(await connecting.connect(target)) == b"hello"

    assert connector(https="http://p.test").proxy(target_of("https://provider.test/")) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 5\r\n\r\nhello", "407 Proxy Authentication Required"),
        (b"HTTP/1.1 503 \x1b[2JBusy\r\n", "503 [2JBusy"),
        (b"HTTP/1.1 403\r\n", "403"),
        (b"", "nothing"),
        (b"SSH-2.0-x\r\n", "something that is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20000, "an answer without an end"),
        (b"HTTP/1.1 200 OK\r\n", "an answer without an end"),
    ],
)
async def test_a_proxy_that_does_not_let_us_through_is_quoted(answer: bytes, words: str) -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(answer)

    async with raw_upstream(serve) as proxy:
        with pytest.raises(ProxyRefused) as caught:
            await reached("https://provider.test/", https=f"http://127.0.0.1:{proxy}")

    assert str(caught.value) == words


async def test_a_connection_that_does_not_stand_in_time() -> None:
    async def silent(stream: trio.abc.Stream) -> None:
        while await stream.receive_some():
            pass

    async with raw_upstream(silent) as port:
        with pytest.raises(UnreachedInTime):
            await connector().connect(target_of(f"https://127.0.0.1:{port}/"), trio.current_time() + 0.05)


async def test_who_cannot_be_reached_is_not_and_the_cause_says_why() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unreached) as caught:
            await reached(f"http://127.0.0.1:{taken.getsockname()[1]}/")

    assert isinstance(caught.value.__cause__, OSError)


async def test_a_proxy_of_another_kind_leads_nowhere() -> None:
    with pytest.raises(Unreached, match="socks5"):
        await reached("https://provider.test/", all="socks5://127.0.0.1:1")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nobody_at_a_port_is_the_systems_own_error_by_address_and_by_name(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreached) as raised:
        await connector().connect(target_of(f"http://{host}:{port}/"), trio.current_time() + 5)

    assert isinstance(raised.value.__cause__, OSError)


async def test_an_address_of_ipv6_is_connected_to_directly() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        line = await connector().connect(target_of(f"http://[::1]:{server.getsockname()[1]}/"), trio.current_time() + 5)
        accepted, _ = server.accept()
        with accepted:
            await line.send(b"hello")
            received = accepted.recv(5)
        line.close()

    assert received == b"hello"
