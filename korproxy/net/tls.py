"""TLS over a wire, or over TLS over a wire: through a proxy that is spoken to in TLS itself.

The records go through memory, so that it makes no difference what is below.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import suppress
from math import inf

import attrs

from korproxy.net.wire import AT_ONCE, Wire

PIECE = 256 * 1024  # bytes that are encrypted before they are sent: a second copy of a large body need not be made


@attrs.define(eq=False)
class SecureWire:
    """A ``Wire`` on which nobody reads along. An end that the other side did not announce is an ``ssl.SSLError``."""

    _below: Line = attrs.field(repr=False)
    _arrived: ssl.MemoryBIO = attrs.field(repr=False)
    _leaving: ssl.MemoryBIO = attrs.field(repr=False)
    _tls: ssl.SSLObject = attrs.field(repr=False)
    base: Wire = attrs.field(init=False, repr=False)  # below it all

    def __attrs_post_init__(self) -> None:
        self.base = base_of(self._below)

    async def shake_hands(self, deadline: float = inf) -> None:
        """Agree on keys and check the certificate. Raises as ``receive`` does, and ``ssl.SSLError``."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._fetch(deadline)
            except ssl.SSLError:
                with suppress(OSError):  # tell the other side why, without waiting for it
                    self.base.socket.send(self._leaving.read())
                raise
            else:
                await self._flush(deadline)
                return

    async def receive(self, size: int = AT_ONCE, deadline: float = inf) -> bytes:
        """See ``Wire.receive``."""
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                await self._fetch(deadline)

    async def send(self, data: bytes | memoryview, deadline: float = inf) -> bool:
        """See ``Wire.send``."""
        waited, rest = False, memoryview(data)
        while rest:
            rest = rest[self._tls.write(rest[:PIECE]) :]
            if not rest or self._leaving.pending >= PIECE:
                waited |= await self._flush(deadline)
        return waited

    async def send_all_of(self, parts: Sequence[bytes], deadline: float = inf) -> bool:
        """See ``Wire.send_all_of``."""
        waited = False
        for each in parts:
            waited |= await self.send(each, deadline)
        return waited

    async def _fetch(self, deadline: float) -> None:
        await self._flush(deadline)
        data = await self._below.receive(AT_ONCE, deadline)
        if data:
            self._arrived.write(data)
        else:
            self._arrived.write_eof()

    async def _flush(self, deadline: float) -> bool:
        return await self._below.send(self._leaving.read(), deadline) if self._leaving.pending else False

    def quiet(self, *, just_now: bool = False) -> bool:
        """See ``Wire.quiet``."""
        return not self._tls.pending() and not self._arrived.pending and self._below.quiet(just_now=just_now)

    def unasked(self) -> bool:
        """See ``Wire.unasked``: keys for later and goodbyes are none of it. What came is lost by this."""
        try:
            if isinstance(self._below, Wire):  # where TLS is spoken with a proxy, too, only what is here already counts
                with suppress(BlockingIOError):
                    self._arrived.write(self._below.socket.recv(AT_ONCE))
            return bool(self._tls.read(AT_ONCE).strip(b"\r\n"))
        except (ssl.SSLError, OSError):
            return False

    def close(self) -> None:
        """See ``Wire.close``. Says goodbye first, if that needs no waiting."""
        if not self.base.closed:
            with suppress(OSError):
                self._say_goodbye()
        self._below.close()

    def _say_goodbye(self) -> None:
        with suppress(ssl.SSLError):  # the other side has not said it yet
            self._tls.unwrap()
        if self._leaving.pending and isinstance(self._below, Wire):
            self.base.socket.send(self._leaving.read())


Line = Wire | SecureWire


def base_of(line: Line) -> Wire:
    """Return the wire below it all."""
    return line if isinstance(line, Wire) else line.base


async def secured(below: Line, context: ssl.SSLContext, hostname: str, deadline: float = inf) -> SecureWire:
    """Speak TLS on *below*, which is closed where that fails.

    Raises:
        ssl.SSLError: There is no agreement, or the certificate is not for *hostname*.
        OSError, trio.TooSlowError: As ``Wire.receive``.
    """
    arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # which older Pythons set: an answer that was cut would be a whole one
    try:
        secure = SecureWire(below, arrived, leaving, context.wrap_bio(arrived, leaving, server_hostname=hostname))
        await secure.shake_hands(deadline)
    except BaseException:
        below.close()
        raise
    return secure
