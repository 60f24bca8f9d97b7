"""A provider that is a function over a socket: whatever HTTP does not allow can be sent here, and nothing at all, too."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import trio

TLS = Path(__file__).with_name("tls")  # a certificate for 127.0.0.1 and localhost that no authority has signed, and its key
CERTIFICATE = TLS / "certificate.pem"

Serve = Callable[[trio.abc.Stream], Awaitable[None]]


async def read_request(stream: trio.abc.Stream) -> bytes:
    """Return the next request, head and body; ``b""`` if the other side closed before it was whole."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = await stream.receive_some()
        if not chunk:
            return b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    length = lengths[0] if lengths else 0
    while len(body) < length:
        chunk = await stream.receive_some()
        if not chunk:
            return b""
        body += chunk
    return head + b"\r\n\r\n" + body


def answering(*pieces: bytes, then_wait: bool = False) -> Serve:
    """Return a server that reads one request, sends *pieces* as they are, and closes (or waits for the other side to)."""

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        for each in pieces:
            await stream.send_all(each)
        if then_wait:
            await stream.receive_some()

    return serve


def encrypted(serve: Serve) -> Serve:
    """Return *serve* behind TLS, with a certificate that nobody trusts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, TLS / "key.pem")

    async def serve_tls(stream: trio.abc.Stream) -> None:
        async with trio.SSLStream(stream, context, server_side=True, https_compatible=True) as secure:
            await serve(secure)

    return serve_tls


@asynccontextmanager
async def raw_upstream(serve: Serve) -> AsyncIterator[int]:
    """Serve every connection with *serve* for the block; yields the port on 127.0.0.1."""

    async def serve_one(stream: trio.SocketStream) -> None:
        async with stream:
            with suppress(trio.BrokenResourceError):
                await serve(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve_one, 0, host="127.0.0.1"))
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()
