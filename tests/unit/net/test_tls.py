"""TLS over real sockets: Python's own on the other side, in a thread."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress

import attrs
import pytest
import trio

from korproxy.net.reactor import open_reactor
from korproxy.net.tls import PIECE, SecureWire, base_of, secured
from korproxy.net.wire import Wire
from tests.fakes.raw_upstream import CERTIFICATE, TLS

LONG = 4 * PIECE + 17
Serve = Callable[[ssl.SSLSocket], None]


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def serving() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, TLS / "key.pem")
    return context


@attrs.define
class Served:
    """Our end, and whether the other one is done."""

    wire: SecureWire
    done: trio.Event = attrs.field(factory=trio.Event)


@asynccontextmanager
async def secure_pair(serve: Serve, *, reactor: bool = True, context: ssl.SSLContext | None = None) -> AsyncIterator[Served]:
    """Yield our end of a connection whose other end *serve* has, in a thread."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)

    def other_side() -> None:
        with theirs, suppress(OSError), serving().wrap_socket(theirs, server_side=True, suppress_ragged_eofs=False) as secure:
            serve(secure)

    with trio.fail_after(20):
        async with open_reactor() if reactor else trio.open_nursery(), trio.open_nursery() as nursery:
            done = trio.Event()

            async def thread() -> None:
                await trio.to_thread.run_sync(other_side)
                done.set()

            nursery.start_soon(thread)
            wire = await secured(Wire.of(ours), context or trusting(), "localhost", trio.current_time() + 10)
            with closing(wire):
                yield Served(wire, done)


def echo(secure: ssl.SSLSocket) -> None:
    while data := secure.recv(65536):
        secure.sendall(data)


async def received(wire: SecureWire, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        found += await wire.receive(deadline=trio.current_time() + 10)
    return bytes(found)


both = pytest.mark.parametrize("reactor", [pytest.param(True, id="reactor"), pytest.param(False, id="trio")])


@both
async def test_what_is_sent_in_tls_comes_back_in_tls(reactor: bool) -> None:
    async with secure_pair(echo, reactor=reactor) as there:
        await there.wire.send(b"hello")
        assert await there.wire.receive() == b"hello"
        await there.wire.send_all_of([b"a", b"", b"b" * 70000])
        assert await received(there.wire, 70001) == b"a" + b"b" * 70000


@both
async def test_more_than_fits_into_the_socket_is_sent_while_the_other_side_reads(reactor: bool) -> None:
    def count(secure: ssl.SSLSocket) -> None:
        found = b""
        while len(found) < LONG:
            found += secure.recv(1 << 20)
        secure.sendall(b"%d" % len(found))

    async with secure_pair(count, reactor=reactor) as there:
        await there.wire.send(b"x" * LONG)
        assert await there.wire.receive() == b"%d" % LONG


async def test_a_side_that_says_goodbye_has_ended_and_one_that_just_goes_has_broken_off() -> None:
    def goodbye(secure: ssl.SSLSocket) -> None:
        secure.sendall(b"hello")
        secure.unwrap()

    def gone(secure: ssl.SSLSocket) -> None:
        secure.sendall(b"hello")
        socket.socket(fileno=secure.detach()).close()

    async with secure_pair(goodbye) as there:
        assert (await there.wire.receive(), await there.wire.receive()) == (b"hello", b"")
    async with secure_pair(gone) as there:
        assert await there.wire.receive() == b"hello"
        with pytest.raises(ssl.SSLError, match=r"(?i)eof"):  # of which class depends on the Python
            await there.wire.receive()


async def test_closing_says_goodbye() -> None:
    ends: list[object] = []

    def read(secure: ssl.SSLSocket) -> None:
        try:
            ends.append(secure.recv(100))
        except ssl.SSLError as exc:
            ends.append(type(exc))

    async with secure_pair(read) as there:
        there.wire.close()
        there.wire.close()
        await there.done.wait()

    assert ends == [b""]


async def test_a_deadline_is_a_deadline() -> None:
    async with secure_pair(echo) as there:
        with pytest.raises(trio.TooSlowError):
            await there.wire.receive(deadline=trio.current_time() + 0.02)
        await there.wire.send(b"hello")
        assert await there.wire.receive() == b"hello"


async def test_a_connection_is_quiet_until_something_comes() -> None:
    go_on = trio.Event()

    def speak(secure: ssl.SSLSocket) -> None:
        echo_one = secure.recv(100)
        secure.sendall(echo_one)
        trio.from_thread.run(go_on.wait)
        secure.sendall(b"unasked")

    async with secure_pair(speak) as there:
        await there.wire.send(b"hello")
        assert await there.wire.receive() == b"hello"
        before = there.wire.quiet()
        go_on.set()
        await there.wire.base.until_readable()
        after = there.wire.quiet()
        assert (before, after, await there.wire.receive(3), there.wire.quiet()) == (True, False, b"una", False)
        assert await there.wire.receive() == b"sked"


@pytest.mark.parametrize(("unasked", "says"), [(b"unasked", True), (b"\r\n", False), (b"", False)])
async def test_what_came_says_something_only_where_it_is_no_goodbye_and_no_blank_line(unasked: bytes, says: bool) -> None:
    go_on = trio.Event()

    def speak(secure: ssl.SSLSocket) -> None:
        secure.sendall(secure.recv(100))
        trio.from_thread.run(go_on.wait)
        if unasked:
            secure.sendall(unasked)
        else:
            with suppress(OSError):
                secure.unwrap()

    async with secure_pair(speak) as there:
        await there.wire.send(b"hello")
        assert await there.wire.receive() == b"hello"
        before = there.wire.unasked()
        go_on.set()
        await there.wire.base.until_readable()
        assert (before, there.wire.quiet(), there.wire.unasked()) == (False, False, says)


async def test_a_certificate_for_somebody_else_is_refused_and_the_socket_closed() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire.of(ours)

    def other_side() -> None:
        with theirs, suppress(OSError), serving().wrap_socket(theirs, server_side=True) as secure:
            secure.recv(1)

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, other_side)
            with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
                await secured(wire, trusting(), "other.test")

    assert wire.closed


async def test_a_handshake_that_takes_too_long_closes_the_socket() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire.of(ours)
    with closing(theirs), pytest.raises(trio.TooSlowError):
        await secured(wire, trusting(), "localhost", trio.current_time() + 0.02)

    assert wire.closed


async def test_a_handshake_that_is_cancelled_closes_the_socket() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire.of(ours)
    with closing(theirs), trio.move_on_after(0.02) as scope:
        await secured(wire, trusting(), "localhost")

    assert (wire.closed, scope.cancelled_caught) == (True, True)


async def test_tls_goes_through_tls() -> None:
    def inner(secure: ssl.SSLSocket) -> None:
        arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        tunnel = serving().wrap_bio(arrived, leaving, server_side=True)
        while True:
            try:
                said = tunnel.read(100)
            except ssl.SSLWantReadError:
                secure.sendall(leaving.read())
                arrived.write(secure.recv(65536))
            else:
                break
        tunnel.write(said)
        secure.sendall(leaving.read())

    async with secure_pair(inner) as there:
        through = await secured(there.wire, trusting(), "127.0.0.1")
        await through.send(b"hello")
        assert await through.receive() == b"hello"
        assert base_of(through) is there.wire.base
        through.close()
        assert there.wire.base.closed
