"""One HTTP/1.1 connection: h11 over a Trio socket, and what h11 would never do: cuts and resets."""

import contextlib
import socket
import struct
import sys
from collections.abc import Sequence
from typing import TypeAlias

import attrs
import h11
import trio

Headers: TypeAlias = Sequence[tuple[str, str]]

_READ = 64 * 1024
_MOST_HEAD = 128 * 1024  # agents send long headers
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # closing then sends RST


@attrs.frozen
class Request:
    """A request as it came in; ``complete`` is false if the client left in the middle of its body."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    complete: bool = True


class Malformed(Exception):
    """What came in is no HTTP/1.1."""


class Connection:
    """One client's connection, used by one task at a time; reading and writing may overlap."""

    def __init__(self, stream: trio.SocketStream, number: int) -> None:
        """Take over *stream*; *number* is for the records."""
        self.number = number
        self._stream = stream
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEAD)
        self._head_only = False

    async def read_request(self) -> Request | None:
        """Wait for the next request; None: the client closed the connection.

        Raises:
            Malformed: It is no HTTP.
        """
        try:
            head = await self._next_event()
            while not isinstance(head, h11.Request):
                if isinstance(head, h11.ConnectionClosed):
                    return None
                head = await self._next_event()
        except h11.RemoteProtocolError as exc:
            if self._h11.trailing_data[1]:  # the client left in the middle of a head
                return None
            raise Malformed(str(exc)) from None
        except trio.BrokenResourceError:
            return None
        self._head_only = head.method == b"HEAD"
        body, complete = await self._read_body()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()]
        return Request(head.method.decode(), head.target.decode("latin-1"), headers, body, complete)

    async def _read_body(self) -> tuple[bytes, bool]:
        parts: list[bytes] = []
        try:
            while True:
                if self._h11.they_are_waiting_for_100_continue:
                    await self._stream.send_all(self._bytes(h11.InformationalResponse(status_code=100, headers=[])))
                event = await self._next_event()
                if isinstance(event, h11.Data):
                    parts.append(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    return b"".join(parts), True
        except (h11.RemoteProtocolError, trio.BrokenResourceError):
            return b"".join(parts), False

    async def _next_event(self) -> h11.Event | type[h11.PAUSED]:
        while (event := self._h11.next_event()) is h11.NEED_DATA:
            self._h11.receive_data(await self._stream.receive_some(_READ))
        return event  # type: ignore[return-value]  # NEED_DATA is dealt with

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole reply in one write. ``content-length`` is added."""
        sized = [*headers, ("content-length", str(len(body)))]
        data = self._bytes(h11.Response(status_code=status, headers=sized))
        if body and not self._head_only:
            data += self._bytes(h11.Data(data=body))
        await self._stream.send_all(data + self._bytes(h11.EndOfMessage()))

    async def refuse(self, why: str) -> None:
        """Answer what is no HTTP, past h11, which would not."""
        body = f"{why}\n".encode()
        head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        with contextlib.suppress(trio.BrokenResourceError):
            await self._stream.send_all(head % len(body) + body)

    async def begin(self, status: int, headers: Headers) -> None:
        """Send the head of a reply whose body follows in chunks."""
        await self._stream.send_all(self._bytes(h11.Response(status_code=status, headers=list(headers))))

    async def send(self, data: bytes, *, last: bool = False) -> None:
        """Send one chunk; with *last* the end of the body goes out in the same write."""
        wire = self._bytes(h11.Data(data=data)) if data else b""
        if last:
            wire += self._bytes(h11.EndOfMessage())
        if wire:
            await self._stream.send_all(wire)

    def recycle(self) -> bool:
        """Get ready for the next request; False: this connection must be closed."""
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            return True
        return False

    async def left(self) -> None:
        """Return when the client closes or resets the connection; what it sends meanwhile is kept for later."""
        with contextlib.suppress(trio.BrokenResourceError):
            while data := await self._stream.receive_some(_READ):
                self._h11.receive_data(data)

    async def close(self, *, reset: bool = False) -> None:
        """Close at once, wherever the reply is; with *reset* the client gets ECONNRESET instead of an end."""
        if reset:
            self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        await trio.aclose_forcefully(self._stream)

    def _bytes(self, event: h11.Event) -> bytes:
        return self._h11.send(event) or b""
