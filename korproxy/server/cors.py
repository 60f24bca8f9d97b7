"""What browsers have to be told before a web page of another origin may read our answers. Pure.

Only origins that ``[server] allowed_origins`` lists get anything, and each one its own name, never ``*``: that would let every
page in. Keys travel in headers that the page sets itself, so credentials in the sense of cookies are never allowed. Source:
the Fetch standard, section 3.3 (CORS protocol).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from korproxy.models.calls import Headers, RawHeaders

REMEMBERED = 600  # seconds a browser may keep the answer to a preflight
_TOKEN = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, section 5.6.2
_ALWAYS_READABLE = frozenset(
    {b"cache-control", b"content-language", b"content-length", b"content-type", b"expires", b"last-modified", b"pragma"}
)
_VARY = (b"vary", b"Origin")


def is_preflight(method: str, headers: Headers, origins: Collection[str]) -> bool:
    """Whether a browser asks here if a page of one of *origins* may send a request. It never carries a key."""
    if method != "OPTIONS" or headers.get(b"access-control-request-method") is None:
        return False
    return headers.text(b"origin") in origins


def preflight_headers(headers: Headers) -> RawHeaders:
    """Return what the answer to a preflight says besides ``answer_headers``: just what was asked for is allowed."""
    found = [
        (b"access-control-max-age", b"%d" % REMEMBERED),
        (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers"),
    ]
    if methods := _tokens(headers, b"access-control-request-method"):
        found.append((b"access-control-allow-methods", methods))
    if names := _tokens(headers, b"access-control-request-headers"):
        found.append((b"access-control-allow-headers", names))
    if headers.get(b"access-control-request-private-network") == b"true":  # asked before a public page may reach this machine
        found.append((b"access-control-allow-private-network", b"true"))
    return found


def answer_headers(headers: Headers, answer: RawHeaders, origins: Collection[str]) -> RawHeaders:
    """Return what is to be added to *answer*, the head of the answer to a request with *headers*.

    Every answer says that it depends on the origin, lest a cache hands one page's answer to another. All headers that the
    answer has are readable: ids, rate limits and KP codes are of no use to a tool otherwise.
    """
    if not origins:
        return []
    origin = headers.get(b"origin")
    if origin is None or headers.text(b"origin") not in origins:
        return [_VARY]
    added = [(b"access-control-allow-origin", origin), _VARY]
    names = sorted({name.lower() for name, _ in answer} - _ALWAYS_READABLE)
    readable = [each for each in names if each != b"vary" and not each.startswith(b"access-control-")]
    return [*added, (b"access-control-expose-headers", b", ".join(readable))] if readable else added


def _tokens(headers: Headers, name: bytes) -> bytes:
    """Return the list in header *name*, without whatever is no token of HTTP."""
    listed = (each.strip() for each in (headers.get(name) or b"").split(b","))
    return b", ".join(each for each in listed if _TOKEN.fullmatch(each) and each != b"*")
