"""The only window to the internet: sends prepared requests. Knows deadlines and error codes; knows nothing of AI.

What speaks HTTP stands behind two classes, ``Upstream`` and ``Reply``, so that it can be replaced in this one place.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import msgspec
import trio

from korproxy.gateway.network_errors import before_answer, in_answer, silent, too_long, too_slow
from korproxy.models.calls import Headers, UpstreamRequest
from korproxy.models.clock import ticking
from korproxy.models.providers import Deadlines
from korproxy.net.address import target_of
from korproxy.net.client import Answer, Client
from korproxy.net.connect import Connector
from korproxy.net.errors import NetError, UnreachedInTime
from korproxy.net.pool import IdleRoom, Pool, PoolCounters
from korproxy.net.proxies import Proxies


class Reply(msgspec.Struct):
    """An open answer. Whoever holds it must ``aclose`` it.

    Attributes:
        begin_by: Trio time at which the first byte of the body has to be here.
        until: Trio time at which the whole request has to be over.
    """

    provider: str
    status: int
    headers: Headers
    deadlines: Deadlines
    begin_by: float
    until: float
    _answer: Answer
    _begun: bool = False

    @property
    def complete(self) -> bool:
        """Whether all of the body was returned, and known to be all: ``next_chunk`` would return ``b""`` at once."""
        reader = self._answer.reader
        return reader.complete and not reader.pieces

    async def next_chunk(self) -> bytes:
        """Return the next bytes as they came, ``b""`` at the end. No checkpoint where they are here already.

        Raises:
            ProviderLost: It did not begin (KP-NET-305), fell silent (306), broke off (309), or the total deadline passed (307).
        """
        reader = self._answer.reader
        chunk = reader.take()
        if not chunk and not reader.complete:
            chunk = await self._receive()
        self._begun = True
        return chunk

    async def _receive(self) -> bytes:
        now = trio.current_time()
        if now >= self.until:  # a wire that always has something never looks at its deadline
            raise too_long(self.provider, self.deadlines)
        patience = now + self.deadlines.idle if self._begun else self.begin_by
        try:
            return await self._answer.receive(min(patience, self.until))
        except NetError as exc:
            raise in_answer(self.provider, exc) from exc
        except trio.TooSlowError:
            if trio.current_time() >= self.until:
                raise too_long(self.provider, self.deadlines) from None
            error = silent if self._begun else too_slow
            raise error(self.provider, self.deadlines) from None

    async def aclose(self) -> None:
        """Give the connection back, or cut it where the answer was not read to its end. At once, also while cancelled."""
        self._answer.close()


@attrs.define
class Upstream:
    """The connections to one provider. Opened at start, closed after the last request."""

    provider: str
    deadlines: Deadlines
    _client: Client = attrs.field(repr=False)
    _now: Callable[[], float] = attrs.field(factory=ticking, init=False, repr=False)

    async def open(self, wanted: UpstreamRequest, until: float) -> Reply:
        """Send *wanted* and wait for the status line, not for the body.

        Args:
            until: Trio time at which the whole request, body included, has to be over.

        Returns:
            The answer, whatever its status. The caller owns it and must ``aclose`` it.

        Raises:
            ProviderLost: It could not be reached, was silent too long, or did not speak HTTP.
        """
        deadlines = self.deadlines
        now = self._now()
        if now >= until:
            raise too_long(self.provider, deadlines)
        try:
            answer = await self._client.ask(
                wanted.method,
                target_of(wanted.url),
                wanted.headers,
                wanted.body,
                connect=deadlines.connect,
                patience=deadlines.first_byte,
                until=until,
                now=now,
            )
        except (NetError, UnicodeError, trio.TooSlowError) as exc:
            if isinstance(exc, UnreachedInTime | trio.TooSlowError) and trio.current_time() >= until:
                raise too_long(self.provider, deadlines) from exc
            raise before_answer(self.provider, exc, deadlines, _address(wanted.url)) from exc
        begin_by = answer.asked + deadlines.first_byte
        reader = answer.reader
        return Reply(self.provider, reader.status, Headers(reader.fields), deadlines, begin_by, until, answer)

    async def reach(self, url: str, until: float) -> None:
        """Have a connection to *url* stand; it is there for the next request.

        Raises:
            ProviderLost: That cannot be; see ``open``.
        """
        try:
            connection = await self._client.pool.open(target_of(url), min(trio.current_time() + self.deadlines.connect, until))
        except (NetError, UnicodeError, trio.TooSlowError) as exc:
            raise before_answer(self.provider, exc, self.deadlines, _address(url)) from exc
        self._client.pool.give_back(connection)

    async def drop_idle(self) -> int:
        """Close idle connections that are too old or that the provider has closed; return how many."""
        return self._client.pool.drop_idle()

    @property
    def open_connections(self) -> int:
        """How many connections stand, busy or idle."""
        return len(self._client.pool)

    @property
    def counters(self) -> PoolCounters:
        """What became of all connections so far."""
        return self._client.pool.counters


def _address(url: str) -> str:
    """Return host and port of *url*, which need not be a good one; never a password in it."""
    return url.partition("//")[2].partition("/")[0].rpartition("@")[2]


@asynccontextmanager
async def open_upstream(
    provider: str,
    deadlines: Deadlines,
    *,
    secure: ssl.SSLContext,
    trust_env: bool = False,
    room: IdleRoom | None = None,
) -> AsyncIterator[Upstream]:
    """Make the pool of one provider; all its connections are closed at the end.

    Args:
        secure: One context for all providers: making one costs 20 ms.
        trust_env: Whether proxies are taken from the environment; never for loopback addresses.
        room: For the idle connections of all providers; None: this one has it for itself.
    """
    proxies = Proxies.of_environment() if trust_env else Proxies()
    pool = Pool(Connector(secure, proxies), IdleRoom() if room is None else room)
    try:
        yield Upstream(provider, deadlines, Client(pool))
    finally:
        pool.close()
