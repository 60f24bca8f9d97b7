"""The lane on one connection, over a real socket, with a handler of the test's own."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager

import attrs
import pytest
import trio

from korproxy.net.reactor import open_reactor
from korproxy.net.wire import Wire
from korproxy.server.exchange import ClientLeft
from korproxy.server.lane.connection import LaneConnection
from korproxy.server.lane.exchange import LaneExchange

PATIENCE = 5.0
LIMIT = 1024 * 1024

Handler = Callable[[LaneExchange], Awaitable[None]]

roads = pytest.mark.parametrize("reactor", [pytest.param(True, id="reactor"), pytest.param(False, id="trio")])


async def echo(exchange: LaneExchange) -> None:
    """Answer with what was asked, and with the body; not at all where that does not come."""
    try:
        body = await exchange.body(LIMIT, PATIENCE)
    except ClientLeft:
        return
    said = b"%b %b ?%b: %b" % (exchange.method.encode(), exchange.path.encode(), exchange.query, body)
    await exchange.start(200, [(b"content-length", b"%d" % len(said))])
    await exchange.finish(said)


def post(body: bytes = b"", path: str = "/", fields: str = "") -> bytes:
    """Return a whole request."""
    return f"POST {path} HTTP/1.1\r\nhost: x\r\n{fields}content-length: {len(body)}\r\n\r\n".encode() + body


@attrs.define
class Laned:
    """A connection in the lane.

    Attributes:
        client: The other end.
        left: What ``run`` returned.
        over: Set once it has.
    """

    connection: LaneConnection
    client: trio.SocketStream
    left: bytes | None = None
    over: trio.Event = attrs.field(factory=trio.Event)

    async def run(self) -> None:
        """Serve."""
        self.left = await self.connection.run()
        self.over.set()

    async def until_over(self) -> bytes | None:
        """Return what ``run`` returns."""
        with trio.fail_after(PATIENCE):
            await self.over.wait()
        return self.left


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a connection by TCP: ours, and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    return ours, client


@asynccontextmanager
async def laned(
    handle: Handler = echo, *, reactor: bool = True, idle: float = PATIENCE, origins: Collection[str] = ()
) -> AsyncIterator[Laned]:
    """Serve one connection for the block."""
    ours, theirs = pair()
    async with AsyncExitStack() as stack:
        stack.enter_context(theirs)
        if reactor:
            await stack.enter_async_context(open_reactor())
        client = trio.SocketStream(trio.socket.from_stdlib_socket(theirs))
        served = LaneConnection(wire=Wire.of(ours), handle=handle, idle_seconds=idle, origins=lambda: origins)
        stack.callback(served.wire.close)
        found = Laned(served, client)
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(found.run)
                yield found
                nursery.cancel_scope.cancel()
        await client.aclose()


async def heard(client: trio.SocketStream, count: int) -> bytes:
    """Read *count* bytes, or to the end."""
    found = b""
    with trio.fail_after(PATIENCE):
        while len(found) < count and (data := await client.receive_some(count - len(found))):
            found += data
    return found


async def heard_all(client: trio.SocketStream) -> bytes:
    """Read to the end; it may be a hard one."""
    found = bytearray()
    with trio.fail_after(PATIENCE):
        try:
            while data := await client.receive_some():
                found += data
        except trio.BrokenResourceError:
            pass
    return bytes(found)
