"""A stream for a client that wants one JSON array, written piece by piece, in place of server-sent events.

Gemini's ``:streamGenerateContent`` without ``alt=sse`` (ai.google.dev/api/generate-content): each event is an element, an error
is the last one.
"""

from __future__ import annotations

import attrs
import trio

from korproxy.kit.answers import sse_events
from korproxy.models.calls import Headers, RawHeaders
from korproxy.server.exchange import Exchange, scope_of

_TYPE = b"content-type"
_EVENTS = b"text/event-stream"


@attrs.define(kw_only=True)
class ArrayExchange:
    """An exchange that makes the elements of an array of events. What is no stream passes as it is."""

    inner: Exchange
    _is_array: bool = attrs.field(default=False, init=False)
    _opened: bool = attrs.field(default=False, init=False)

    @property
    def method(self) -> str:
        """See ``Exchange``."""
        return self.inner.method

    @property
    def path(self) -> str:
        """See ``Exchange``."""
        return self.inner.path

    @property
    def query(self) -> bytes:
        """See ``Exchange``."""
        return self.inner.query

    @property
    def headers(self) -> Headers:
        """See ``Exchange``."""
        return self.inner.headers

    @property
    def started(self) -> bool:
        """See ``Exchange``."""
        return self.inner.started

    @property
    def complete(self) -> bool:
        """See ``Exchange``."""
        return self.inner.complete

    @property
    def scope(self) -> trio.CancelScope | None:
        """See ``scope_of``."""
        return scope_of(self.inner)

    @property
    def stalled(self) -> bool:
        """See ``Exchange``."""
        return self.inner.stalled

    async def body(self, limit: int, patience: float) -> bytes:
        """See ``Exchange``."""
        return await self.inner.body(limit, patience)

    async def drain(self, limit: int, patience: float) -> None:
        """See ``Exchange``."""
        await self.inner.drain(limit, patience)

    async def start(self, status: int, headers: RawHeaders) -> None:
        """Send the head; of a stream as that of a JSON document."""
        self._is_array = any(name == _TYPE and value.lower().startswith(_EVENTS) for name, value in headers)
        if self._is_array:
            headers = [(name, b"application/json" if name == _TYPE else value) for name, value in headers]
        await self.inner.start(status, headers)

    async def write(self, data: bytes) -> None:
        """Send whole events as elements."""
        await self.inner.write(self._elements(data) if self._is_array else data)

    async def finish(self, data: bytes = b"") -> None:
        """Send the last ones, and the end of the array."""
        if not self._is_array:
            await self.inner.finish(data)
            return
        last = self._elements(data) if data else b""
        await self.inner.finish(last + (b"]" if self._opened else b"[]"))

    def break_off(self) -> None:
        """See ``Exchange``."""
        self.inner.break_off()

    def _elements(self, events: bytes) -> bytes:
        """Return *events* as elements; comments, which keep the connection alive, as a line's end: space between elements."""
        written = b""
        for _, data in sse_events(events):
            written += (b",\r\n" if self._opened else b"[") + data
            self._opened = True
        return written or b"\n"
