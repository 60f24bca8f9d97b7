"""An answer in HTTP/1.1, read as it comes, however it is cut. Pure: it does no I/O.

llhttp (httptools) reads the bytes. It refuses what can be read in two ways: more than one length, a length beside chunks, line
breaks that are none. What it leaves to others is done here: where an answer ends that says no length, what is too much, and
what does not belong to the answer any more.
"""

from __future__ import annotations

from operator import itemgetter
from typing import NoReturn

import attrs
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from korproxy.models.calls import RawHeaders
from korproxy.net.errors import Broken, NotHttp

MOST_BYTES = 64 * 1024  # of a head, and of what stands between two pieces of a body
MOST_FIELDS = 200

_name = itemgetter(0)


@attrs.define(eq=False, init=False)
class ResponseReader:
    """One answer. Its ``on_`` methods are for httptools.

    Attributes:
        no_body: Whatever the head says, no body follows: it is the answer to a HEAD.
        status: 0 until the head is there; those of interim answers (1xx) are not told.
        fields: Those of the head, names in lower case.
        complete: Nothing more belongs to this answer.
        surplus: Something came that does not belong to it. Nobody can say whose it is.
        touched: Something has come.
        error: Why there is no more to come after what can be taken.
        keeps: The server will read another request on this connection.
        pieces: What has come of the body and was not taken.
    """

    no_body: bool
    status: int
    fields: RawHeaders = attrs.field(repr=False)
    complete: bool
    surplus: bool
    touched: bool
    error: NotHttp | None = attrs.field(repr=False)
    keeps: bool
    pieces: list[bytes] = attrs.field(repr=False)
    _until_end: bool  # the body goes on until the connection is closed
    _found: list[tuple[bytes, bytes]] = attrs.field(repr=False)
    _dry: int  # bytes that came since the last ones of the body
    _fed: int  # the same, with those that are being read
    _wrong: str
    _parser: HttpResponseParser | None = attrs.field(repr=False)

    def __init__(self, no_body: bool = False) -> None:
        """Written by hand: for so many fields that begin as nothing, what attrs generates takes twice the time."""
        self.no_body = no_body
        self.status, self._dry, self._fed = 0, 0, 0
        self.complete = self.surplus = self.touched = self.keeps = self._until_end = False
        self.fields, self.error, self._wrong = (), None, ""
        self._found, self.pieces = [], []
        self._parser = HttpResponseParser(self)

    @property
    def drained(self) -> bool:
        """Whether all of the body has come and was taken."""
        return self.complete and not self.pieces

    def take(self) -> bytes:
        """Return what has come of the body since the last time."""
        pieces = self.pieces
        if not pieces:
            return b""
        self.pieces = []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def feed(self, data: bytes) -> None:
        """Read on. What is wrong behind the head is not raised but kept in ``error``: the body before it is to be taken first.

        Raises:
            NotHttp: This is no answer.
        """
        self.touched = True
        if self._parser is None:
            self.surplus = self.surplus or bool(data.strip(b"\r\n"))  # blank lines between answers are allowed
            return
        before = self.status
        self._fed = self._dry + len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as exc:
            if not self.complete:
                self._give_up(self._wrong or _in_short(exc))
                return
            self.surplus = True  # behind an answer, it need not be HTTP
        if self.complete:
            self._parser = None  # it and this refer to each other
        elif self.pieces or self.status != before:
            self._dry = 0
        else:
            self._dry = self._fed
            if self._dry > MOST_BYTES:
                self._give_up("too much that is no answer")

    def end(self) -> None:
        """The connection was closed.

        Raises:
            Broken: Too early.
        """
        self._parser = None
        self.keeps = False
        if self.status and self._until_end:
            self.complete = True
        if not self.complete:
            raise Broken("closed")

    def drop(self) -> None:
        """Read no more of it, and forget what was not taken."""
        self._parser = None
        self.pieces = []

    def _give_up(self, why: str) -> None:
        self._parser = None
        self.error = NotHttp(why)
        if not self.status:
            raise self.error from None

    def on_message_begin(self) -> None:
        """A status line begins; behind a whole answer it is none of ours."""
        if self.complete:
            self.surplus = True
        self._found = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field. Those behind a body are read and forgotten."""
        self._found.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Find out how long the body will be."""
        parser = self._parser
        if self.complete or parser is None:
            return
        status = parser.get_status_code()
        if status < 100 or status == 101:  # nobody asked for another protocol
            self._refuse("an impossible status")
        if status < 200:
            return
        fields = tuple(self._found)
        if len(fields) > MOST_FIELDS or self._fed > MOST_BYTES:
            self._check_size(fields)
        names = [*map(_name, fields)]
        if b"transfer-encoding" in names:
            self._check_coding(fields)
        elif b"content-length" not in names:
            self._until_end = status not in (204, 304)
        self.status, self.fields = status, fields
        self.keeps = parser.should_keep_alive()
        self.complete = self.no_body

    def _check_size(self, fields: RawHeaders) -> None:
        if len(fields) > MOST_FIELDS:
            self._refuse("too many header fields")
        if sum(len(name) + len(value) + 4 for name, value in fields) > MOST_BYTES:
            self._refuse("a head of more than 64 KiB")

    def _check_coding(self, fields: RawHeaders) -> None:
        if [value.lower() for name, value in fields if name == b"transfer-encoding"] != [b"chunked"]:
            self._refuse("a transfer encoding that was not asked for")

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body."""
        if self.complete:
            self.surplus = True
        else:
            self.pieces.append(data)

    def on_message_complete(self) -> None:
        """The end of the answer, or of an interim one."""
        if self.status:
            self.complete = True

    def _refuse(self, why: str) -> NoReturn:
        self._wrong = why
        raise NotHttp(why)  # httptools makes an error of its own from it


def _in_short(exc: Exception) -> str:
    """Return llhttp's own words, which never repeat what came."""
    return str(exc)[:80].replace("`", "").rstrip(".") or type(exc).__name__
