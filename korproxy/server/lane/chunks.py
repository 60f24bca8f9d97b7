"""A body that comes in chunks, taken apart strictly (RFC 9112, section 7.1). Pure."""

from __future__ import annotations

import re

import attrs

LONGEST_LINE = 256  # bytes of a chunk's size and its extensions
LONGEST_TRAILERS = 16 * 1024

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\x20-\x7e\t]*)?")


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
        end = data.find(b"\r\n", at, at + LONGEST_LINE + 2 if not self._in_trailers else len(data))
        if end < 0:
            waiting = len(data) - at
            if waiting > (LONGEST_TRAILERS if self._in_trailers else LONGEST_LINE):
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
            self._trailers += len(line)
            if self._trailers > LONGEST_TRAILERS or b"\n" in line or b":" not in line:
                raise Malformed("trailers")
