"""Read a provider's answer while it passes: what every JSON format needs for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from korproxy.models.outcome import NO_USAGE, Usage

if TYPE_CHECKING:
    from korproxy.chat.parts import Seal

KEPT = 4 * 1024 * 1024  # bytes of a plain answer that are held to read its usage at the end
MOST_SEALS = 1000
_MOST = 2**53  # no answer has more tokens than JavaScript can count; more is nonsense, and would not fit a database column


def sse_events(events: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and data of each server-sent event in *events*; of an event without its blank line too, if it is the last.

    Lines end in LF, CR or CRLF; comments and other fields are passed over (HTML standard, section 9.2.6).
    """
    plain = events.replace(b"\r\n", b"\n") if b"\r" in events else events
    if b"\r" in plain:
        yield from _events_of(events)
        return
    for frame in plain.split(b"\n\n"):
        name, data = b"", frame
        if frame.startswith(b"event: "):
            head, _, data = frame.partition(b"\n")
            name = head[7:]
        if data.startswith(b"data: ") and b"\n" not in data:  # as nearly all are written
            yield name, data[6:]
        elif frame:
            yield from _events_of(frame)


def _events_of(events: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and data of each event in *events*, however they are written."""
    name = b""
    data: list[bytes] = []
    for line in events.splitlines():
        if not line:
            if data:
                yield name, b"\n".join(data)
            name, data = b"", []
        elif line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif line.startswith(b"event:"):
            name = line[6:].removeprefix(b" ")
    if data:
        yield name, b"\n".join(data)


def token_count(value: object) -> int | None:
    """Return *value* if it can be a number of tokens (``12`` and ``12.0`` are, ``true`` and ``-1`` are not)."""
    if type(value) is int:  # as nearly all are; of ``bool`` it says no
        return value if 0 <= value <= _MOST else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return value
    return None


def add_seal(seals: list[Seal], family: str, data: object) -> None:
    """Add *data* to *seals* if it is a seal at all, and there are not too many already: more than 1,000 nobody has."""
    if isinstance(data, str) and data and len(seals) < MOST_SEALS:
        from korproxy.chat.parts import Seal

        seals.append(Seal(family=family, data=data))


class PlainAnswer(msgspec.Struct):
    """The reader of an answer that is one JSON document: holds it, up to 4 MiB, and reads it when it is whole.

    Attributes:
        read: Reads the usage from the document; must not raise, whatever it gets.
        read_seals: Reads the seals from it; must not raise either.
    """

    read: Callable[[bytes], Usage]
    read_seals: Callable[[bytes], Sequence[Seal]] = lambda _: ()
    seals: Sequence[Seal] = ()
    usage: Usage = NO_USAGE
    ended: bool = False
    final: bool = False
    failed: bool = False
    _pieces: list[bytes] = []
    _size: int = 0

    def __repr__(self) -> str:
        """Show how much there is, and not what it says."""
        return f"PlainAnswer({self._size} bytes, usage={self.usage!r}, ended={self.ended}, failed={self.failed})"

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes, cut anywhere."""
        self._size += len(chunk)
        if self._size <= KEPT:
            self._pieces.append(chunk)
        elif self._pieces:
            self._pieces = []

    def finish(self) -> None:
        """Read what was held; a longer answer keeps its usage to itself."""
        if not self.ended and self._pieces:
            body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces = []
            self.usage, self.seals = self.read(body), self.read_seals(body)
        self.ended = True
