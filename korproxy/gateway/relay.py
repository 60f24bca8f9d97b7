"""Carries an open answer back to the client. It passes bytes; it only looks."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from korproxy.contracts import AnswerReader
from korproxy.errors.exceptions import KorproxyError, ProviderLost
from korproxy.gateway.frames import FrameCutter
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.routing import Candidate
from korproxy.gateway.upstream import Reply
from korproxy.models.calls import RawHeaders

LINGER = 1.0  # seconds a provider gets to end an answer whose last event is there, so that its connection can be used again
IN_STREAM_ERROR = "KP-PROV-102"  # an error event says nothing that all vendors agree upon, so there is one code for all


@attrs.define(kw_only=True)
class Relay:
    """One answer on its way from a provider to a client.

    ``next_piece`` until it returns ``b""``, then ``aclose``: whoever holds a relay owns the reply in it.

    Attributes:
        code: The KP code that goes beside a provider's own error; None where the answer is good.
        ended_badly: What cut the answer off after its first byte. A stream then ended with the format's own error event;
            of a plain answer the connection has to be broken off, so that nobody takes the half for the whole.
    """

    candidate: Candidate
    ledger: Ledger
    headers: RawHeaders
    code: str | None = None
    ended_badly: KorproxyError | None = None
    _reply: Reply
    _reader: AnswerReader
    _late_error: Callable[[KorproxyError], bytes]
    _read_already: bytes = b""
    _cutter: FrameCutter | None = None
    _over: bool = False
    _linger_until: float | None = None
    _release: Callable[[], None]

    @property
    def status(self) -> int:
        """The provider's own status."""
        return self._reply.status

    @property
    def is_stream(self) -> bool:
        """Whether the answer is a stream of events."""
        return self._cutter is not None

    async def next_piece(self) -> bytes:
        """Return the next bytes for the client, ``b""`` at the end. A failure in a stream becomes its last piece."""
        while not self._over:
            try:
                chunk = self._read_already or await self._next_chunk()
            except ProviderLost as exc:
                return self.interrupt(exc)
            self._read_already = b""
            piece = self._look(chunk) if chunk else self._end()
            if piece:
                return piece
        return b""

    def interrupt(self, exc: KorproxyError) -> bytes:
        """End the answer from our side; return the stream's last piece, ``b""`` where there is no way to say it in band."""
        if self._over:
            return b""
        # Whoever asked for more after the last event has passed that on: to them the answer is whole, however it ends.
        return self._break(exc) if self._linger_until is None else self._end()

    @property
    def _is_complete(self) -> bool:
        return self.code is None and self._reader.final

    async def _next_chunk(self) -> bytes:
        if not self._is_complete:
            return await self._reply.next_chunk()
        if self._linger_until is None:
            self._linger_until = trio.current_time() + LINGER
        with trio.CancelScope(deadline=self._linger_until):
            return await self._reply.next_chunk()
        return b""

    def _look(self, chunk: bytes) -> bytes:
        piece = chunk if self._cutter is None else self._cutter.feed(chunk)
        if piece:
            self._reader.feed(piece)
        return piece

    def _end(self) -> bytes:
        """Nothing more will come, or nothing that matters. In a stream that need not mean that it was complete."""
        tail = b"" if self._cutter is None else self._cutter.tail
        if tail:
            self._reader.feed(tail)
        self._reader.finish()
        if self._cutter is not None and self.code is None and not self._reader.ended:
            name = self.candidate.provider.id
            lost = ProviderLost("KP-NET-309", f"{name} ended the stream without its closing event.", provider=name)
            return self._break(lost)
        self._book()
        return tail

    def _book(self) -> None:
        self._over = True
        if self.code is None and self._reader.failed:
            self.ledger.code = IN_STREAM_ERROR
        self.ledger.outcome = "ok" if self.ledger.code is None else "refused"

    def _break(self, exc: KorproxyError) -> bytes:
        self._over = True
        self.ended_badly = exc
        self.ledger.failed(exc)
        if self._cutter is None:
            return b""
        return (b"\n\n" if self._cutter.torn else b"") + self._late_error(exc)

    async def aclose(self) -> None:
        """Close the provider's side and give its place back. Takes 2 seconds at most, also while cancelled."""
        try:
            await self._reply.aclose()
        finally:
            self._release()
            if self._is_complete and not self._over and self.ledger.first_byte is not None:
                self._book()  # the client left with its last event: many hang up on it
            self.ledger.usage = self._reader.usage
