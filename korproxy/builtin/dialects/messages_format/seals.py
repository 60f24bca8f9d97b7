"""Whose reasoning a signature seals.

Clients of this format send ``signature`` back as they got it. So what another vendor sealed travels in it, tagged with whose it
is: ``korproxy:google:...``. Anthropic never sees such a one, because reasoning goes back to its own family only.
"""

from __future__ import annotations

from korproxy.api import chat

FAMILY = "anthropic"
TAG = "korproxy:"


def seal_of(signature: str) -> chat.Seal | None:
    """Return what *signature* says; None where it is empty, which means that nobody sealed it."""
    if not signature.startswith(TAG):
        return chat.Seal(family=FAMILY, data=signature) if signature else None
    family, _, data = signature[len(TAG) :].partition(":")
    return chat.Seal(family=family, data=data) if family and data else None


def signature_of(seal: chat.Seal | None) -> str:
    """Return *seal* as a signature; SDKs demand that there is one, so for None it is empty."""
    if seal is None:
        return ""
    return seal.data if seal.family == FAMILY else f"{TAG}{seal.family}:{seal.data}"
