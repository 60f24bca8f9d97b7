"""Listening sockets of our own: a port that is taken is known before anything else is started."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from korproxy.errors.exceptions import CannotStart
from korproxy.runtime.port_owner import who_listens

BACKLOG = 2048  # at Hypercorn's 100, hundreds of tools that connect at once wait a second and more
FREE_PORTS = 10  # how many ports are tried where any will do: one that is free on the first address may be taken on the second
TAKEN, REFUSED = "KP-SYS-502", "KP-SYS-515"
_NO_SUCH_FAMILY = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})
_Address = tuple[socket.AddressFamily, str]


def listen(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Return one listening socket per address, all on the same port. The caller closes them.

    Args:
        hosts: Addresses and names, at least one; two that mean the same address count once.
        port: 0 takes any port that is free on all addresses.

    Raises:
        CannotStart: KP-SYS-502 if the port is taken (naming who has it, where the system tells), KP-SYS-515 if an address is
            not this machine's or may not be used. An IPv6 loopback that the machine does not have is left out where there is
            another address.
    """
    addresses = list(dict.fromkeys(address for host in hosts for address in _addresses(host)))
    for _ in range(0 if port else FREE_PORTS - 1):
        try:
            return _listen(addresses, port)
        except CannotStart as exc:
            if exc.code != TAKEN:
                raise
    return _listen(addresses, port)


def url_of(bound: socket.socket) -> str:
    """Return the address of a listening socket as a URL."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if bound.family == socket.AF_INET6 else f"http://{host}:{port}"


def _listen(addresses: Sequence[_Address], port: int) -> list[socket.socket]:
    with ExitStack() as stack:
        found: list[socket.socket] = []
        for family, host in addresses:
            bound = _bind(family, host, port, optional=host == "::1" and len(addresses) > 1)
            if bound is not None:
                stack.callback(bound.close)
                found.append(bound)
                port = port or bound.getsockname()[1]
        stack.pop_all()
        return found


def _addresses(host: str) -> list[_Address]:
    name = host.encode() if host.isascii() else host  # a text would import Python's tables of other scripts: 5 ms
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, ValueError):  # the latter: no host has such a name
        raise CannotStart(REFUSED, f"[server] host {host!r} is not an address or a name of this machine.") from None
    return [(family, str(address[0])) for family, _, _, _, address in found]


def _bind(family: socket.AddressFamily, host: str, port: int, *, optional: bool) -> socket.socket | None:
    bound: socket.socket | None = None
    try:
        bound = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform == "win32":  # where SO_REUSEADDR would let two programs share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # skips the wait after a restart, no more
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as exc:
        if bound is not None:
            bound.close()
        if optional and exc.errno in _NO_SUCH_FAMILY:
            return None
        raise _refused(host, port, exc) from exc
    return bound


def _refused(host: str, port: int, exc: OSError) -> CannotStart:
    if exc.errno != errno.EADDRINUSE:
        return CannotStart(REFUSED, f"Cannot listen on {host} port {port}: {exc.strerror}.")
    holder = who_listens(port) or ""
    if holder.endswith(f"(pid {os.getpid()})"):
        text = f"Port {port} on {host} is taken by KorProxy itself: another address of [server] host covers it. Leave one out."
        return CannotStart(TAKEN, text)
    other = port + 1 if port < 65535 else port - 1
    who = f" It is held by {holder}." if holder else ""
    return CannotStart(TAKEN, f"Port {port} on {host} is taken.{who} Stop that, or use another: `korproxy run --port {other}`.")
