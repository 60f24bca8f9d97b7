"""The head of a request, as far as the lane takes it. Pure.

The lane is strict, and refuses nothing: what is not of the plainest shape (RFC 9112, sections 2 to 7) is left to Hypercorn with
all its bytes, so that there is one place that decides what is still HTTP, and one that answers what is not. llhttp (httptools)
is strict by itself: folded fields, bare line feeds, control characters, lengths that contradict each other or a coding it takes
for none (tests/unit/server/lane/test_head.py holds it to that). Where it is lenient, ``read_head`` looks itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

import attrs
import httptools

from korproxy.models.calls import Headers
from korproxy.server.paths import is_management

LONGEST = 64 * 1024  # bytes of a head; h11 answers a longer one
MOST_FIELDS = 100
MOST_DIGITS = 18  # of a content-length; llhttp takes any number of zeros before it, and Python refuses to read thousands
END = b"\r\n\r\n"

_STARTS = (b"POST /", b"GET /", b"DELETE /")
_LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: ?([0-9]{1,18})\r\n")
_VERSION = b" HTTP/1.1\r\n"
# What says where a request ends and what becomes of its connection; anything else in these than is read below is for Hypercorn.
_FRAMING = frozenset(
    {
        b"content-length",
        b"host",
        b"connection",
        b"transfer-encoding",
        b"expect",
        b"upgrade",
        b"http2-settings",
        b"trailer",
    }
)


@attrs.frozen(kw_only=True)
class Head:
    """A request's head.

    Attributes:
        path: Without the query, percent-decoded.
        headers: Without ``content-length``, whose value is in *length*. It is the one field in which most clients' requests
            differ: so they all have the same headers, as one object.
        length: Bytes of the body; None: it comes in chunks.
        waits: The client wants ``100 Continue`` before it sends the body.
        keeps: The connection may go on after the answer.
    """

    method: str
    path: str
    query: bytes = attrs.field(repr=False)  # may hold a key
    headers: Headers
    length: int | None
    waits: bool
    keeps: bool


class _Read:
    """What httptools tells of one head."""

    __slots__ = ("complete", "fields", "url")

    def __init__(self) -> None:
        self.url = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.complete = True


def may_be_ours(begun: bytes) -> bool:
    """Whether a head that begins with *begun* can still become one for the lane."""
    return begun.startswith(_STARTS) or any(each.startswith(begun) for each in _STARTS)


@attrs.define
class HeadReader:
    """Reads the heads of one connection: nearly all clients send the same one again, with another length of the body."""

    _head: bytes = attrs.field(default=b"", init=False, repr=False)  # the last one that said a length
    _before: bytes = attrs.field(default=b"", init=False, repr=False)  # what stood before the digits of the last one's length
    _behind: bytes = attrs.field(default=b"", init=False, repr=False)
    _last: Head | None = attrs.field(default=None, init=False, repr=False)

    def read(self, head: bytes) -> Head | None:
        """Return what ``read_head`` does."""
        if head == self._head:
            return self._last
        last, before, behind = self._last, self._before, self._behind
        if last is not None and head.startswith(before) and head.endswith(behind):
            digits = head[len(before) : len(head) - len(behind)]
            if digits.isdigit() and len(digits) <= MOST_DIGITS:
                if int(digits) != last.length:
                    last = self._last = _of_length(last, int(digits))
                self._head = head
                return last
        found, length = read_head(head), _LENGTH.search(head)
        if length is not None:
            self._before, self._behind, self._last = head[: length.start(1)], head[length.end(1) :], found
            self._head = head
        return found


def _of_length(last: Head, length: int) -> Head:
    """Return *last*, which had a length, for another body. By hand: ``attrs.evolve`` costs as much as reading it anew."""
    return Head(
        method=last.method,
        path=last.path,
        query=last.query,
        headers=last.headers,
        length=length,
        waits=last.waits,
        keeps=last.keeps,
    )


def read_head(head: bytes) -> Head | None:
    """Read *head*, blank line included; None where it is not for the lane."""
    if len(head) > LONGEST or not head.startswith(_STARTS):
        return None
    read = _Read()
    parser = httptools.HttpRequestParser(read)
    try:
        parser.feed_data(head)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    method = parser.get_method()
    if not read.complete or len(read.fields) > MOST_FIELDS:
        return None
    if not head.startswith(_VERSION, len(method) + 1 + len(read.url)):  # llhttp takes more blanks than one, and RTSP/1.1
        return None
    return _judged(method, read)


def _judged(method: bytes, read: _Read) -> Head | None:
    framing = _framing(read.fields)
    raw_path, _, query = read.url.partition(b"?")
    path = _path(raw_path)
    if framing is None or path is None:
        return None
    length, waits, keeps = framing
    return Head(
        method=method.decode("ascii"),
        path=path,
        query=query,
        headers=Headers(tuple([each for each in read.fields if each[0] != b"content-length"])),
        length=length,
        waits=waits,
        keeps=keeps,
    )


@lru_cache(maxsize=256)
def _path(raw: bytes) -> str | None:
    """Return the path that *raw*, which is without its query, stands for; None where it is not for the lane."""
    if not raw.isascii() or b"#" in raw:
        return None
    path = unquote(raw.decode("ascii"))
    return None if is_management(path) else path


def _framing(fields: list[tuple[bytes, bytes]]) -> tuple[int | None, bool, bool] | None:
    """Return how long the body is, whether the client waits to send it, and whether the connection goes on after the answer.

    None where something is not plain.
    """
    length: int | None = 0
    hosts, framings, waits, keeps = 0, 0, False, True
    for name, value in fields:
        if name not in _FRAMING:
            continue
        if name == b"content-length" and len(value) <= MOST_DIGITS:
            framings += 1
            length = int(value)  # llhttp has seen to it that these are digits
        elif name == b"host":
            hosts += 1
        elif name == b"connection":
            keeps = keeps and b"close" not in value.lower()
        elif name == b"transfer-encoding" and value.lower() == b"chunked":
            framings += 1
            length = None
        elif name == b"expect" and value.lower() == b"100-continue":
            waits = True
        else:
            return None
    return (length, waits, keeps) if hosts == 1 and framings < 2 else None
