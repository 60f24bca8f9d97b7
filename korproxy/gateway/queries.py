"""What of a client's query goes on to the provider. Pure."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes


def without_credentials(query: bytes) -> bytes:
    """Return *query* without its ``key`` parts, in which Google's clients put a credential; every other byte stays."""
    if b"=" not in query:
        return query
    return b"&".join(part for part in query.split(b"&") if not _is_key(part))


def _is_key(part: bytes) -> bool:
    """Whether the guard may have taken *part* for a key; the name counts with escapes in it, too (``k%65y=``)."""
    name, equals, _ = part.partition(b"=")
    return bool(equals) and unquote_to_bytes(name) == b"key"
