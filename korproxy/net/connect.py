"""How a connection comes about: by name, through a proxy where there is one, in TLS where that is wanted."""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import suppress
from math import inf

import attrs
import trio

from korproxy.net.address import Target
from korproxy.net.errors import ProxyRefused, Unreached, UnreachedInTime
from korproxy.net.proxies import Proxies, Proxy
from korproxy.net.tls import Line, secured
from korproxy.net.wire import Wire

MOST_BYTES = 16 * 1024  # of a proxy's answer


@attrs.frozen
class Connector:
    """Makes connections.

    Attributes:
        secure: One context for all: making one takes 20 ms.
    """

    secure: ssl.SSLContext = attrs.field(repr=False)
    proxies: Proxies = attrs.field(factory=Proxies)

    def __attrs_post_init__(self) -> None:
        self.secure.set_alpn_protocols(["http/1.1"])  # or a server may speak HTTP/2 to us

    def proxy(self, target: Target) -> Proxy | None:
        """Return the proxy that gets the request itself, and not only its bytes."""
        if not self.proxies.named or target.scheme != "http":
            return None
        return self.proxies.on_the_way_to(target)

    async def connect(self, target: Target, deadline: float = inf) -> Line:
        """Return a connection to *target*, or to the proxy that is asked in its place.

        Raises:
            UnreachedInTime: It did not stand at *deadline* (Trio time).
            Unreached: There is none; the cause says why.
        """
        with trio.CancelScope(deadline=deadline):
            try:
                return await self._connect(target)
            except (OSError, UnicodeError) as exc:
                raise Unreached(str(exc)) from exc
        raise UnreachedInTime

    async def _connect(self, target: Target) -> Line:
        proxy = self.proxies.on_the_way_to(target)
        if proxy is None:
            line: Line = await _plain(target.host, target.port)
        else:
            line = await _plain(proxy.host, proxy.port)
            if proxy.secure:
                line = await secured(line, self.secure, proxy.host)
            if target.scheme == "https":
                await _tunnel(line, target, proxy)
        return line if target.scheme == "http" else await secured(line, self.secure, target.server_name)


async def _plain(host: str, port: int) -> Wire:
    """Try all addresses of *host*, IPv6 and IPv4 side by side (RFC 8305)."""
    family = _family_of(host)
    if family is not None:  # then there is one address, and nothing to be looked up or tried side by side
        return Wire.of(await _to_address(family, host, port))
    stream = await trio.open_tcp_stream(host, port)  # sets TCP_NODELAY
    return Wire.of(socket.socket(fileno=stream.socket.detach()))


def _family_of(host: str) -> socket.AddressFamily | None:
    """Return which kind of IP address *host* is; None where it is a name."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return family
    return None


async def _to_address(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(BlockingIOError):
            made.connect((host, port))
            return made
        await trio.lowlevel.wait_writable(made)
        _raise(made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
    except BaseException:
        made.close()
        raise
    return made


def _raise(error: int) -> None:
    if error:
        raise OSError(error, os.strerror(error))


async def _tunnel(line: Line, target: Target, proxy: Proxy) -> None:
    """Have *proxy* carry whatever is sent on *line*."""
    goal = f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"
    fields = b"".join(b"%b: %b\r\n" % field for field in proxy.fields)
    try:
        await line.send(b"CONNECT %b HTTP/1.1\r\nhost: %b\r\n%b\r\n" % (goal.encode(), goal.encode(), fields))
        said = b""
        while not said.endswith(b"\r\n\r\n"):  # nothing comes behind it before we speak
            data = await line.receive()
            said += data
            if not data or len(said) > MOST_BYTES or _is_refusal(said):
                break
        _check(said)
    except BaseException:
        line.close()
        raise


def _is_refusal(said: bytes) -> bool:
    """Whether *said* has a whole status line, and no good one: what comes behind it does not matter."""
    line, newline, _ = said.partition(b"\n")
    return bool(newline) and line[9:10] != b"2"


def _check(said: bytes) -> None:
    """Refuse what is no consent."""
    version, _, status = said.partition(b"\n")[0].decode("latin-1").strip().partition(" ")
    if not version.startswith("HTTP/1.") or not status[:3].isdigit():
        raise ProxyRefused("something that is no HTTP" if said else "nothing")
    if not status.startswith("2"):
        raise ProxyRefused("".join(each for each in status[:80] if each.isprintable()))
    if not said.endswith(b"\r\n\r\n"):
        raise ProxyRefused("an answer without an end")
