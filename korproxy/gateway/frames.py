"""Cut a stream of server-sent events at event borders, on bytes, without changing any.

Only whole events go on to the client. A client can do nothing with half an event, and when a provider breaks off inside one,
the error event that follows would otherwise be glued to the half. Line ends are LF, CR or CRLF (the HTML standard's section
on server-sent events); nothing else ends a line, U+2028 included.
"""

from __future__ import annotations

import attrs

_BORDERS = (b"\n\n", b"\n\r\n", b"\r\r")  # a blank line, with whatever line end stands before it
LONGEST_EVENT = 1024 * 1024  # bytes held back at most; a longer event flows through in pieces


@attrs.define
class FrameCutter:
    """Collects bytes until a blank line ends an event.

    Attributes:
        tail: The begun event that is held back.
        torn: The bytes given out so far end inside an event, because it was too long to hold.
    """

    tail: bytes = b""
    torn: bool = False

    def feed(self, chunk: bytes) -> bytes:
        """Return all bytes up to the last event border; what follows it is held back."""
        waiting = self.tail + chunk if self.tail else chunk
        border = _last_border(waiting)
        if border:
            self.torn = False
        elif len(waiting) > LONGEST_EVENT:
            border, self.torn = len(waiting), True
        self.tail = waiting[border:]
        return waiting[:border]


def _last_border(text: bytes) -> int:
    """Return the offset just behind the last blank line, 0 if there is none."""
    return max((at + len(border) for border in _BORDERS if (at := text.rfind(border)) >= 0), default=0)
