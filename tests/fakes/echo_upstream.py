"""A provider that is all bytes: it keeps each request as it came over the wire and answers with whatever the test wrote.

It knows no HTTP library and no AI format, so nothing here can repair, reorder or re-encode what a test looks at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Literal

import attrs
import trio

Framing = Literal["length", "chunked", "close"]


@attrs.frozen(kw_only=True)
class Scripted:
    """An answer to send.

    Attributes:
        pieces: The body as it is cut; with ``chunked`` each piece is a chunk of its own, so the other side sees these cuts.
        framing: How the body's end is told: by its length, by chunks, or by closing the connection.
        whole: Off: the connection is closed where the body's end should be told.
    """

    status: int = 200
    headers: Sequence[tuple[str, str]] = (("content-type", "application/json"),)
    pieces: Sequence[bytes] = (b"{}",)
    framing: Framing = "length"
    whole: bool = True

    def writes(self) -> list[bytes]:
        """Return what goes over the wire, write by write."""
        pieces = [each for each in self.pieces if each]  # an empty chunk would be the last one
        length = sum(map(len, pieces)) + (not self.whole)
        told = {
            "length": [f"content-length: {length}"],
            "chunked": ["transfer-encoding: chunked"],
            "close": ["connection: close"],
        }
        lines = [f"HTTP/1.1 {self.status} Scripted", *(f"{name}: {value}" for name, value in self.headers), *told[self.framing]]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        if self.framing != "chunked":
            return [head, *pieces]
        chunks = [b"%x\r\n%s\r\n" % (len(each), each) for each in pieces]
        return [head, *chunks, b"0\r\n\r\n"] if self.whole else [head, *chunks]


@attrs.frozen
class Arrived:
    """One request: the bytes of its head, up to the blank line, and of its body."""

    head: bytes
    body: bytes


@attrs.define
class EchoUpstream:
    """What came, and what is answered to all of it."""

    url: str = ""
    answer: Scripted = attrs.field(factory=Scripted)
    arrived: list[Arrived] = attrs.field(factory=list)

    @property
    def only(self) -> Arrived:
        """The one request there was."""
        [request] = self.arrived
        return request

    async def serve(self, stream: trio.SocketStream) -> None:
        """Answer each request on *stream* until either side has enough."""
        with suppress(trio.BrokenResourceError):
            async with stream:
                rest = b""
                while True:
                    request, rest = await _read_request(stream, rest)
                    if request is None:
                        return
                    self.arrived.append(request)
                    for each in self.answer.writes():
                        await stream.send_all(each)
                    if self.answer.framing == "close" or not self.answer.whole:
                        return


async def _read_request(stream: trio.SocketStream, received: bytes) -> tuple[Arrived | None, bytes]:
    """Return the next request, None at the end, and what came behind it. A body has a length: KorProxy always says it."""
    while b"\r\n\r\n" not in received:
        chunk = await stream.receive_some()
        if not chunk:
            return None, b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    length = int(lengths[0]) if lengths else 0
    while len(body) < length:
        chunk = await stream.receive_some()
        if not chunk:
            return None, b""
        body += chunk
    return Arrived(head, body[:length]), body[length:]


@asynccontextmanager
async def open_echo(answer: Scripted | None = None) -> AsyncIterator[EchoUpstream]:
    """Run one on a free loopback port for the block."""
    echo = EchoUpstream(answer=answer or Scripted())
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, echo.serve, 0, host="127.0.0.1"))
        echo.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        yield echo
        nursery.cancel_scope.cancel()
