"""Listening sockets of our own: a port that is taken is known before anything else is started."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from korproxy.errors.exceptions import CannotStart
from korproxy.runtime.port_owner import who_listens

BACKLOG = 2048  # at Hypercorn's 100, hundreds of tools that connect at once wait a second and more
_NO_SUCH_FAMILY = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})


def listen(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Return one listening socket per address, all on the same port. The caller closes them.

    Args:
        port: 0 takes any port that is free on the first address.

    Raises:
        CannotStart: KP-SYS-502 if the port is taken (naming who has it, where the system tells), KP-SYS-515 if an address is
            not this machine's or may not be used. An IPv6 loopback that the machine does not have is left out.
    """
    with ExitStack() as stack:
        found: list[socket.socket] = []
        for host in hosts:
            for family, address in _addresses(host, port):
                bound = _bind(family, address, optional=host == "::1" and len(hosts) > 1)
                if bound is not None:
                    stack.callback(bound.close)
                    found.append(bound)
                    port = port or bound.getsockname()[1]
        if not found:
            raise CannotStart("KP-SYS-515", f"None of the addresses {', '.join(hosts)} exists on this machine.")
        stack.pop_all()
        return found


def url_of(bound: socket.socket) -> str:
    """Return the address of a listening socket as a URL."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if bound.family == socket.AF_INET6 else f"http://{host}:{port}"


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise CannotStart("KP-SYS-515", f"[server] host {host!r} is not an address or a name of this machine.") from None
    return [(family, (str(address[0]), int(address[1]))) for family, _, _, _, address in dict.fromkeys(found)]


def _bind(family: socket.AddressFamily, address: tuple[str, int], *, optional: bool) -> socket.socket | None:
    bound: socket.socket | None = None
    try:
        bound = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform == "win32":  # where SO_REUSEADDR would let two programs share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # skips the wait after a restart, no more
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as exc:
        if bound is not None:
            bound.close()
        if optional and exc.errno in _NO_SUCH_FAMILY:
            return None
        raise _refused(address, exc) from exc
    return bound


def _refused(address: tuple[str, int], exc: OSError) -> CannotStart:
    host, port = address
    if exc.errno == errno.EADDRINUSE:
        holder = who_listens(port)
        who = f" It is held by {holder}." if holder else ""
        return CannotStart(
            "KP-SYS-502", f"Port {port} on {host} is taken.{who} Stop that, or use another: `korproxy run --port {port + 1}`."
        )
    return CannotStart("KP-SYS-515", f"Cannot listen on {host} port {port}: {exc.strerror}.")
