"""Hypercorn on listening sockets of our own, so that a stop is certain to end.

Hypercorn's own ``serve`` can be held up for ever by one client that does not read (docs/explain/traps.md, B2): here every
connection is known, and what the grace has not ended is closed. A taken port is known before anything else is started.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from korproxy.net.wire import Wire
from korproxy.server.answering import GOODBYE
from korproxy.server.asgi import AsgiApp
from korproxy.server.connections import Connection, Connections
from korproxy.server.exchange import Exchange
from korproxy.server.grace import Grace
from korproxy.server.lane.connection import LaneConnection
from korproxy.spared import BY_HYPERCORN, spared

if TYPE_CHECKING:
    from korproxy.server.http1_server import Http1Server

KEEP_ALIVE = 75.0  # seconds an idle client connection stays open
SHORTAGE = 1.0  # seconds between two lines about clients that cannot be accepted
UNSENT = (
    256 * 1024
)  # bytes the system holds for a client that does not read; Trio's 16 KiB make many small writes of a large one
SWEEP = 5.0  # seconds between two looks for stalled clients

_NOT_SENT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)

log = logging.getLogger("korproxy.server")


@attrs.define
class _AcceptFailures:
    """A filter for what Trio logs ten times a second, with a traceback, while the system has no descriptor for a client."""

    _last: float = -SHORTAGE

    def __call__(self, record: logging.LogRecord) -> bool:
        if record.created - self._last < SHORTAGE:
            return False
        self._last = record.created
        record.msg = f"no client can connect: {record.msg}. If descriptors ran out: see `ulimit -n` and [server] max_running"
        record.exc_info = record.exc_text = None
        return True


@contextmanager
def _accept_failures_in_short() -> Iterator[None]:
    logger, short = logging.getLogger("trio.serve_listeners"), _AcceptFailures()
    logger.addFilter(short)
    try:
        yield
    finally:
        logger.removeFilter(short)


@attrs.frozen(kw_only=True)
class Lane:
    """Who answers requests in the lane.

    Attributes:
        handle: Answers one, whatever happens; see ``Front.handle``.
        origins: Returns the web origins whose pages may read the answers; asked for each request.
    """

    handle: Callable[[Exchange], Awaitable[None]]
    origins: Callable[[], Collection[str]] = tuple


@attrs.define(kw_only=True)
class Server:
    """Accepts and serves connections until told to stop.

    Attributes:
        grace_seconds: How long running answers may go on after a stop was asked for.
        write_deadline: Seconds a client may refuse to read before it is hung up on.
        lane: Who answers what is of plain shape, without Hypercorn; None: nobody.
    """

    app: AsgiApp
    grace: Grace
    lane: Lane | None = None
    grace_seconds: float = 5.0
    write_deadline: float = 120.0
    connections: Connections = attrs.field(factory=Connections)
    _abandoned: trio.Event = attrs.field(factory=trio.Event, init=False)
    _stopping: bool = attrs.field(default=False, init=False)
    _loading: trio.Lock = attrs.field(factory=trio.Lock, init=False, repr=False)
    _http1: Http1Server | None = attrs.field(default=None, init=False, repr=False)
    _in_lane: set[LaneConnection] = attrs.field(factory=set, init=False, repr=False)

    async def run(
        self,
        sockets: Sequence[socket.socket],
        stop: trio.Event,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve on *sockets*, which listen already and are closed at the end; return once all clients are gone after *stop*.

        Takes at most the grace and a second more. Started means: the first request would be answered.
        """
        if self.lane is None:  # then every request needs it
            await self._hypercorn()
        listeners = [trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in sockets]
        with _accept_failures_in_short():
            async with trio.open_nursery() as enforcing:
                enforcing.start_soon(self._cut_all_at_the_end)
                async with trio.open_nursery() as handlers:
                    async with trio.open_nursery() as accepting:
                        accepting.start_soon(self._hang_up_on_stalled)
                        accepting.start_soon(
                            partial(trio.serve_listeners, self._serve_one, listeners, handler_nursery=handlers)
                        )
                        task_status.started()
                        await stop.wait()
                        accepting.cancel_scope.cancel("a stop was asked for")
                    self._stopping = True  # idle connections close now, busy ones after their answer
                    if self._http1 is not None:
                        await self._http1.stop()
                    for each in list(self._in_lane):
                        each.stop()
                    enforcing.start_soon(self._enforce_grace, handlers.cancel_scope)
                enforcing.cancel_scope.cancel("all clients are gone")

    def abandon(self) -> None:
        """End the grace as soon as a stop was asked for: a second signal came. Clients get their goodbye all the same."""
        self._abandoned.set()

    async def _serve_one(self, stream: trio.SocketStream) -> None:
        with self.connections.keep(stream) as connection:
            try:
                begun: bytes | None = b""
                if self.lane is not None:
                    begun = await self._serve_in_lane(self.lane, connection, stream)
                if begun is None:
                    return
                http1 = await self._hypercorn()
                await http1.serve(connection.stream, begun)  # type: ignore[arg-type]
            except* (trio.ClosedResourceError, trio.BrokenResourceError, OSError):
                log.debug("a client's connection broke")
            except* Exception:
                log.exception("a client's connection failed")

    async def _hypercorn(self) -> Http1Server:
        """Return Hypercorn, which is imported beside the loop when it is first needed."""
        if self._http1 is None:
            async with self._loading:
                if self._http1 is None:
                    module = await trio.to_thread.run_sync(_hypercorn)
                    self._http1 = module.Http1Server.of(self.app, keep_alive=KEEP_ALIVE)
                    if self._stopping:
                        await self._http1.stop()
        return self._http1

    async def _serve_in_lane(self, lane: Lane, connection: Connection, stream: trio.SocketStream) -> bytes | None:
        """Serve what is for the lane; return what Hypercorn has to go on with, None where the client is done with."""
        connection.stream = wire = Wire.of(taken_over(stream))
        served = LaneConnection(
            wire=wire,
            handle=lane.handle,
            origins=lane.origins,
            idle_seconds=KEEP_ALIVE,
            stopping=self._stopping,
        )
        self._in_lane.add(served)
        try:
            begun = await served.run()
        finally:
            self._in_lane.discard(served)
        if begun is not None:
            connection.stream = trio.SocketStream(trio.socket.from_stdlib_socket(wire.release()))
        return begun

    async def _hang_up_on_stalled(self) -> NoReturn:
        while True:
            await trio.sleep(min(SWEEP, self.write_deadline / 2))
            for each in self.connections.stalled(trio.current_time(), self.write_deadline):
                log.info("KP-NET-312: a client has not read for %g s; its connection is closed", self.write_deadline)
                each.stalled = True
                each.cut()

    async def _cut_all_at_the_end(self) -> NoReturn:
        """Where the server itself is cancelled, nothing else ends the writes, which are shielded."""
        try:
            await trio.sleep_forever()
        finally:
            self.connections.cut_all()

    async def _enforce_grace(self, handlers: trio.CancelScope) -> None:
        with trio.move_on_after(self.grace_seconds):
            await self._abandoned.wait()
        self.grace.end()  # running answers say goodbye
        await trio.sleep(GOODBYE + 0.1)
        if len(self.connections):
            log.info("%d clients did not leave within the grace; their connections are closed", len(self.connections))
        self.connections.cut_all()
        handlers.cancel("the grace is over")


def taken_over(stream: trio.SocketStream) -> socket.socket:
    """Return the socket of *stream*, which is of no use any more."""
    trios = stream.socket
    taken = socket.socket(trios.family, trios.type, trios.proto, fileno=trios.detach())
    if _NOT_SENT is not None:
        taken.setsockopt(socket.IPPROTO_TCP, _NOT_SENT, UNSENT)
    return taken


def _hypercorn() -> ModuleType:
    with spared(*BY_HYPERCORN):
        return import_module("korproxy.server.http1_server")
