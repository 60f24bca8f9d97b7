"""Hypercorn on listening sockets of our own, so that a stop is certain to end.

Hypercorn's own ``serve`` can be held up for ever by one client that does not read (docs/explain/traps.md, B2): here every
connection is known, and what the grace has not ended is closed. A taken port is known before anything else is started.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

import attrs
import trio
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import wrap_app

from korproxy.server.answering import GOODBYE
from korproxy.server.asgi import AsgiApp
from korproxy.server.connections import Connections
from korproxy.server.grace import Grace

KEEP_ALIVE = 75.0  # seconds an idle client connection stays open
LONGEST_HEAD = 64 * 1024  # bytes of a request head that may wait for its end; what one more read completes still passes
SWEEP = 5.0  # seconds between two looks for stalled clients

log = logging.getLogger("korproxy.server")


class _Connection(TCPServer):
    """One client's connection, over when the client has left: Hypercorn's own would keep the socket for the idle timeout."""

    _left = False

    async def _read_data(self) -> None:
        await super()._read_data()
        self._left = True
        await self.idle_task.stop()

    async def _idle_timeout(self) -> None:
        if not self._left:
            await super()._idle_timeout()


@attrs.define(kw_only=True)
class Server:
    """Accepts and serves connections until told to stop.

    Attributes:
        grace_seconds: How long running answers may go on after a stop was asked for.
        write_deadline: Seconds a client may refuse to read before it is hung up on.
    """

    app: AsgiApp
    grace: Grace
    grace_seconds: float = 5.0
    write_deadline: float = 120.0
    connections: Connections = attrs.field(factory=Connections)

    async def run(
        self,
        sockets: Sequence[socket.socket],
        stop: trio.Event,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve on *sockets*, which listen already and are closed at the end; return once all clients are gone after *stop*.

        Takes at most the grace and half a second more. Started means: the first request would be answered.
        """
        config = _config()
        context = WorkerContext(None)
        serve_one = partial(self._serve_one, wrap_app(self.app, 0, "asgi"), config, context)  # type: ignore[arg-type]
        listeners = [trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in sockets]
        async with trio.open_nursery() as enforcing:
            async with trio.open_nursery() as handlers:
                async with trio.open_nursery() as accepting:
                    accepting.start_soon(self._hang_up_on_stalled)
                    accepting.start_soon(partial(trio.serve_listeners, serve_one, listeners, handler_nursery=handlers))
                    task_status.started()
                    await stop.wait()
                    accepting.cancel_scope.cancel("a stop was asked for")
                await context.terminated.set()  # idle connections close now, busy ones after their answer
                enforcing.start_soon(self._enforce_grace, handlers.cancel_scope)
            enforcing.cancel_scope.cancel("all clients are gone")

    def abandon(self) -> None:
        """Close all connections at once: a second signal came."""
        self.grace.end()
        self.connections.cut_all()

    async def _serve_one(self, app: Any, config: Config, context: WorkerContext, stream: trio.SocketStream) -> None:
        with self.connections.keep(stream):
            try:
                await _Connection(app, config, context, ConnectionState({}), stream)  # type: ignore[arg-type]
            except* (trio.ClosedResourceError, trio.BrokenResourceError, OSError):
                log.debug("a client's connection broke")
            except* Exception:
                log.exception("a client's connection failed")

    async def _hang_up_on_stalled(self) -> NoReturn:
        while True:
            await trio.sleep(min(SWEEP, self.write_deadline / 2))
            for each in self.connections.stalled(trio.current_time(), self.write_deadline):
                log.info("KP-NET-312: a client has not read for %g s; its connection is closed", self.write_deadline)
                each.cut()

    async def _enforce_grace(self, handlers: trio.CancelScope) -> None:
        await trio.sleep(self.grace_seconds)
        self.grace.end()  # running answers say goodbye
        await trio.sleep(GOODBYE + 0.1)
        if len(self.connections):
            log.info("%d clients did not leave within the grace; their connections are closed", len(self.connections))
        self.connections.cut_all()
        handlers.cancel("the grace is over")


def _config() -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = log  # None would hide exceptions that no handler sees
    config.keep_alive_timeout = KEEP_ALIVE
    config.keep_alive_max_requests = 10**9
    config.h11_max_incomplete_size = LONGEST_HEAD
    config.include_server_header = False
    return config
