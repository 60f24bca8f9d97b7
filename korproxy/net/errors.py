"""What can go wrong on the way to a server and back: one class per reaction. What to tell users of it is for others to say."""

from __future__ import annotations


class NetError(Exception):
    """No answer came, or not all of it."""


class BadAddress(NetError):
    """The address is none that can be asked. Its text holds nothing of the address."""


class BadFields(NetError):
    """The request has header fields that HTTP cannot carry. Its text holds nothing of them."""


class Unreached(NetError):
    """No connection came about, so nothing was sent. Its cause says why, else its text."""


class ProxyRefused(Unreached):
    """The proxy on the way did not let us through; its text is the proxy's own."""


class UnreachedInTime(Unreached):
    """The connection did not stand in time; nothing was sent."""


class Broken(NetError):
    """The connection broke off or was closed before the answer was whole."""


class NotHttp(NetError):
    """What came is no HTTP, or none that can be trusted. Its text holds nothing of what came."""
