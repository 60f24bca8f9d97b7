"""Our connections for those who want httpx: ``httpx.AsyncClient(transport=PooledTransport(client))``.

Nothing on the way of a request uses it: httpx alone costs more than all of KorProxy does. Import it where it is needed, and not
before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING

import attrs
import httpx
import trio

from korproxy.net import errors
from korproxy.net.address import target_of
from korproxy.net.client import Answer, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = {b"host", b"content-length", b"transfer-encoding"}  # a body is sent in one piece


@attrs.define(eq=False)
class PooledTransport(httpx.AsyncBaseTransport):
    """Sends requests of httpx. Of its timeouts, *read* is also what sending may take; *pool* means nothing: nobody waits.

    The extension ``sni_hostname`` names whom the certificate has to be for.
    """

    client: Client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*; its body is collected first."""
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
        patience = _or_never(timeouts.get("read"))
        body = b"".join([piece async for piece in request.stream])  # type: ignore[union-attr]
        with _translated(request):
            target = target_of(str(request.url))
            name = request.extensions.get("sni_hostname")
            answer = await self.client.ask(
                request.method,
                target if name is None else attrs.evolve(target, server_name=str(name)),
                [(key, value) for key, value in request.headers.raw if key.lower() not in _OURS],
                body,
                connect=_or_never(timeouts.get("connect")),
                patience=patience,
                length="content-length" in request.headers,
                host=request.headers["host"].encode("latin-1"),
            )
        body_stream = _Body(answer, patience, request)
        return httpx.Response(answer.status, headers=list(answer.fields), stream=body_stream, request=request)

    async def aclose(self) -> None:
        """Close all connections of the pool."""
        self.client.pool.close()


@attrs.define(eq=False)
class _Body(httpx.AsyncByteStream):
    """The body of an answer. No async generator, which a cancelled request would leave unfinished."""

    _answer: Answer
    _patience: float
    _request: httpx.Request

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        with _translated(self._request):
            piece = await self._answer.receive(trio.current_time() + self._patience)
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        self._answer.close()


def _or_never(seconds: float | None) -> float:
    return inf if seconds is None else seconds


_AS_HTTPX: tuple[tuple[type[Exception], type[httpx.RequestError]], ...] = (
    (errors.UnreachedInTime, httpx.ConnectTimeout),
    (errors.ProxyRefused, httpx.ProxyError),
    (errors.Unreached, httpx.ConnectError),
    (errors.BadAddress, httpx.UnsupportedProtocol),
    (errors.BadFields, httpx.LocalProtocolError),
    (errors.NotHttp, httpx.RemoteProtocolError),
    (errors.NetError, httpx.ReadError),
    (trio.TooSlowError, httpx.ReadTimeout),
    (UnicodeError, httpx.ConnectError),
)


@contextmanager
def _translated(request: httpx.Request) -> Iterator[None]:
    """Raise what httpx would have raised."""
    try:
        yield
    except tuple(ours for ours, _ in _AS_HTTPX) as exc:
        theirs = next(theirs for ours, theirs in _AS_HTTPX if isinstance(exc, ours))
        raise theirs(str(exc), request=request) from exc
