"""How the bytes of an open answer become the client's bytes: unchanged where both speak one format. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import attrs
import msgspec

from korproxy.contracts import AnswerReader
from korproxy.errors.exceptions import KorproxyError, ProviderLost
from korproxy.gateway.frames import FrameCutter
from korproxy.models.calls import RawHeaders
from korproxy.models.outcome import Usage

if TYPE_CHECKING:
    from korproxy.chat.parts import Seal

BEGINNING = 1024  # bytes of the beginning of a stream that are held until its end


class Passage(Protocol):
    """One answer's way. Per-answer state; the relay feeds it whatever the provider sends, cut anywhere."""

    @property
    def is_stream(self) -> bool:
        """Whether the client gets a stream of events. Known once the first bytes for it are there."""

    @property
    def status(self) -> int | None:
        """The status for the client where it is not the provider's own. Known as above."""

    @property
    def usage(self) -> Usage: ...
    @property
    def final(self) -> bool:
        """Whether the very last event of a stream was seen, so that nothing can follow."""

    @property
    def failed(self) -> bool:
        """Whether the provider's own error was seen in a stream."""

    @property
    def broken(self) -> ProviderLost | None:
        """Why nothing more can be made of what the provider sends; the relay then ends the answer."""

    def headers(self, passed: RawHeaders) -> RawHeaders:
        """Return the headers for the client; *passed* are those of the provider that may reach it. Known as above."""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes, return what can be sent now."""

    def end(self) -> bytes:
        """Take note that no more bytes will come; return the rest.

        Raises:
            ProviderLost: The answer is not whole.
        """

    def as_event(self) -> bytes:
        """Return the provider's error as an event, for a client whose stream began before it; only where there is one."""

    def last_words(self, exc: KorproxyError) -> bytes:
        """Return the bytes that end a stream which cannot go on; empty of a plain answer: there is no way to say it."""


def cut_off(provider: str) -> ProviderLost:
    """Return the error of a stream that stopped before its end."""
    return ProviderLost("KP-NET-309", f"{provider} ended the stream without its closing event.", provider=provider)


@attrs.define
class Sent:
    """What the client got of a stream, as far as its last event has to fit: the beginning, and the last events."""

    _first: bytes = attrs.field(default=b"", init=False, repr=False)
    _last: bytes = attrs.field(default=b"", init=False, repr=False)

    def see(self, piece: bytes) -> None:
        """Take note of *piece*."""
        if piece:
            self._first = self._first or piece[:BEGINNING]
            self._last = piece

    @property
    def behind(self) -> bytes:
        """The beginning, and the last events; see ``Dialect.late_error``."""
        return self._first + b"\n\n" + self._last


class Unchanged(msgspec.Struct):
    """Client and provider speak one format: bytes pass, and are only looked at.

    Attributes:
        cutter: None where the answer is no stream.
        note: Is told the seals in the answer as they come.
        refused: The answer is the provider's own error, so no end of a stream is to be expected.
    """

    provider: str
    reader: AnswerReader
    cutter: FrameCutter | None
    late_error: Callable[[KorproxyError, bytes], bytes]
    note: Callable[[Sequence[Seal]], None] = lambda _: None
    refused: bool = False
    status: int | None = None
    broken: ProviderLost | None = None
    _noted: int = 0
    _told: Sent | None = None  # of a stream

    @property
    def is_stream(self) -> bool:
        """See ``Passage``."""
        return self.cutter is not None

    @property
    def usage(self) -> Usage:
        """See ``Passage``."""
        return self.reader.usage

    @property
    def final(self) -> bool:
        """See ``Passage``."""
        return self.reader.final and not self.refused

    @property
    def failed(self) -> bool:
        """See ``Passage``."""
        return self.reader.failed

    def headers(self, passed: RawHeaders) -> RawHeaders:
        """Return all of *passed*."""
        return passed

    def feed(self, chunk: bytes) -> bytes:
        """Return *chunk*; of a stream whole events only."""
        if self.cutter is None:  # what is no stream can have no last event, and seals only once it is whole
            self.reader.feed(chunk)
            return chunk
        piece = self.cutter.feed(chunk)
        if piece:
            if self._told is None:
                self._told = Sent()
            self._told.see(piece)
            self.reader.feed(piece)
            if getattr(self.reader, "seals", ()):
                self._note_seals()
        return piece

    def end(self) -> bytes:
        """Return what was held back."""
        reader, cutter = self.reader, self.cutter
        tail = b"" if cutter is None else cutter.tail
        if tail:
            reader.feed(tail)
        reader.finish()
        if getattr(reader, "seals", ()):  # plugins' readers may be older than it
            self._note_seals()
        if cutter is not None and not self.refused and not reader.ended:
            raise cut_off(self.provider)
        return tail

    def _note_seals(self) -> None:
        seals: Sequence[Seal] = getattr(self.reader, "seals", ())
        if len(seals) > self._noted:
            self.note(seals[self._noted :])
            self._noted = len(seals)

    def as_event(self) -> bytes:
        """Return nothing: no client's stream begins before an answer that passes unchanged."""
        return b""

    def last_words(self, exc: KorproxyError) -> bytes:
        """See ``Passage``."""
        if self.cutter is None:
            return b""
        behind = b"" if self._told is None else self._told.behind
        return (b"\n\n" if self.cutter.torn else b"") + self.late_error(exc, behind)
