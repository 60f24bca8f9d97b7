"""The head of a request as one piece of bytes."""

from __future__ import annotations

import re
from functools import lru_cache

from korproxy.models.calls import RawHeaders
from korproxy.net.address import Target
from korproxy.net.errors import BadFields

MOST_LINES = 256  # that are remembered
LONGEST_LINE = 1024  # bytes of such a one
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
_BREAKS = re.compile(rb"[\r\n\0]")


class _Lines(dict[tuple[bytes, bytes], bytes]):
    """Fields that were found good, as they are sent: most of a request's were in the one before.

    Some are always new, as its id is: so that these do not stay, a table that is full begins anew. Credentials are
    among them, a client's own that is passed on, too: until then they are in memory, and never written anywhere.
    """

    def __missing__(self, field: tuple[bytes, bytes]) -> bytes:
        name, value = field
        if _TOKEN.fullmatch(name) is None:
            raise BadFields("a name that is none")
        if _BREAKS.search(value):
            raise BadFields("a line break or a NUL in a value")
        line = b"".join((name, b": ", value, b"\r\n"))
        if len(line) <= LONGEST_LINE:
            if len(self) >= MOST_LINES:
                self.clear()
            self[field] = line
        return line


_lines = _Lines()
_line = _lines.__getitem__


def head_of(
    method: str,
    target: Target,
    fields: RawHeaders,
    *,
    length: int | None,
    absolute: bool = False,
    host: bytes | None = None,
) -> bytes:
    """Return request line and fields, blank line included: ``host`` first, then *fields*, then ``content-length``.

    Args:
        length: Of the body, in bytes; None where there is none to speak of.
        absolute: A proxy is asked, and wants the whole address.
        host: In place of the target's own.

    Raises:
        BadFields: HTTP cannot carry *method*, *fields* or *host*.
    """
    goal = target.absolute if absolute else target.path
    start = _start(method, goal, target.authority if host is None else host)
    try:
        lines = [start, *map(_line, fields)]
    except (TypeError, ValueError):  # whose words would repeat them
        raise BadFields("a field that is no pair of bytes") from None
    if target.credential and not any(name == b"authorization" for name, _ in fields):
        lines.append(b"authorization: %b\r\n" % target.credential)
    lines.append(b"\r\n" if length is None else b"content-length: %d\r\n\r\n" % length)
    return b"".join(lines)


@lru_cache(maxsize=256)
def _start(method: str, goal: bytes, host: bytes) -> bytes:
    verb = method.encode()
    if _TOKEN.fullmatch(verb) is None:
        raise BadFields("a method that is none")
    if _BREAKS.search(goal) or _BREAKS.search(host):
        raise BadFields("a line break or a NUL in the address")
    return b"%b %b HTTP/1.1\r\nhost: %b\r\n" % (verb, goal, host)
