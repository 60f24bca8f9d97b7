"""The head of a request as one piece of bytes."""

from __future__ import annotations

import re
from operator import itemgetter

from korproxy.models.calls import RawHeaders
from korproxy.net.address import Target
from korproxy.net.errors import BadFields

MOST_NAMES = 256  # that are remembered as good
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2

_name = itemgetter(0)
_good_names: set[bytes] = set()


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
    verb = method.encode()
    if verb not in _good_names or not _good_names.issuperset(map(_name, fields)):
        _check([verb, *map(_name, fields)])
    goal = target.absolute if absolute else target.path
    lines = [b"%b %b HTTP/1.1\r\nhost: %b" % (verb, goal, target.authority if host is None else host)]
    lines += map(b": ".join, fields)
    if target.credential and b"authorization" not in map(_name, fields):
        lines.append(b"authorization: " + target.credential)
    lines.append(b"\r\n" if length is None else b"content-length: %d\r\n\r\n" % length)
    head = b"\r\n".join(lines)
    breaks = len(lines) + (1 if length is None else 2)  # counted, instead of looking for them in every value
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\0" in head:
        raise BadFields("a line break or a NUL in a value")
    return head


def _check(names: list[bytes]) -> None:
    if not all(map(_TOKEN.fullmatch, names)):
        raise BadFields("a name that is none")
    if len(_good_names) < MOST_NAMES:
        _good_names.update(names)
