"""Hypercorn, for what is not for the lane. It is imported when it is first needed: 40 ms and 4 MB, and many never need it."""

from __future__ import annotations

import logging

import attrs
import trio
from hypercorn.config import Config
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import wrap_app

from korproxy.server.asgi import AsgiApp
from korproxy.server.http1 import Http1Connection

LONGEST_HEAD = 64 * 1024  # bytes of a request head that may wait for its end; what one more read completes still passes

log = logging.getLogger("korproxy.server")


@attrs.frozen
class Http1Server:
    """Serves connections with Hypercorn, until they end or it is told to stop."""

    _app: AppWrapper
    _config: Config
    _context: WorkerContext = attrs.field(factory=lambda: WorkerContext(None))

    @classmethod
    def of(cls, app: AsgiApp, *, keep_alive: float) -> Http1Server:
        """Return one that hands requests to *app*; an idle connection stays open for *keep_alive* seconds."""
        return cls(wrap_app(app, 0, "asgi"), configured(keep_alive))  # type: ignore[arg-type]

    async def serve(self, stream: trio.SocketStream, begun: bytes) -> None:
        """Serve one client, of whom *begun* was read already. Raises whatever befalls its connection."""
        served = Http1Connection(self._app, self._config, self._context, ConnectionState({}), stream)  # type: ignore[arg-type]
        served.begun = begun
        await served

    async def stop(self) -> None:
        """Close idle connections now, and busy ones after their answer; also those that come later."""
        await self._context.terminated.set()


def configured(keep_alive: float) -> Config:
    """Return how Hypercorn serves here."""
    config = Config()
    config.accesslog = None
    config.errorlog = log  # None would hide exceptions that no handler sees
    config.keep_alive_timeout = keep_alive
    config.keep_alive_max_requests = 10**9
    config.h11_max_incomplete_size = LONGEST_HEAD
    config.include_server_header = False
    return config
