"""The only window to the internet: sends prepared requests. Knows HTTP; knows nothing of AI.

httpx stands behind two classes, ``Upstream`` and ``Reply``, so that it can be replaced in this one place.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import cast

import attrs
import httpcore
import httpx
import trio

from korproxy.gateway.network_errors import before_answer, in_answer, is_stale, silent, too_long, too_slow
from korproxy.models.calls import Headers, UpstreamRequest
from korproxy.models.providers import Deadlines

IDLE_CONNECTIONS = 10  # kept open per provider
IDLE_SECONDS = 90.0  # how long one may stay unused
CLOSE_GRACE = 2.0  # seconds a provider gets to take our goodbye


@attrs.define
class Reply:
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
    _response: httpx.Response = attrs.field(repr=False)
    _chunks: AsyncIterator[bytes] | None = attrs.field(default=None, repr=False)
    _begun: bool = False

    async def next_chunk(self) -> bytes:
        """Return the next bytes as they came, ``b""`` at the end.

        Raises:
            ProviderLost: It did not begin (KP-NET-305), fell silent (306), broke off (309), or the total deadline passed (307).
        """
        if self._chunks is None:
            # Not aiter_raw: it gives the connection back at the last byte, before anybody could look what else is on it.
            self._chunks = aiter(cast("httpx.AsyncByteStream", self._response.stream))
        patience = trio.current_time() + self.deadlines.idle if self._begun else self.begin_by
        with trio.CancelScope(deadline=min(patience, self.until)):
            try:
                chunk = await anext(self._chunks, b"")
            except httpx.TransportError as exc:
                raise in_answer(self.provider, exc) from exc
            self._begun = True
            return chunk
        if trio.current_time() >= self.until:
            raise too_long(self.provider, self.deadlines)
        raise silent(self.provider, self.deadlines) if self._begun else too_slow(self.provider, self.deadlines)

    async def aclose(self) -> None:
        """Give the connection back, or cut it where the answer was not read to its end. Shielded, 2 s at most."""
        with trio.CancelScope(shield=True, deadline=trio.current_time() + CLOSE_GRACE):
            _spoil_surplus(self._response)
            await self._response.aclose()
            if self._chunks is not None:
                await unwind(self._chunks)


@attrs.define
class _Body(httpx.AsyncByteStream):
    """A request body in one piece. httpx's own is an async generator, which a cancelled request leaves unfinished."""

    _content: bytes | None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        content, self._content = self._content, None
        if not content:
            raise StopAsyncIteration
        return content


async def unwind(chunks: AsyncIterator[bytes]) -> None:
    """End the generators that httpx and httpcore have nested in each other, now that nothing more can come.

    Closing the outer one would leave the inner ones to the garbage collector, in mid-read; reading on from the closed
    connection makes the innermost one fail, and that ends them all.
    """
    try:
        async for _ in chunks:
            pass
    except (httpx.TransportError, httpx.StreamError, trio.ClosedResourceError):
        pass


def _spoil_surplus(response: httpx.Response) -> None:
    """Keep the connection of *response* from being used again if more came on it than its answer.

    h11 would take the surplus for the beginning of the next answer, which belongs to somebody else.
    """
    # PoolByteStream -> the pool's request -> connection(s) -> HTTP/1.1; tests/unit/gateway/test_upstream.py guards the way.
    stream = getattr(getattr(response.stream, "_stream", None), "_httpcore_stream", None)
    connection = getattr(getattr(stream, "_pool_request", None), "connection", None)
    while (inner := getattr(connection, "_connection", None)) is not None:
        connection = inner
    state = getattr(connection, "_h11_state", None)
    if connection is not None and state is not None and state.trailing_data[0]:
        connection._keepalive_expiry = 0.0  # noqa: SLF001


@attrs.define
class _Progress:
    """What httpcore says while it sends a request: whether on a new connection, and when all of it was sent."""

    scope: trio.CancelScope
    begin_by: float
    first_byte: float
    fresh: bool = False

    async def trace(self, event: str, _: object) -> None:
        if event == "connection.connect_tcp.started":
            self.fresh = True
        elif event == "http11.send_request_body.complete":
            self.begin_by = trio.current_time() + self.first_byte
            self.scope.deadline = min(self.scope.deadline, self.begin_by)


@attrs.define
class Upstream:
    """The connections to one provider. Opened at start, closed after the last request."""

    provider: str
    deadlines: Deadlines
    _client: httpx.AsyncClient = attrs.field(repr=False)

    async def open(self, wanted: UpstreamRequest, until: float) -> Reply:
        """Send *wanted* and wait for the status line, not for the body.

        Args:
            until: Trio time at which the whole request, body included, has to be over.

        Returns:
            The answer, whatever its status. The caller owns it and must ``aclose`` it.

        Raises:
            ProviderLost: It could not be reached, was silent too long, or did not speak HTTP.
        """
        reply = await self._send(wanted, until)
        if reply is None:  # the provider had closed an idle connection just as we took it
            for each in self._connections():
                if each.is_idle():
                    await each.aclose()
            reply = await self._send(wanted, until)
        if reply is None:
            raise before_answer(self.provider, httpx.ReadError(""), self.deadlines, _address(wanted.url))
        return reply

    async def _send(self, wanted: UpstreamRequest, until: float) -> Reply | None:
        """Send *wanted* once. None: it went out on a used connection, which was gone before one byte came back."""
        wait = self.deadlines.first_byte
        # "read" guards nothing here: the scopes do, which also see a head that comes byte by byte, and the pauses of a body.
        timeouts = {"connect": self.deadlines.connect, "read": None, "write": wait, "pool": wait}
        with trio.CancelScope(deadline=until) as scope:
            progress = _Progress(scope, until, wait)
            try:
                response = await self._client.send(_request(wanted, timeouts, progress), stream=True)
            except (httpx.TransportError, httpx.InvalidURL, UnicodeError) as exc:
                if not progress.fresh and is_stale(exc):
                    return None
                raise before_answer(self.provider, exc, self.deadlines, _address(wanted.url)) from exc
            answered = Headers(tuple((name.lower(), value) for name, value in response.headers.raw))
            return Reply(self.provider, response.status_code, answered, self.deadlines, progress.begin_by, until, response)
        if trio.current_time() >= until:
            raise too_long(self.provider, self.deadlines)
        raise too_slow(self.provider, self.deadlines)

    async def drop_idle(self) -> int:
        """Close idle connections that are too old or that the provider has closed; return how many."""
        dead = [each for each in self._connections() if each.is_idle() and each.has_expired()]
        for each in dead:
            await each.aclose()
        return len(dead)

    @property
    def open_connections(self) -> int:
        """How many connections stand, busy or idle."""
        return sum(not each.is_closed() for each in self._connections())

    def _connections(self) -> list[httpcore.AsyncConnectionInterface]:
        # httpx has no public way to its pools; tests/unit/gateway/test_upstream.py fails if this one closes.
        transports = [self._client._transport, *self._client._mounts.values()]  # noqa: SLF001
        pools = [each._pool for each in transports if isinstance(each, httpx.AsyncHTTPTransport)]  # noqa: SLF001
        return [each for pool in pools for each in pool.connections]


def _request(wanted: UpstreamRequest, timeouts: dict[str, float | None], progress: _Progress) -> httpx.Request:
    """Return *wanted* as httpx wants it. Not by the client's own builder: that would add its headers and cookies."""
    url = httpx.URL(wanted.url)
    headers = [(b"host", url.netloc), *wanted.headers, (b"content-length", b"%d" % len(wanted.body))]
    extensions = {"timeout": timeouts, "trace": progress.trace}
    return httpx.Request(wanted.method, url, headers=headers, stream=_Body(wanted.body), extensions=extensions)


def _address(url: str) -> str:
    """Return host and port of *url*, which need not be a good one; never a password in it."""
    return url.partition("//")[2].partition("/")[0].rpartition("@")[2]


@asynccontextmanager
async def open_upstream(
    provider: str, deadlines: Deadlines, *, secure: ssl.SSLContext, trust_env: bool = False
) -> AsyncIterator[Upstream]:
    """Make the pool of one provider; all its connections are closed at the end.

    Args:
        secure: One context for all providers: making one costs 20 ms.
        trust_env: Whether proxies are taken from the environment; never for loopback addresses.
    """
    limits = httpx.Limits(
        max_connections=None,  # see Slots: httpcore's own bound does not survive cancellation
        max_keepalive_connections=IDLE_CONNECTIONS,
        keepalive_expiry=IDLE_SECONDS,
    )
    client = httpx.AsyncClient(
        verify=secure,
        limits=limits,
        trust_env=trust_env,
        follow_redirects=False,
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))  # one account's cookies are not another's
    try:
        yield Upstream(provider, deadlines, client)
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + CLOSE_GRACE):
            await client.aclose()
