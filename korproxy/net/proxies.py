"""Proxies that the environment names: ``http_proxy``, ``https_proxy``, ``all_proxy``; ``no_proxy``: who is asked without."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import unquote_to_bytes, urlsplit

import attrs

from korproxy.net.address import PORTS, Origin, Target, basic
from korproxy.net.errors import Unreached

REMEMBERED = 256  # origins


@attrs.frozen(kw_only=True)
class Proxy:
    """One of them.

    Attributes:
        secure: It is itself spoken to in TLS.
        credential: The ``proxy-authorization`` it wants; empty where none was given.
    """

    host: str
    port: int
    secure: bool = False
    credential: bytes = attrs.field(default=b"", repr=False)

    @property
    def fields(self) -> tuple[tuple[bytes, bytes], ...]:
        """What it gets beside the request."""
        return ((b"proxy-authorization", self.credential),) if self.credential else ()


@attrs.frozen
class Proxies:
    """The way to a server.

    Attributes:
        named: As the environment says it: ``http``, ``https`` or ``all`` -> the proxy's address; ``no`` -> the list of hosts.
    """

    named: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    _found: dict[Origin, Proxy | None] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    @classmethod
    def of_environment(cls) -> Proxies:
        """Return those that the environment names now."""
        from urllib.request import getproxies_environment  # 15 ms, for a server on this machine in vain

        return cls(getproxies_environment())

    def on_the_way_to(self, target: Target) -> Proxy | None:
        """Return the proxy for *target*, None where there is none; never one to this machine itself.

        Raises:
            Unreached: It is of a kind that is not supported.
        """
        if not self.named:
            return None
        if target.origin not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[target.origin] = self._look_up(target)
        return self._found[target.origin]

    def _look_up(self, target: Target) -> Proxy | None:
        named = self.named.get(target.scheme) or self.named.get("all")
        if not named or _is_here(target.host) or self._goes_without(target):
            return None
        return _parsed(named)

    def _goes_without(self, target: Target) -> bool:
        names = [each.strip().lstrip(".") for each in self.named.get("no", "").lower().split(",")]
        host, with_port = target.host, f"{target.host}:{target.port}"
        return "*" in names or any(
            each and (each in (host, with_port) or host.endswith(f".{each}") or with_port.endswith(f".{each}"))
            for each in names
        )


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parsed(named: str) -> Proxy:
    parts = urlsplit(named if "://" in named else f"http://{named}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme not in PORTS or not host:
        raise Unreached(f"the environment names a proxy of the kind {parts.scheme[:20]!r}, and only http and https are spoken")
    user, password = unquote_to_bytes(parts.username or ""), unquote_to_bytes(parts.password or "")
    return Proxy(
        host=host,
        port=port or PORTS[parts.scheme],
        secure=parts.scheme == "https",
        credential=basic(user, password) if user or password else b"",
    )
