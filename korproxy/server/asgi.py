"""Between Hypercorn and the front: requests and answers as ASGI messages (ASGI 3.0, HTTP 2.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

import attrs
import trio

from korproxy.errors.exceptions import BadRequest
from korproxy.models.calls import Headers, RawHeaders
from korproxy.server.connections import current_connection
from korproxy.server.cors import answer_headers
from korproxy.server.entrance import Entrance
from korproxy.server.exchange import ClientLeft
from korproxy.server.faults import plain_error
from korproxy.server.front import Front

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]

_MOST_DIGITS = 18  # of a content-length that is worth reading as a number


def guarded_send(send: Send) -> Send:
    """Return *send* with the two cures that every handler on this server needs.

    Messages are shielded. Hypercorn recycles the connection inside the last one; a task that is cancelled there, as Quart-Trio
    and a watcher of disconnects both do, leaves a connection that never times out and never answers again
    (docs/explain/traps.md, B1). Any other one it counts as sent before it waits: cancelled there, a head or a piece would be
    missing from an answer that goes on. And each write is noted, for the service that closes stalled ones (B2); once its
    connection was cut, the shield holds for a moment only.
    """

    async def guarded(message: Message) -> None:
        connection = current_connection.get()
        with (
            trio.CancelScope(shield=True) as shield,
            nullcontext() if connection is None else connection.writing(shield),
        ):
            await send(message)

    return guarded


def adding_headers(send: Send, added: Callable[[RawHeaders], RawHeaders]) -> Send:
    """Return *send* with what *added* returns for the headers of an answer put behind them."""

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            message = {**message, "headers": [*headers, *added(headers)]}
        await send(message)

    return adding


@attrs.define
class AsgiExchange:
    """An exchange over ASGI."""

    method: str
    path: str
    query: bytes = attrs.field(repr=False)  # may hold a key
    headers: Headers
    _receive: Receive
    _send: Send
    started: bool = False
    broken: bool = False
    complete: bool = False  # Hypercorn hands the body out piece by piece: nobody knows before
    _body_read: trio.Event = attrs.field(factory=trio.Event)

    @property
    def stalled(self) -> bool:
        """Whether the client was hung up on because it did not read."""
        connection = current_connection.get()
        return connection is not None and connection.stalled

    @classmethod
    def of(cls, scope: Mapping[str, Any], receive: Receive, send: Send) -> AsgiExchange:
        """Return the exchange of one HTTP *scope*."""
        return cls(scope["method"], scope["path"], scope["query_string"], _headers_of(scope), receive, send)

    async def body(self, limit: int, patience: float) -> bytes:
        """Return the whole body; see ``Exchange``."""
        length = self.headers.text(b"content-length")
        if length.isascii() and length.isdigit() and (len(length) > _MOST_DIGITS or int(length) > limit):
            raise _too_large(limit)
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            data, more = await self._next_part(patience)
            size += len(data)
            if size > limit:
                raise _too_large(limit)
            parts.append(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def drain(self, limit: int, patience: float) -> None:
        """Read away what is left of the body, within bounds; see ``Exchange``."""
        size = 0
        with trio.move_on_after(patience):
            while not self._body_read.is_set() and size <= limit:
                data, _ = await self._next_part(patience)
                size += len(data)

    async def _next_part(self, patience: float) -> tuple[bytes, bool]:
        if self._body_read.is_set():
            return b"", False
        with trio.move_on_after(patience) as scope:
            message = await self._receive()
        if scope.cancelled_caught:
            raise BadRequest("KP-SYS-510", f"The upload was silent for {patience:g} s before it was complete.")
        if message["type"] != "http.request":
            raise ClientLeft
        more = bool(message.get("more_body", False))
        if not more:
            self._body_read.set()
        return bytes(message.get("body", b"")), more

    async def until_client_leaves(self) -> None:
        """Wait until the client closes its connection. Only once the body is done with: until then others receive."""
        await self._body_read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, headers: RawHeaders) -> None:
        """Send the status and the head."""
        self.started = True
        self._body_read.set()  # nobody wants the rest of it; from here on the watcher takes it away, lest it blocks the server
        await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        """Send the last piece."""
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def leave_to(self, app: AsgiApp, scope: Mapping[str, Any], send: Send) -> None:
        """Have *app* read the body and answer through *send*."""
        self._body_read.set()

        async def noting(message: Message) -> None:
            self.started = self.started or message["type"] == "http.response.start"
            await send(message)

        await app(scope, self._receive, noting)

    def break_off(self) -> None:
        """Have the connection closed once the handler returns."""
        self.broken = True


@attrs.frozen
class App:
    """The ASGI application: client APIs go straight to the front that is in charge, the rest to *manage*."""

    entrance: Entrance
    manage: AsgiApp

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        front = self.entrance.front  # once: a reload may put another one there at any time
        if scope["type"] == "websocket":
            await _refuse_websocket(front, send)
            return
        if scope["type"] != "http":
            return
        send = guarded_send(send)
        if origins := front.guard.origins:
            send = adding_headers(send, partial(answer_headers, _headers_of(scope), origins=origins))
        if _is_ambiguous(scope):
            send = adding_headers(send, lambda _: [(b"connection", b"close")])
        exchange = AsgiExchange.of(scope, receive, send)
        if not front.leaves_to_management(exchange):
            await self._run(front, exchange)
            return
        common = front.begin(exchange)
        if await front.admits_manager(exchange, common):
            try:
                await exchange.leave_to(self.manage, scope, adding_headers(send, lambda _: common))
            except Exception as exc:  # noqa: BLE001 -- the last wall
                await front.fail(exchange, exc, common)
            _close_if_broken(exchange)

    async def _run(self, front: Front, exchange: AsgiExchange) -> None:
        async with trio.open_nursery() as nursery:
            work = trio.CancelScope()
            nursery.start_soon(self._watch, exchange, work)
            with work:
                await front.handle(exchange)
            nursery.cancel_scope.cancel()
        _close_if_broken(exchange)

    async def _watch(self, exchange: AsgiExchange, work: trio.CancelScope) -> None:
        await exchange.until_client_leaves()
        work.cancel()


async def _refuse_websocket(front: Front, send: Send) -> None:
    """Answer 426 at once: Codex then uses HTTP for the rest of its session. ASGI's extension ``websocket.http.response``."""
    error = BadRequest(
        "KP-SYS-523", "KorProxy speaks no WebSocket. The same requests are answered over HTTP, streams included."
    )
    fault = front.faults.fault(error)
    body = plain_error(fault)
    headers = [*front.faults.headers(error, fault), (b"upgrade", b"HTTP/1.1"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _close_if_broken(exchange: AsgiExchange) -> None:
    if exchange.broken and (connection := current_connection.get()) is not None:
        connection.cut()


def _is_ambiguous(scope: Mapping[str, Any]) -> bool:
    """Whether a body tells its length and comes in chunks, too: what is behind it must not be read (RFC 9112, section 6.1)."""
    names = {bytes(name).lower() for name, _ in scope["headers"]}
    return names >= {b"content-length", b"transfer-encoding"}


def _headers_of(scope: Mapping[str, Any]) -> Headers:
    return Headers(tuple((bytes(name).lower(), bytes(value)) for name, value in scope["headers"]))


def _too_large(limit: int) -> BadRequest:
    return BadRequest("KP-SYS-508", f"The body has more than {limit} bytes, which [server] max_body allows.")
