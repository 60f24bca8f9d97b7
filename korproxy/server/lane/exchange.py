"""One request in the lane and its answer, on the wire; see ``server.exchange.Exchange``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from operator import itemgetter
from time import gmtime
from typing import NoReturn

import attrs
import trio

from korproxy.errors.exceptions import BadRequest
from korproxy.models.calls import Headers, RawHeaders
from korproxy.models.clock import wall_time
from korproxy.net.wire import Wire
from korproxy.server.connections import current_connection
from korproxy.server.cors import answer_headers
from korproxy.server.exchange import ClientLeft
from korproxy.server.lane.chunks import Chunks, Malformed
from korproxy.server.lane.head import Head

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_name, _as_line = itemgetter(0), b": ".join
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOTHING: Sequence[memoryview] = ()
_JOINED = 64 * 1024  # bytes up to which head and body become one piece


@attrs.define
class _Dates:
    """The ``date`` field, made once a second (RFC 9110, 6.6.1)."""

    _second: int = -1
    _field: bytes = b""

    def field(self) -> bytes:
        now = int(wall_time())
        if now != self._second:
            at = gmtime(now)
            day = f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year}"
            self._field = f"date: {day} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT\r\n".encode()
            self._second = now
        return self._field


_dates = _Dates()


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    from http import HTTPStatus  # with the first answer, not at the start

    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return b"HTTP/1.1 %d %b\r\n" % (status, phrase.encode())


@attrs.define(eq=False, init=False)
class LaneExchange:
    """See ``Exchange``. A cancelled write loses nothing: what is left of it goes out before the next one.

    Attributes:
        complete: The whole request is here: ``body`` will not wait.
        finished: The answer is out, to its end.
        broken: It must not look like one that is.
        rest: What was read behind the request; right once it is complete.
        closes: The answer is the last one on its connection, and says so.
        scope: Is cancelled once nobody listens any more, or the grace is over; see ``scope_of``.
        on_complete: Called once the request is here as a whole.
    """

    wire: Wire
    head: Head
    rest: bytes = attrs.field(repr=False)
    origins: Collection[str]
    scope: trio.CancelScope
    on_complete: Callable[[LaneExchange], None]
    closes: bool
    complete: bool
    started: bool
    finished: bool
    broken: bool
    method: str
    path: str
    query: bytes = attrs.field(repr=False)
    headers: Headers = attrs.field(repr=False)
    _chunks: Chunks | None
    _left: int  # bytes of the body that are still to be read, where their number is known
    _came: bytes = attrs.field(repr=False)  # the whole body, where it came with the head
    _held: bytes = attrs.field(repr=False)  # the answer's head, until something goes with it
    _chunked: bool
    _announced: int | None  # bytes of the answer's body that are still to come
    _unsent: Sequence[memoryview] = attrs.field(repr=False)
    _is_complete: trio.Event | None = attrs.field(repr=False)

    def __init__(  # noqa: PLR0917 -- see below
        self,
        wire: Wire,
        head: Head,
        rest: bytes,
        origins: Collection[str],
        scope: trio.CancelScope,
        on_complete: Callable[[LaneExchange], None],
        closes: bool = False,
    ) -> None:
        """Take what belongs to the request out of *rest*, which was read behind its head: nearly always that is all of it.

        Written by hand: for so many fields that begin as nothing, what attrs generates takes twice the time. Give what it wants
        in its order: of names, a call of a class makes a table.
        """
        self.wire, self.head, self.origins = wire, head, origins
        self.scope, self.on_complete, self.closes = scope, on_complete, closes
        self.started = self.finished = self.broken = self._chunked = False
        self.method, self.path = head.method, head.path
        self.query, self.headers = head.query, head.headers
        self._chunks = self._announced = self._is_complete = None
        self._held, self._unsent = b"", _NOTHING
        length = head.length
        if length is not None and length <= len(rest):
            self._left, self._came, self.rest = length, rest, b""
            if length < len(rest):
                self._came, self.rest = rest[:length], rest[length:]
            self.complete = True
            on_complete(self)
            return
        self._came, self.rest, self.complete = b"", rest, False
        self._left = length or 0
        if length is None:
            self._chunks = Chunks()

    def _completed(self) -> None:
        self.complete = True
        self.on_complete(self)
        if self._is_complete is not None:
            self._is_complete.set()

    async def until_complete(self) -> None:
        """Wait until the whole request is here."""
        if not self.complete:
            self._is_complete = trio.Event()
            await self._is_complete.wait()

    async def body(self, limit: int, patience: float) -> bytes:
        """Return the whole body; see ``Exchange``."""
        if self._left > limit:
            raise _too_large(limit)
        if self.complete:
            came, self._came = self._came, b""
            return came
        parts: list[bytes] = []
        size = 0
        while not self.complete:
            part = await self._next_part(patience)
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def drain(self, limit: int, patience: float) -> None:
        """Read away what is left of the body, within bounds; see ``Exchange``. Who waits to be asked for it is not asked."""
        if self.head.waits and not self.rest:
            return
        size = 0
        with trio.move_on_after(patience):
            while not self.complete and size <= limit:
                size += len(await self._next_part(patience))

    async def _next_part(self, patience: float) -> bytes:
        """Return some of the body; ``b""`` is possible between two chunks."""
        if not self.rest:
            await self._go_on()
            try:
                self.rest = await self.wire.receive(deadline=trio.current_time() + patience)
            except trio.TooSlowError:
                text = f"The upload was silent for {patience:g} s before it was complete."
                raise BadRequest("KP-SYS-510", text) from None
            except (OSError, trio.ClosedResourceError):
                raise ClientLeft from None
            if not self.rest:
                raise ClientLeft
            if self._chunks is not None:  # ten thousand of them in one read are milliseconds of work
                await trio.lowlevel.checkpoint()
        return self._next_now()

    def _next_now(self) -> bytes:
        data, self.rest = self.rest, b""
        if self._chunks is not None:
            return self._next_chunks(self._chunks, data)
        if len(data) > self._left:
            data, self.rest = data[: self._left], data[self._left :]
        self._left -= len(data)
        if not self._left:
            self._completed()
        return data

    def _next_chunks(self, chunks: Chunks, data: bytes) -> bytes:
        try:
            part = chunks.feed(data)
        except Malformed as exc:
            self.closes = True  # nobody knows where the next request begins
            self.complete = True
            raise BadRequest("KP-SYS-509", f"The chunks of the body are malformed: {exc}.") from None
        if chunks.over:
            self.rest = chunks.rest
            self._completed()
        return part

    async def _go_on(self) -> None:
        """Tell a client that waits for it to send the body."""
        if self.head.waits and not self.started:
            self.head = attrs.evolve(self.head, waits=False)
            if not self._send((_CONTINUE,)):
                await self._flush()

    async def start(self, status: int, headers: RawHeaders) -> None:
        """Hold the head until something goes with it: one piece costs half of two."""
        self.started = True
        self.closes = self.closes or not self.complete
        if self.origins:
            headers = [*headers, *answer_headers(self.headers, headers, self.origins)]
        behind = _dates.field()
        names = [*map(_name, headers)]
        if b"content-length" in names:
            self._announced = int(headers[names.index(b"content-length")][1])
        elif status not in (204, 304):  # these have no body
            self._chunked = True
            behind += b"transfer-encoding: chunked\r\n"
        behind += b"connection: close\r\n\r\n" if self.closes else b"\r\n"
        self._held = _status_line(status) + b"\r\n".join([*map(_as_line, headers), behind])

    async def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        if not self._send(self._framed(data, last=False)):
            await self._flush()

    async def finish(self, data: bytes = b"") -> None:
        """Send the last piece."""
        if not self._send(self._framed(data, last=True)):
            await self._flush()
        if self._announced:  # fewer bytes than the head said
            self.broken = True
        self.finished = True

    def _framed(self, data: bytes, *, last: bool) -> tuple[bytes, ...]:
        """Return *data* as it goes out, with the head that waits for it: more than one piece where copying it would be dear."""
        held, self._held = self._held, b""
        announced = self._announced
        if announced is not None:
            if len(data) > announced:  # never more than was said
                data = data[: max(announced, 0)]
                self._announced = -1
            else:
                self._announced = announced - len(data)
            return (held, data) if len(data) > _JOINED else (held + data,)
        if not self._chunked:  # a status that has no body
            return (held,)
        end = b"0\r\n\r\n" if last else b""
        if len(data) > _JOINED:
            return b"%b%x\r\n" % (held, len(data)), data, b"\r\n" + end
        # A chunk without bytes would be the last one.
        return (b"%b%x\r\n%b\r\n%b" % (held, len(data), data, end) if data else held + end,)

    def _send(self, pieces: tuple[bytes, ...]) -> bool:
        """Send *pieces* behind what a cancelled write has left, without waiting; return whether all is out."""
        sent = 0
        if not self._unsent:
            try:
                if len(pieces) > 1:
                    sent = self.wire.send_now(*pieces)
                else:
                    first = pieces[0]
                    sent = self.wire.send_now(first) if first else 0
                    if sent == len(first):
                        return True
            except (OSError, trio.ClosedResourceError):
                sent = 0  # nobody listens, which ``_flush`` finds again with what is kept here
        unsent = [*self._unsent]
        for each in pieces:
            if sent < len(each):
                unsent.append(memoryview(each)[max(sent, 0) :])
            sent -= len(each)
        self._unsent = unsent
        return not unsent

    async def _flush(self) -> None:
        try:
            while self._unsent:
                first = self._unsent[0]
                sent = self.wire.send_now(first)
                if sent == len(first):
                    self._unsent = self._unsent[1:]
                    continue
                self._unsent = [first[sent:], *self._unsent[1:]]
                await self.wire.until_writable()
        except (OSError, trio.ClosedResourceError):
            await self._gone()

    async def _gone(self) -> NoReturn:
        """Nobody listens any more. That is told by cancelling, as where the client leaves while nothing is written."""
        self.broken = True
        self.scope.cancel("the client has left")
        await trio.sleep_forever()

    @property
    def stalled(self) -> bool:
        """Whether the client was hung up on because it did not read."""
        connection = current_connection.get()
        return connection is not None and connection.stalled

    def break_off(self) -> None:
        """Have the connection closed once the handler returns."""
        self.broken = True


def _too_large(limit: int) -> BadRequest:
    return BadRequest("KP-SYS-508", f"The body has more than {limit} bytes, which [server] max_body allows.")
