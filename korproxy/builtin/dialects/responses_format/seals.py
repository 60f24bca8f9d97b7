"""Whose reasoning an ``encrypted_content`` seals.

Clients of this format send reasoning items back as they got them. So what another vendor sealed travels in them, tagged with
whose it is: ``korproxy:anthropic:...``. OpenAI never sees such a one, because reasoning goes back to its own family only.
"""

from __future__ import annotations

from korproxy.api import chat

FAMILY = "openai"
TAG = "korproxy:"


def seal_of(encrypted_content: str) -> chat.Seal | None:
    """Return what *encrypted_content* of a client says; None where it is empty, which means that nobody sealed it."""
    if not encrypted_content.startswith(TAG):
        return sealed(encrypted_content)
    family, _, data = encrypted_content[len(TAG) :].partition(":")
    return chat.Seal(family=family, data=data) if family and data else None


def sealed(encrypted_content: object) -> chat.Seal | None:
    """Return a provider's own *encrypted_content*, whatever it says, as a seal; None where there is none."""
    if isinstance(encrypted_content, str) and encrypted_content:
        return chat.Seal(family=FAMILY, data=encrypted_content)
    return None


def encrypted_of(seal: chat.Seal | None) -> str | None:
    """Return *seal* as an ``encrypted_content``; None where there is none."""
    if seal is None:
        return None
    return seal.data if seal.family == FAMILY else f"{TAG}{seal.family}:{seal.data}"
