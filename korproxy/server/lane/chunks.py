"""A body that comes in chunks, taken apart strictly (RFC 9112, section 7.1). Pure."""

from __future__ import annotations

import re

import attrs

LONGEST_LINE = 256  # bytes of a chunk's size and its extensions
LONGEST_TRAILERS = 16 * 1024  # bytes of all of them, the ends of their lines included

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\x20-\x7e\t]*)?")
_TRAILER = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t\x20-\x7e\x80-\xff]*")


class Malformed(Exception):
    """These are no chunks."""


@attrs.define
class Chunks:
    """Takes a chunked body apart, cut anywhere.

    Attributes:
        over: The last chunk and what follows it were read.
        rest: Bytes that do not belong to this body any more; right once it is over.
    """

    over: bool = attrs.field(default=False, init=False)
    _held: bytes = attrs.field(default=b"", init=False, repr=False)
    _left: int = attrs.field(default=0, init=False)  # bytes of the chunk that are still to come, its line's end included
    _in_trailers: bool = attrs.field(default=False, init=False)
    _trailers: int = attrs.field(default=0, init=False)

    @property
    def rest(self) -> bytes:
        """See the class."""
        return self._held

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return those of the body.

        Raises:
            Malformed: They break the rules.
        """
        data = self._held + data if self._held else data
        self._held = b""
        found: list[bytes] = []
        at = 0
        while not self.over:
            before = at
            at = self._step(data, at, found)
            if at == before and not self.over:
                break
        self._held = data[at:]
        return b"".join(found)

    def _step(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Take what can be taken at *at*; return where it ends, *at* itself where more is needed."""
        if self._left:
            return self._take(data, at, found)
        most = LONGEST_TRAILERS - self._trailers if self._in_trailers else LONGEST_LINE
        end = data.find(b"\r\n", at, at + most + 2)
        if end < 0:
            if len(data) - at > most + 1:  # the last one of them may be half of the end
                raise Malformed("a line without an end")
            return at
        self._line(data[at:end])
        return end + 2

    def _take(self, data: bytes, at: int, found: list[bytes]) -> int:
        body = min(self._left - 2, len(data) - at)
        if body > 0:
            found.append(data[at : at + body])
            self._left -= body
            return at + body
        if self._left > 2 or len(data) - at < 2:
            return at
        if data[at : at + 2] != b"\r\n":
            raise Malformed("a chunk is longer than it says")
        self._left = 0
        return at + 2

    def _line(self, line: bytes) -> None:
        if not self._in_trailers:
            size = _SIZE.fullmatch(line)
            if size is None:
                raise Malformed("no size")
            count = int(size[1], 16)
            self._left = count + 2 if count else 0
            self._in_trailers = not count
        elif not line:
            self.over = True
        else:  # fields behind the body say nothing to us
            self._trailers += len(line) + 2
            if _TRAILER.fullmatch(line) is None:
                raise Malformed("trailers")
