"""Cut a stream of server-sent events at event borders, on bytes, without changing any.

Only whole events go on to the client. A client can do nothing with half an event, and when a provider breaks off inside one,
the error event that follows would otherwise be glued to the half. Line ends are LF, CR or CRLF (the HTML standard's section
on server-sent events); nothing else ends a line, U+2028 included.
"""

from __future__ import annotations

import attrs

_ENDS = (b"\n\n", b"\r\n\r\n")
LONGEST_EVENT = 1024 * 1024  # bytes held back at most; a longer event flows through in pieces


@attrs.define
class FrameCutter:
    """Collects bytes until a blank line ends an event. Takes time in proportion to the bytes, however small the pieces are.

    Attributes:
        torn: The bytes given out so far end inside an event, because it was too long to hold.
        longest: How many bytes that is; None: ``LONGEST_EVENT``.
    """

    torn: bool = False
    longest: int | None = None
    _held: bytearray = attrs.field(factory=bytearray, repr=False)
    _last: bytes = b""  # the two bytes before the next one: a border may be cut into pieces

    @property
    def tail(self) -> bytes:
        """The begun event that is held back."""
        return bytes(self._held)

    def feed(self, chunk: bytes) -> bytes:
        """Return all bytes up to the last event border; what follows it is held back."""
        ends = chunk.endswith(_ENDS)
        if ends and not self._held:  # as nearly all do: then nothing is looked for, and nothing copied
            self._last, self.torn = chunk[-2:], False
            return chunk
        border = len(chunk) if ends else _last_border(self._last + chunk) - len(self._last)
        self._last = (self._last + chunk[-2:])[-2:]
        given = b""
        if border >= 0:
            given = self._give_out() + chunk[:border]
            chunk = chunk[border:]
            self.torn = False
        self._held += chunk
        if len(self._held) > (self.longest or LONGEST_EVENT):
            given += self._give_out()
            self.torn = True
        return given

    def _give_out(self) -> bytes:
        given = bytes(self._held)
        self._held.clear()
        return given


def _last_border(text: bytes) -> int:
    """Return the offset just behind the last blank line, -1 if there is none.

    A CRLF alone is none; whatever else LF and CR make in twos is the end of a line and of the blank one after it. After LF and
    CR one more byte has to be there, since that CR is mostly the first half of a CRLF; after CR and CR it hardly ever is.
    """
    start = text.rfind(b"\n\n")
    for pair, end in ((b"\r\r", len(text)), (b"\n\r", len(text) - 1)):
        start = max(start, text.rfind(pair, start + 1, max(end, 0)))
    if start < 0:
        return -1
    return start + 2 + (text[start + 1 : start + 3] == b"\r\n")
