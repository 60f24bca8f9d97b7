"""Where a request goes: an address taken apart, once for all requests that go there."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

import attrs

from korproxy.net.errors import BadAddress

PORTS = {"http": 80, "https": 443}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")

Origin = tuple[str, str, int, str]


@attrs.frozen(kw_only=True)
class Target:
    """One address.

    Attributes:
        host: What is connected to: a name in ASCII, or an IP address without brackets.
        server_name: Whom a certificate has to be for.
        authority: Host and port as they go into the ``host`` field.
        path: Path and query as they go into the request line.
        credential: The ``authorization`` that a user name in the address amounts to; empty where there is none.
        origin: Requests to the same one can share connections.
    """

    scheme: str
    host: str
    port: int
    server_name: str
    authority: bytes
    path: bytes
    credential: bytes = attrs.field(default=b"", repr=False)
    origin: Origin = attrs.field(init=False, repr=False)

    @origin.default
    def _as_origin(self) -> Origin:
        return self.scheme, self.host, self.port, self.server_name

    @property
    def absolute(self) -> bytes:
        """The address as a proxy wants it in the request line."""
        return b"%b://%b%b" % (self.scheme.encode(), self.authority, self.path)


@lru_cache(maxsize=256)
def target_of(url: str) -> Target:
    """Take *url* apart.

    Raises:
        BadAddress: It is no http or https address.
        UnicodeError: Its host cannot be a name.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadAddress("its host or port cannot be read") from None
    if parts.scheme not in PORTS or not host or _UNPRINTABLE.search(url):
        raise BadAddress("it does not begin with http:// or https:// and a host")
    name = host if host.isascii() else host.encode("idna").decode()
    literal = f"[{name}]" if ":" in name else name
    usual = PORTS[parts.scheme]
    return Target(
        scheme=parts.scheme,
        host=name,
        port=port or usual,
        server_name=name,
        authority=(literal if port in (None, usual) else f"{literal}:{port}").encode(),
        path=_quoted(parts.path or "/") + (b"?" + _quoted(parts.query) if parts.query else b""),
        credential=_basic(parts),
    )


def basic(user: bytes, password: bytes) -> bytes:
    """Return what proves that somebody knows *password* (RFC 7617)."""
    return b"Basic " + base64.b64encode(user + b":" + password)


def _basic(parts: SplitResult) -> bytes:
    if not parts.username and not parts.password:
        return b""
    return basic(unquote_to_bytes(parts.username or ""), unquote_to_bytes(parts.password or ""))


def _quoted(text: str) -> bytes:
    return quote(text, safe="/%:@!$&'()*+,;=~?[]").encode()
