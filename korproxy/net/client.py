"""Sends requests and receives answers, on connections from a pool."""

from __future__ import annotations

from math import inf

import attrs
import msgspec
import trio

from korproxy.models.calls import RawHeaders
from korproxy.net.address import Target
from korproxy.net.errors import Broken
from korproxy.net.pool import Connection, Pool, Reason
from korproxy.net.request_head import head_of
from korproxy.net.response import ResponseReader
from korproxy.net.wire import AT_ONCE

JOINED = 64 * 1024  # bytes of a body that are copied, so that it goes out with its head in one write


class _Stale(Broken):
    """The connection was gone before one byte of an answer."""


class Answer(msgspec.Struct, eq=False, gc=False):  # see ``models.calls``: one is made for each request
    """An open answer, head read. Whoever holds it must ``close`` it.

    Attributes:
        asked: Trio time at which all of the request was sent.
        reader: What has come of it. Whoever is asked for each request looks there, and not through the properties here.
    """

    asked: float
    _connection: Connection
    reader: ResponseReader
    _unsent: bool = False
    _closed: bool = False

    @property
    def status(self) -> int:
        """The final one."""
        return self.reader.status

    @property
    def fields(self) -> RawHeaders:
        """Its header fields, names in lower case."""
        return self.reader.fields

    @property
    def drained(self) -> bool:
        """Whether the body was read to its end, and nothing is left to be waited for."""
        return self.reader.drained

    def take(self) -> bytes:
        """Return what is here of the body and was not yet returned, without waiting."""
        return self.reader.take()

    async def receive(self, deadline: float = inf) -> bytes:
        """Return the next bytes of the body as they came, ``b""`` at its end.

        Raises:
            Broken: The connection broke off or ended too early.
            NotHttp: What comes cannot be read.
            trio.TooSlowError: Nothing came until *deadline* (Trio time).
        """
        reader, line = self.reader, self._connection.line
        while True:
            piece = reader.take()
            if piece or reader.complete or self._closed:
                return piece
            if reader.error is not None:
                raise reader.error
            try:
                data = await line.receive(AT_ONCE, deadline)
            except (OSError, trio.ClosedResourceError) as exc:
                raise _broken_off(reader) from exc
            _read_on(reader, data)

    def close(self) -> None:
        """Give the connection back, or close it where it cannot be used again. Again does nothing."""
        if self._closed:
            return
        self._closed = True
        reader, connection = self.reader, self._connection
        reader.drop()
        if reader.complete and reader.keeps and not reader.surplus and not self._unsent:
            connection.pool.give_back(connection)
        else:
            reason: Reason = "cut" if not reader.complete else "surplus" if reader.surplus else "ended"
            connection.pool.drop(connection, reason)


@attrs.define(eq=False)
class Client:
    """What a provider is asked through."""

    pool: Pool

    async def ask(
        self,
        method: str,
        target: Target,
        fields: RawHeaders,
        body: bytes = b"",
        *,
        connect: float = inf,
        patience: float = inf,
        until: float = inf,
        length: bool = True,
        host: bytes | None = None,
        now: float | None = None,
    ) -> Answer:
        """Send a request and wait for the head of its answer.

        It is sent a second time only where it went out on a used connection that was gone before one byte came back.

        Args:
            connect: Seconds until a new connection has to stand.
            patience: Seconds that sending may take, and then the head.
            until: Trio time at which all that has to be over.
            length: Say that the body is empty, too.
            host: What is said in place of the target's own name.
            now: The Trio time, if somebody has just asked for it.

        Raises:
            BadFields: HTTP cannot carry it; nothing was sent.
            Unreached: There is no connection; nothing was sent.
            Broken: It was closed before the head was whole.
            NotHttp: What came is no answer.
            trio.TooSlowError: It took too long.
        """
        pool, no_body = self.pool, method == "HEAD"
        proxy = pool.connector.proxy(target)
        if proxy is not None:
            fields = [*fields, *proxy.fields]
        size = len(body) if length or body else None
        head = head_of(method, target, fields, length=size, absolute=proxy is not None, host=host)
        whole = head + body if len(body) <= JOINED else b""
        now = trio.current_time() if now is None else now
        connection = pool.take(target.origin, now)
        while True:  # all in one: each coroutine more that the task is resumed through would cost every request
            used = connection is not None
            if connection is None:
                connection = await pool.open(target, min(now + connect, until))
                now = trio.current_time()
            line, reader, unsent = connection.line, ResponseReader(no_body), False
            deadline = min(now + patience, until)
            try:
                try:
                    if whole:  # nearly always it goes at once, for which no coroutine is made
                        sent = connection.base.send_now(whole) if line is connection.base else 0
                        waited = sent < len(whole) and await line.send(memoryview(whole)[sent:], deadline)
                    else:
                        waited = await line.send_all_of((head, body), deadline)
                except (OSError, trio.ClosedResourceError):
                    unsent = waited = True  # a server may refuse what it has not read to its end: there may be an answer
                if waited:
                    now = trio.current_time()
                    deadline = min(now + patience, until)
                while not reader.status:
                    try:
                        data = await line.receive(AT_ONCE, deadline)
                    except (OSError, trio.ClosedResourceError) as exc:
                        raise _broken_off(reader) from exc
                    _read_on(reader, data)
            except BaseException as exc:
                reader.drop()
                pool.drop(connection, "broken" if isinstance(exc, Exception) else "cut")
                if not used or not isinstance(exc, _Stale):
                    raise
            else:
                return Answer(now, connection, reader, unsent)
            pool.repeat()
            connection, now = None, trio.current_time()


def _broken_off(reader: ResponseReader) -> Broken:
    return Broken("broken off") if reader.touched else _Stale("broken off")


def _read_on(reader: ResponseReader, data: bytes) -> None:
    if data:
        reader.feed(data)
    elif not reader.touched:
        raise _Stale("closed")
    else:
        reader.end()
