"""Carries an open answer back to the client."""

from __future__ import annotations

import msgspec
import trio

from korproxy.errors.exceptions import KorproxyError, ProviderLost
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.passage import Passage
from korproxy.gateway.routing import Candidate
from korproxy.gateway.seats import Seat
from korproxy.gateway.upstream import Reply
from korproxy.models.calls import RawHeaders
from korproxy.models.outcome import NO_USAGE, Refusal

LINGER = 1.0  # seconds a provider gets to end an answer whose last event is there, so that its connection can be used again
IN_STREAM_ERROR = "KP-PROV-102"  # an error event says nothing that all vendors agree upon, so there is one code for all


class Relay(msgspec.Struct):
    """One answer on its way from a provider to a client.

    ``next_piece`` until it returns ``b""``, then ``aclose``: whoever holds a relay owns the reply in it.

    Attributes:
        seat: Is left at the end.
        first: The first piece, read already.
        good: Whether that is the beginning of an answer, and not of an error. Until it is there, nobody knows.
        refusal: What the provider's own error means, if it was one from the beginning.
        code: The KP code that goes beside a provider's own error; None where the answer is good.
        ended_badly: What cut the answer off after its first byte. A stream then ended with the format's own error event;
            of a plain answer the connection has to be broken off, so that nobody takes the half for the whole.
        is_last: The piece that was returned last is the end of a whole answer. ``next_piece`` then waits for nothing: it takes
            note that the client has that, and returns ``b""``.
    """

    candidate: Candidate
    ledger: Ledger
    _passed: RawHeaders
    _reply: Reply
    _passage: Passage
    seat: Seat
    code: str | None = None
    _read_already: bytes = b""
    ended_badly: KorproxyError | None = None
    is_last: bool = False
    _over: bool = False
    _cut: ProviderLost | None = None  # what comes behind the piece that was returned last
    _linger_until: float | None = None
    first: bytes = b""
    good: bool = False
    refusal: Refusal | None = None

    @property
    def upstream_status(self) -> int:
        """The provider's own."""
        return self._reply.status

    @property
    def status(self) -> int:
        """The status for the client: mostly the provider's own. Right once the first piece is there, as the next two are."""
        return self._passage.status or self._reply.status

    @property
    def headers(self) -> RawHeaders:
        """What goes with it."""
        return self._passage.headers(self._passed)

    @property
    def is_stream(self) -> bool:
        """Whether the answer is a stream of events."""
        return self._passage.is_stream

    async def next_piece(self) -> bytes:
        """Return the next bytes for the client, ``b""`` at the end. A failure in a stream becomes its last piece."""
        passage = self._passage
        while not self._over and not self.is_last:
            failure = self._cut or passage.broken
            if failure is not None:
                return self._break(failure)
            try:
                chunk = self._read_already or await self._next_chunk()
            except ProviderLost as exc:
                return self.interrupt(exc)
            self._read_already = b""
            piece = passage.feed(chunk) if chunk else b""
            if not chunk or (self._reply.complete and passage.broken is None):
                piece += self._end()
            if self.code is None and passage.status is not None:
                self.code = self.ledger.code = IN_STREAM_ERROR
            if piece:
                return piece
        self.taken()
        return b""

    def taken(self) -> None:
        """Take note that the client has the piece that is the last one, if there was one. ``next_piece`` does it as well."""
        if self.is_last:
            self._book()

    def interrupt(self, exc: KorproxyError) -> bytes:
        """End the answer from our side; return the stream's last piece, ``b""`` where there is no way to say it in band."""
        if self._over:
            return b""
        # Whoever asked for more after the last event has passed that on: to them the answer is whole, however it ends.
        if self._linger_until is None:
            return self._break(exc)
        tail = self._end()
        if self._cut is not None:
            return self._break(self._cut)
        self._book()
        return tail

    async def _next_chunk(self) -> bytes:
        if not self._passage.final:
            return await self._reply.next_chunk()
        if self._linger_until is None:
            self._linger_until = trio.current_time() + LINGER
        with trio.CancelScope(deadline=self._linger_until):
            return await self._reply.next_chunk()
        return b""

    def _end(self) -> bytes:
        """Nothing more will come, or nothing that matters. In a stream that need not mean that it was complete."""
        try:
            tail = self._passage.end()
        except ProviderLost as exc:
            self._cut = exc  # the client gets what came before it first
            return b""
        self.is_last = True
        return tail

    def _book(self) -> None:
        self._over, self.is_last = True, False
        ledger = self.ledger
        if self.code is None and self._passage.failed:
            ledger.code = IN_STREAM_ERROR
        ledger.outcome = "ok" if ledger.code is None else "refused"

    def _break(self, exc: KorproxyError) -> bytes:
        self._over, self.is_last = True, False
        self.ended_badly = exc
        self.ledger.failed(exc)
        return self._passage.last_words(exc)

    def as_event(self) -> bytes:
        """Return the provider's refusal as an event, for a client whose stream has begun without it."""
        return self._passage.as_event()

    async def aclose(self) -> None:
        """Close the provider's side and give its place back. At once, also while cancelled."""
        try:
            await self._reply.aclose()
        finally:
            ledger = self.ledger
            if not self._over and ledger.first_byte is not None and self._passage.final:
                self._book()  # the client left with its last event: many hang up on it
            usage = self._passage.usage
            ledger.usage = usage if ledger.usage is NO_USAGE else ledger.usage + usage  # of an answer that nobody got
            seat = self.seat
            if self.ended_badly is None and ledger.code is None and seat.board.calm:
                seat.slots.leave(seat)  # nobody has anything to hear of the end
            else:
                seat.leave(self.ended_badly, ledger)
