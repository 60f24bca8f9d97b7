"""A client's connection in the lane: one request after the other, on one task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

import attrs
import trio

from korproxy.models.clock import ticking
from korproxy.net.wire import AT_ONCE, Wire
from korproxy.server.lane.exchange import LaneExchange
from korproxy.server.lane.head import END, LONGEST, HeadReader, may_be_ours

AHEAD = 128 * 1024  # bytes a client may send behind a request that is being answered


@attrs.define(eq=False, kw_only=True)
class LaneConnection:
    """Serves the requests of one client until it leaves, or sends what is not for the lane.

    Attributes:
        handle: Answers one request; see ``Front.handle``.
        idle_seconds: How long a client may take to send the next head, its end included.
        stopping: No further request is taken.
    """

    wire: Wire
    handle: Callable[[LaneExchange], Awaitable[None]]
    idle_seconds: float
    origins: Callable[[], Collection[str]] = tuple
    stopping: bool = False
    _read: bytes = attrs.field(default=b"", init=False, repr=False)
    _heads: HeadReader = attrs.field(factory=HeadReader, init=False, repr=False)
    _life: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False, repr=False)
    _answering: LaneExchange | None = attrs.field(default=None, init=False, repr=False)  # whose request is here as a whole
    _waiting: bool = attrs.field(default=False, init=False)  # for the first byte of the next request

    async def run(self) -> bytes | None:
        """Serve; return the bytes that Hypercorn has to go on with, None where the client is done with and the wire closed.

        The bytes begin with the head of a request.
        """
        self.wire.on_hangup, self.wire.on_input = self._hung_up, self._read_on
        ours = True
        try:
            with self._life:
                ours = await self._serve()
        finally:
            self.wire.on_hangup = self.wire.on_input = None
            if ours:
                self.wire.close()
        return None if ours else self._read

    def stop(self) -> None:
        """Take no further request: an idle connection ends now, a busy one after its answer."""
        self.stopping = True
        if self._answering is not None:
            self._answering.closes = True  # and says so, where its head is not out yet
        if self._waiting:
            self._life.cancel("KorProxy is being stopped")

    async def _serve(self) -> bool:
        """Answer requests until no more may come; return False where the next one is not for the lane."""
        # What does not change is asked for once.
        read, now, handle, whole, origins = b"", ticking(), self.handle, self._whole, self.origins
        if not self.wire.watched:
            handle = self._handle_watched
        while True:
            deadline, seen = now() + self.idle_seconds, 0
            while (end := read.find(END, seen)) <= 0:  # here and not by itself, as is all that a request waits in
                if read:
                    if not may_be_ours(read) or len(read) > LONGEST:
                        self._read = read
                        return False
                    seen = max(len(read) - len(END), 0)
                elif self.stopping:
                    return True
                self._waiting = not read
                try:
                    data = await self.wire.receive(AT_ONCE, deadline)
                except (trio.TooSlowError, trio.ClosedResourceError, OSError):
                    return True
                self._waiting = False
                if not data:
                    return True
                read = read + data if read else data
            end += len(END)
            head = self._heads.read(read[:end])
            if head is None:
                self._read = read
                return False
            closes = self.stopping or not head.keeps
            exchange = LaneExchange(self.wire, head, read[end:], origins(), self._life, whole, closes)
            await handle(exchange)
            self._answering = None
            if exchange.broken or exchange.closes or not exchange.finished or self.stopping:
                return True
            read = exchange.rest
            if read:  # who sends without an end, and reads, must not keep all others from running
                await trio.lowlevel.checkpoint()

    def _whole(self, exchange: LaneExchange) -> None:
        self._answering = exchange
        if self.wire.hung_up:
            self._life.cancel("the client has left")
        elif self.wire.readable and self.wire.watched:
            self._read_on()

    def _hung_up(self) -> None:
        if self._answering is not None:
            self._life.cancel("the client has left")

    def _read_on(self) -> None:
        """Take what comes behind a request that is being answered. Unread, it could keep the client's end from being told."""
        exchange = self._answering
        if exchange is None:
            return
        try:
            while (data := self.wire.receive_now()) is not None:
                exchange.rest += data
                if not data or len(exchange.rest) > AHEAD:
                    self._life.cancel("the client has left, or sent too much")
                    break
        except (trio.ClosedResourceError, OSError):
            self._life.cancel("the connection broke")

    async def _handle_watched(self, exchange: LaneExchange) -> None:
        """Answer, and read on meanwhile: where no reactor runs, nothing else tells that the client has left."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, exchange)
            await self.handle(exchange)
            nursery.cancel_scope.cancel("the request was answered")

    async def _watch(self, exchange: LaneExchange) -> None:
        await exchange.until_complete()
        while True:
            try:
                await self.wire.until_readable()
            except trio.ClosedResourceError:
                break
            self._read_on()
