from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from korproxy.errors.exceptions import ProviderLost
from korproxy.gateway.upstream import Reply, Upstream, open_upstream
from korproxy.models.calls import RawHeaders, UpstreamRequest
from korproxy.models.providers import Deadlines
from korproxy.net import pool
from korproxy.net.pool import PoolCounters
from korproxy.net.reactor import open_reactor
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.raw_upstream import CERTIFICATE, Serve, answering, encrypted, raw_upstream, read_request
from tests.fakes.waiting import until

FAR = 60.0  # seconds until the total deadline, where a test is not about it
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"


@asynccontextmanager
async def upstream(*, cafile: str | None = None, trust_env: bool = False, **deadlines: float) -> AsyncIterator[Upstream]:
    """Open the connections to a provider that is called "one"; it trusts only *cafile*. In a reactor, as the daemon does."""
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if cafile is not None:
        secure.load_verify_locations(cafile)
    with trio.fail_after(20):
        async with open_reactor(), open_upstream("one", Deadlines(**deadlines), secure=secure, trust_env=trust_env) as opened:
            yield opened


def post(url: str, body: bytes = b"{}", headers: RawHeaders = ()) -> UpstreamRequest:
    return UpstreamRequest(method="POST", url=url, headers=headers, body=body)


def in_time() -> float:
    return trio.current_time() + FAR


async def read(reply: Reply) -> bytes:
    pieces = []
    while chunk := await reply.next_chunk():
        pieces.append(chunk)
    return b"".join(pieces)


async def ask(opened: Upstream, url: str, **more: object) -> tuple[int, bytes]:
    """Return status and body of the answer to a POST."""
    reply = await opened.open(post(url, **more), in_time())  # type: ignore[arg-type]
    try:
        return reply.status, await read(reply)
    finally:
        await reply.aclose()


async def test_an_answer_is_its_status_its_headers_and_its_bytes() -> None:
    scripted = Scripted(status=404, headers=[("X-One", "1"), ("x-one", "2"), ("Set-Cookie", "a=b")], pieces=[b"ab", b"c"])
    async with open_echo(scripted) as echo, upstream() as opened:
        reply = await opened.open(post(echo.url), in_time())
        body = await read(reply)
        again = await reply.next_chunk()
        await reply.aclose()

    assert (reply.status, body, again) == (404, b"abc", b"")
    assert reply.headers.raw == ((b"x-one", b"1"), (b"x-one", b"2"), (b"set-cookie", b"a=b"), (b"content-length", b"3"))


async def test_a_request_is_sent_byte_for_byte_and_nothing_is_added_but_host_and_length() -> None:
    headers = [(b"anthropic-beta", b"a"), (b"x-api-key", b"k"), (b"anthropic-beta", b"b"), (b"accept-encoding", b"identity")]
    async with open_echo() as echo, upstream() as opened:
        await ask(opened, echo.url + "/v1/messages?beta=true", body=b'{"a": 1}', headers=headers)

    assert echo.only.head.split(b"\r\n") == [
        b"POST /v1/messages?beta=true HTTP/1.1",
        b"host: " + echo.url.removeprefix("http://").encode(),
        b"anthropic-beta: a",
        b"x-api-key: k",
        b"anthropic-beta: b",
        b"accept-encoding: identity",
        b"content-length: 8",
    ]
    assert echo.only.body == b'{"a": 1}'


async def test_a_cookie_that_a_provider_sets_is_not_sent_back() -> None:
    async with open_echo(Scripted(headers=[("set-cookie", "session=1; Path=/")])) as echo, upstream() as opened:
        await ask(opened, echo.url)
        await ask(opened, echo.url)

    assert [b"session" in each.head for each in echo.arrived] == [False, False]


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    async with open_echo(Scripted(status=302, headers=[("location", "/elsewhere")])) as echo, upstream() as opened:
        status, _ = await ask(opened, echo.url)

    assert (status, len(echo.arrived)) == (302, 1)


async def test_a_compressed_answer_is_handed_on_as_it_came() -> None:
    async with (
        open_echo(Scripted(headers=[("content-encoding", "gzip")], pieces=[b"\x1f\x8bnot"])) as echo,
        upstream() as opened,
    ):
        assert await ask(opened, echo.url) == (200, b"\x1f\x8bnot")


async def test_a_connection_that_was_read_to_its_end_is_used_again() -> None:
    async with open_echo() as echo, upstream() as opened:
        await ask(opened, echo.url)
        between = opened.open_connections
        await ask(opened, echo.url)
        assert (between, opened.open_connections) == (1, 1)


async def test_a_reply_that_is_closed_early_cuts_its_connection() -> None:
    left: list[bytes] = []

    async def endless(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        left.append(bytes(await stream.receive_some()))

    async with raw_upstream(endless) as port, upstream() as opened:
        reply = await opened.open(post(f"http://127.0.0.1:{port}"), in_time())
        assert await reply.next_chunk() == b"hello"
        assert (opened.open_connections, left) == (1, [])
        await reply.aclose()
        await until(lambda: left)

        assert (opened.open_connections, left) == (0, [b""])


async def test_closing_is_done_even_while_cancelled() -> None:
    async with raw_upstream(answering(OK, then_wait=True)) as port, upstream() as opened:
        reply = await opened.open(post(f"http://127.0.0.1:{port}"), in_time())
        with trio.CancelScope() as scope:
            scope.cancel()
            await reply.aclose()

        assert opened.open_connections == 0


async def test_a_cancelled_request_leaves_no_connection() -> None:
    async with raw_upstream(answering(then_wait=True)) as port, upstream() as opened:
        with trio.move_on_after(0.1):
            await opened.open(post(f"http://127.0.0.1:{port}"), in_time())

        assert opened.open_connections == 0


async def test_the_pool_has_no_bound_of_its_own() -> None:
    """What bounds it is ``Slots``, which survive that requests are cancelled while they connect (docs/explain/traps.md, B3)."""
    async with raw_upstream(answering(OK, then_wait=True)) as port, upstream() as opened:
        replies = [await opened.open(post(f"http://127.0.0.1:{port}"), in_time()) for _ in range(3 * pool.IDLE_PER_HOST)]
        assert opened.open_connections == 3 * pool.IDLE_PER_HOST
        for each in replies:
            await each.aclose()


async def test_what_became_of_the_connections_is_counted() -> None:
    async def last_one_closes(stream: trio.abc.Stream) -> None:
        for end in (b"", b"", b"connection: close\r\n"):
            await read_request(stream)
            await stream.send_all(b"HTTP/1.1 200 OK\r\n" + end + b"content-length: 5\r\n\r\nhello")

    async with raw_upstream(last_one_closes) as port, upstream() as opened:
        await ask(opened, f"http://127.0.0.1:{port}")
        reply = await opened.open(post(f"http://127.0.0.1:{port}"), in_time())
        await read(reply)
        during = opened.counters
        await reply.aclose()
        await ask(opened, f"http://127.0.0.1:{port}")
        after = opened.counters

    assert during == PoolCounters(busy=1, opened=1, reused=1)
    assert after == PoolCounters(opened=1, reused=2, closed={"ended": 1})


async def test_whether_an_answer_is_complete_is_known_with_its_last_bytes_where_it_says_its_length() -> None:
    async with raw_upstream(answering(OK + b"hello")) as port, upstream() as opened:
        reply = await opened.open(post(f"http://127.0.0.1:{port}"), in_time())
        before = reply.complete
        chunk = await reply.next_chunk()
        after = reply.complete
        await reply.aclose()

    assert (before, chunk, after) == (False, b"hello", True)


async def test_an_answer_that_ends_with_its_connection_is_complete_once_that_is_closed() -> None:
    async with raw_upstream(answering(b"HTTP/1.1 200 OK\r\n\r\nhello")) as port, upstream() as opened:
        reply = await opened.open(post(f"http://127.0.0.1:{port}"), in_time())
        first = (await reply.next_chunk(), reply.complete)
        last = (await reply.next_chunk(), reply.complete)
        await reply.aclose()

    assert (first, last) == ((b"hello", False), (b"", True))


async def test_connections_by_way_of_a_proxy_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_upstream(answering(OK + b"hello", then_wait=True)) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        async with upstream(trust_env=True) as opened:
            reply = await opened.open(post("http://provider.invalid/v1"), in_time())
            assert (await read(reply), opened.open_connections) == (b"hello", 1)
            await reply.aclose()


async def test_a_connection_that_the_provider_has_closed_is_dropped_at_once() -> None:
    hang_up = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(OK + b"hello")
        await hang_up.wait()

    async with raw_upstream(serve) as port, upstream() as opened:
        await ask(opened, f"http://127.0.0.1:{port}")
        assert (await opened.drop_idle(), opened.open_connections) == (0, 1)
        hang_up.set()
        await until(lambda: not opened.open_connections)

        assert (await opened.drop_idle(), opened.counters) == (0, PoolCounters(opened=1, closed={"hung up": 1}))


async def test_a_connection_that_was_idle_for_too_long_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.05)
    async with open_echo() as echo, upstream() as opened:
        await ask(opened, echo.url)
        await trio.sleep(0.05)

        assert (await opened.drop_idle(), opened.open_connections) == (1, 0)


async def test_a_busy_connection_is_never_dropped() -> None:
    async with raw_upstream(answering(OK, then_wait=True)) as port, upstream() as opened:
        reply = await opened.open(post(f"http://127.0.0.1:{port}"), in_time())
        assert (await opened.drop_idle(), opened.open_connections) == (0, 1)
        await reply.aclose()


async def test_at_the_end_every_connection_is_closed() -> None:
    left: list[bytes] = []

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(OK + b"hello")
        left.append(bytes(await stream.receive_some()))

    async with raw_upstream(serve) as port:
        async with upstream() as opened:
            await ask(opened, f"http://127.0.0.1:{port}")
        await until(lambda: left)

    assert left == [b""]


async def lost(opened: Upstream, url: str, total: float = FAR) -> ProviderLost:
    """Return how asking *url*, and reading the answer if there is one, ends."""
    try:
        reply = await opened.open(post(url), trio.current_time() + total)
    except ProviderLost as exc:
        return exc
    with pytest.raises(ProviderLost) as caught:
        await read(reply)
    await reply.aclose()
    return caught.value


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.code("KP-NET-301")
@pytest.mark.parametrize("host", ["nothing.invalid", "two..dots.invalid", "a" * 64 + ".invalid"])
async def test_a_name_that_does_not_resolve(host: str) -> None:
    async with upstream() as opened:
        error = await lost(opened, f"http://{host}/v1")

    assert (error.code, error.untouched) == ("KP-NET-301", True)
    assert error.detail == f"The host name of one, {host}, cannot be resolved."


@pytest.mark.code("KP-NET-302")
async def test_a_port_where_nobody_listens() -> None:
    port = free_port()
    async with upstream() as opened:
        error = await lost(opened, f"http://127.0.0.1:{port}/v1")

    assert (error.code, error.untouched) == ("KP-NET-302", True)
    assert error.detail == f"one cannot be reached at 127.0.0.1:{port}: Connection refused."


@pytest.mark.code("KP-NET-302")
async def test_a_proxy_that_does_not_let_us_through(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")

    async with raw_upstream(refuse) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{port}")
        async with upstream(trust_env=True) as opened:
            error = await lost(opened, "https://provider.invalid/v1")

    assert (error.code, error.untouched) == ("KP-NET-302", True)
    assert error.detail == (
        "one cannot be reached at provider.invalid: the proxy on the way says 407 Proxy Authentication Required."
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_of_a_kind_that_is_not_spoken_is_named(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://user:secret@127.0.0.1:1080")
    async with upstream(trust_env=True) as opened:
        error = await lost(opened, f"{scheme}://provider.invalid/v1")

    assert (error.code, error.untouched) == ("KP-NET-302", True)
    assert error.detail == (
        "one cannot be reached at provider.invalid:"
        " the environment names a proxy of the kind 'socks5', and only http and https are spoken."
    )


async def silent(stream: trio.abc.Stream) -> None:
    """Take whatever comes and say nothing."""
    while await stream.receive_some():
        pass


@pytest.mark.code("KP-NET-303")
async def test_a_connection_that_does_not_stand_in_time() -> None:
    async with raw_upstream(silent) as port, upstream(connect=0.2) as opened:
        error = await lost(opened, f"https://127.0.0.1:{port}/v1")  # TCP stands at once, TLS never does

    assert (error.code, error.untouched) == ("KP-NET-303", True)
    assert error.detail == f"one at 127.0.0.1:{port} did not accept a connection within 0.2 s."


@pytest.mark.code("KP-NET-304")
async def test_a_certificate_that_nobody_has_signed() -> None:
    async with raw_upstream(encrypted(answering(OK))) as port, upstream() as opened:
        error = await lost(opened, f"https://127.0.0.1:{port}/v1")

    assert (error.code, error.untouched) == ("KP-NET-304", True)
    assert error.detail.replace("self signed", "self-signed") == (
        f"No secure connection to one at 127.0.0.1:{port}: self-signed certificate."
    )


class Here(trio.abc.HostnameResolver):
    """Every name is this machine's."""

    async def getaddrinfo(self, host: object, port: object, *more: object) -> Any:
        del host, more
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    async def getnameinfo(self, sockaddr: object, flags: int) -> Any:
        raise NotImplementedError


async def test_a_certificate_for_another_name() -> None:
    trio.socket.set_custom_hostname_resolver(Here())
    async with raw_upstream(encrypted(answering(OK))) as port, upstream(cafile=str(CERTIFICATE)) as opened:
        error = await lost(opened, f"https://other.invalid:{port}/v1")

    assert (error.code, error.untouched) == ("KP-NET-304", True)
    assert error.detail == (
        f"No secure connection to one at other.invalid:{port}: Hostname mismatch, certificate is not valid for 'other.invalid'."
    )


async def test_a_server_that_speaks_no_tls_at_all() -> None:
    async def plain(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with raw_upstream(plain) as port, upstream() as opened:
        error = await lost(opened, f"https://127.0.0.1:{port}/v1")

    assert (error.code, error.untouched) == ("KP-NET-304", True)
    assert error.detail.startswith(f"No secure connection to one at 127.0.0.1:{port}: ")


async def test_a_certificate_that_is_trusted_is_good_enough() -> None:
    async with raw_upstream(encrypted(answering(OK + b"hello"))) as port, upstream(cafile=str(CERTIFICATE)) as opened:
        assert await ask(opened, f"https://127.0.0.1:{port}/v1") == (200, b"hello")


@pytest.mark.code("KP-NET-305")
async def test_a_provider_that_does_not_begin_to_answer() -> None:
    async with raw_upstream(silent) as port, upstream(first_byte=0.2) as opened:
        error = await lost(opened, f"http://127.0.0.1:{port}/v1")

    assert (error.code, error.untouched) == ("KP-NET-305", False)
    assert error.detail == "one did not begin to answer within 0.2 s."


async def test_a_head_alone_is_no_beginning() -> None:
    """Servers that send the head at once and then think are held to the first-byte deadline, not to the idle one."""
    async with raw_upstream(answering(OK, then_wait=True)) as port, upstream(first_byte=0.3, idle=0.01) as opened:
        began = trio.current_time()
        error = await lost(opened, f"http://127.0.0.1:{port}/v1")

    assert (error.code, error.detail) == ("KP-NET-305", "one did not begin to answer within 0.3 s.")
    assert trio.current_time() - began >= 0.3


async def test_a_head_that_comes_byte_by_byte_does_not_renew_the_first_byte_deadline() -> None:
    async def dripping(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        while True:
            await stream.send_all(b"HTTP/1.1 102 Processing\r\n\r\n")
            await trio.sleep(0.05)

    async with raw_upstream(dripping) as port, upstream(first_byte=0.3) as opened:
        error = await lost(opened, f"http://127.0.0.1:{port}/v1")

    assert error.code == "KP-NET-305"


async def test_what_comes_after_an_answer_is_never_taken_for_the_next_one() -> None:
    """A length counted in characters, say: the rest would be the head of somebody else's answer."""
    surplus = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen"

    async def talkative(stream: trio.abc.Stream) -> None:
        while await read_request(stream):
            await stream.send_all(OK + b"hello" + surplus)

    async with raw_upstream(talkative) as port, upstream() as opened:
        answers = [await ask(opened, f"http://127.0.0.1:{port}/v1") for _ in range(4)]

    assert answers == [(200, b"hello")] * 4


async def test_a_used_connection_that_the_provider_has_just_closed_costs_nobody_a_request() -> None:
    """The provider closes an idle connection just as it is taken: the request goes out again, on a new one."""
    served: list[bytes] = []

    async def forgetful(stream: trio.abc.Stream) -> None:
        served.append(await read_request(stream))
        await stream.send_all(OK + b"hello")
        await read_request(stream)  # the next one is taken, and the connection closed

    async with raw_upstream(forgetful) as port, upstream() as opened:
        answers = [await ask(opened, f"http://127.0.0.1:{port}/v1") for _ in range(3)]

    assert (answers, len(served)) == ([(200, b"hello")] * 3, 3)


async def test_a_new_connection_that_the_provider_closes_is_not_tried_again() -> None:
    served: list[bytes] = []

    async def rude(stream: trio.abc.Stream) -> None:
        served.append(await read_request(stream))

    async with raw_upstream(rude) as port, upstream() as opened:
        error = await lost(opened, f"http://127.0.0.1:{port}/v1")

    assert (error.code, len(served)) == ("KP-NET-308", 1)


@pytest.mark.code("KP-NET-306")
async def test_a_provider_that_falls_silent_in_mid_answer() -> None:
    """The first byte may take long; from then on, only the idle deadline counts."""
    async with raw_upstream(answering(OK, b"hel", then_wait=True)) as port, upstream(first_byte=FAR, idle=0.2) as opened:
        began = trio.current_time()
        error = await lost(opened, f"http://127.0.0.1:{port}/v1")

    assert (error.code, error.untouched) == ("KP-NET-306", False)
    assert error.detail == "one fell silent in mid-answer for 0.2 s."
    assert trio.current_time() - began < 5


async def test_the_idle_deadline_is_for_each_silence_and_not_for_the_answer() -> None:
    async def slow(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(OK)
        for each in (b"h", b"e", b"l", b"l", b"o"):
            await trio.sleep(0.1)
            await stream.send_all(each)

    async with raw_upstream(slow) as port, upstream(first_byte=FAR, idle=0.4) as opened:
        assert await ask(opened, f"http://127.0.0.1:{port}/v1") == (200, b"hello")


async def trickle(stream: trio.abc.Stream) -> None:
    """Never fall silent, and never end."""
    await read_request(stream)
    await stream.send_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        await stream.send_all(b"1\r\nx\r\n")
        await trio.sleep(0.02)


async def gush(stream: trio.abc.Stream) -> None:
    """Never let anybody wait, and never end."""
    await read_request(stream)
    await stream.send_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        await stream.send_all(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


@pytest.mark.code("KP-NET-307")
@pytest.mark.parametrize("serve", [silent, trickle, gush, answering(OK, then_wait=True)])
async def test_the_total_deadline_ends_a_request_in_whatever_phase_it_is(serve: Serve) -> None:
    async with raw_upstream(serve) as port, upstream(total=0.3) as opened:
        began = trio.current_time()
        error = await lost(opened, f"http://127.0.0.1:{port}/v1", total=0.3)
        took = trio.current_time() - began
        left = opened.open_connections

    assert (error.code, error.untouched, left) == ("KP-NET-307", False, 0)
    assert error.detail == "The answer of one took longer than 0.3 s."
    assert 0.3 <= took < 2


async def test_a_request_that_comes_too_late_is_not_sent() -> None:
    async with open_echo() as echo, upstream() as opened:
        error = await lost(opened, echo.url, total=-1)

    assert (error.code, echo.arrived) == ("KP-NET-307", [])


@pytest.mark.code("KP-NET-308")
async def test_a_connection_that_is_closed_before_the_answer() -> None:
    async with raw_upstream(answering()) as port, upstream() as opened:
        error = await lost(opened, f"http://127.0.0.1:{port}/v1")

    assert (error.code, error.untouched) == ("KP-NET-308", False)
    assert error.detail == "one closed the connection before it answered."


async def reset(stream: trio.abc.Stream) -> None:
    """Break the connection off with RST."""
    assert isinstance(stream, trio.SocketStream)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    stream.socket.close()


async def test_a_connection_that_is_reset_before_the_answer() -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await reset(stream)

    async with raw_upstream(serve) as port, upstream() as opened:
        assert (await lost(opened, f"http://127.0.0.1:{port}/v1")).code == "KP-NET-308"


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.code("KP-NET-309")
@pytest.mark.parametrize("sent", [OK, OK + b"hel", CHUNKED, CHUNKED + b"5\r\nhello\r\n", CHUNKED + b"5\r\nhe"])
async def test_an_answer_that_is_cut_off(sent: bytes) -> None:
    async with raw_upstream(answering(sent)) as port, upstream() as opened:
        error = await lost(opened, f"http://127.0.0.1:{port}/v1")

    assert (error.code, error.untouched, error.detail) == ("KP-NET-309", False, "one broke off in mid-answer.")


async def test_an_answer_that_is_cut_off_by_a_reset() -> None:
    go_on = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(OK + b"hel")
        await go_on.wait()
        await reset(stream)

    async with raw_upstream(serve) as port, upstream() as opened:
        reply = await opened.open(post(f"http://127.0.0.1:{port}/v1"), in_time())
        assert await reply.next_chunk() == b"hel"
        go_on.set()
        with pytest.raises(ProviderLost) as caught:
            await reply.next_chunk()
        await reply.aclose()

    assert caught.value.code == "KP-NET-309"


@pytest.mark.code("KP-NET-310")
@pytest.mark.parametrize(
    "sent",
    [
        b"220 mail.example ESMTP\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        CHUNKED + b"zz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
    ],
)
async def test_what_is_no_http(sent: bytes) -> None:
    async with raw_upstream(answering(sent)) as port, upstream() as opened:
        error = await lost(opened, f"http://127.0.0.1:{port}/v1")

    assert (error.code, error.untouched) == ("KP-NET-310", False)
    assert error.detail.startswith("one does not speak HTTP properly: ")


@pytest.mark.code("KP-CONF-209")
async def test_a_header_that_http_cannot_carry_is_the_plugins_fault_and_stays_secret() -> None:
    async with open_echo() as echo, upstream() as opened:
        with pytest.raises(ProviderLost) as caught:
            await opened.open(post(echo.url, headers=[(b"authorization", b"Bearer sk-se\ncret")]), in_time())

    assert (caught.value.code, echo.arrived) == ("KP-CONF-209", [])
    assert (
        caught.value.detail == "The plugin behind provider 'one' built a request that HTTP cannot carry: look at its headers."
    )


@pytest.mark.code("KP-CONF-213")
@pytest.mark.parametrize("url", ["ftp://user:secret@one.invalid/v1", "http://one.invalid:port/v1", "one.invalid/v1"])
async def test_an_address_that_cannot_be_used(url: str) -> None:
    async with upstream() as opened:
        error = await lost(opened, url)

    assert error.code == "KP-CONF-213"
    assert "secret" not in error.detail


async def test_that_it_can_be_reached_is_found_out_without_a_request_and_the_connection_is_used_by_the_next() -> None:
    async with raw_upstream(answering(OK + b"hello", then_wait=True)) as port, upstream() as opened:
        await opened.reach(f"http://127.0.0.1:{port}/v1", in_time())
        reached = opened.counters
        answer = await ask(opened, f"http://127.0.0.1:{port}/v1/x")

        assert (reached.opened, reached.idle, reached.reused) == (1, 1, 0)
        assert (answer, opened.counters.opened, opened.counters.reused) == ((200, b"hello"), 1, 1)


@pytest.mark.code("KP-NET-302")
async def test_that_it_cannot_be_reached_is_told_as_for_a_request() -> None:
    async with upstream() as opened:
        with pytest.raises(ProviderLost) as caught:
            await opened.reach("http://127.0.0.1:1/v1", in_time())

        assert (caught.value.code, caught.value.untouched, opened.open_connections) == ("KP-NET-302", True, 0)
