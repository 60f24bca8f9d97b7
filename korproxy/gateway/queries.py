"""What of a client's query goes on to the provider. Pure."""

from __future__ import annotations


def without_credentials(query: bytes) -> bytes:
    """Return *query* without its ``key`` parts, in which Google's clients put a credential; every other byte stays."""
    if b"key=" not in query:
        return query
    return b"&".join(part for part in query.split(b"&") if not part.startswith(b"key="))
