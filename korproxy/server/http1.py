"""One client's connection as Hypercorn serves it, with what Hypercorn lacks: docs/explain/traps.md tells of each.

It is over when the client has left, even where the client sent more than it was to; and it speaks HTTP/1.1 only.
"""

from __future__ import annotations

import logging
from typing import Any

import trio
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.tcp_server import TCPServer

AHEAD = 128 * 1024  # bytes a client may send behind a request that is being answered; 64 KiB of them may come with it
_AT_ONCE = 16 * 1024

log = logging.getLogger("korproxy.server")


class _Gone(Exception):
    """The client left while the reader waited."""


class Http1Connection(TCPServer):
    """One client's connection, over when the client has left: Hypercorn's own would keep the socket for the idle timeout.

    Attributes:
        begun: What was read already.
    """

    begun = b""
    _left = False

    async def _read_data(self) -> None:
        protocol = self.protocol.protocol
        if isinstance(protocol, H11Protocol):  # as ever without TLS
            protocol._check_protocol = _stay_with_http1  # type: ignore[method-assign]  # noqa: SLF001 -- of this one instance
            protocol.can_read = Pause(self.stream, protocol)  # type: ignore[arg-type]  # there is no TLS
        try:
            if self.begun:
                await self.protocol.handle(RawData(self.begun))
            await super()._read_data()
        except _Gone:
            await self.protocol.handle(Closed())
        self._left = True
        await self.idle_task.stop()

    async def protocol_send(self, event: Event) -> None:
        """Send or close. Who sends while another task closes, over what the client sent, is told as if the client had left."""
        try:
            await super().protocol_send(event)
        except trio.BusyResourceError:
            await self.protocol.handle(Closed())

    async def _idle_timeout(self) -> None:
        if not self._left:
            await super()._idle_timeout()


class Pause:
    """What Hypercorn's reader waits for while one request is answered and more has come: it does not read meanwhile.

    A client that leaves then would not be noticed, and what it holds at a provider not be let go. So this reads on, as far as
    ``AHEAD``: what comes is the next request's, and the end is told by raising out of the reader.
    """

    def __init__(self, stream: trio.SocketStream, protocol: H11Protocol) -> None:
        """Stand in for ``can_read`` of *protocol*, which is fed from *stream*."""
        self._stream = stream
        self._protocol = protocol
        self._over = trio.Event()

    async def clear(self) -> None:
        """Begin a pause."""
        self._over = trio.Event()

    async def set(self) -> None:
        """End the pause: the request was answered. Must not wait, for it is called within the last write (B1)."""
        self._over.set()

    def is_set(self) -> bool:
        """Whether the pause is over."""
        return self._over.is_set()

    async def wait(self) -> None:
        """Return when the pause is over.

        Raises:
            _Gone: The client has left, or sent more than it may.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._read_on, nursery.cancel_scope)
            await self._over.wait()
            nursery.cancel_scope.cancel("the request was answered")
        if not self._over.is_set():
            raise _Gone

    async def _read_on(self, waiting: trio.CancelScope) -> None:
        held = self._protocol.connection
        while len(held.trailing_data[0]) < AHEAD:
            try:
                data = await self._stream.receive_some(_AT_ONCE)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                data = b""
            if not data:
                break
            held.receive_data(bytes(data))
        else:
            log.info("a client sent more than %d bytes behind a request that is being answered; it is hung up on", AHEAD)
        waiting.cancel("the client has left")


async def _stay_with_http1(event: Any) -> None:
    """Take the place of the method by which Hypercorn turns to HTTP/2: *event* is answered as any other."""
