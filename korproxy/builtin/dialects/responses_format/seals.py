"""Whose reasoning an ``encrypted_content`` seals.

Clients of this format send reasoning items back as they got them. So what another vendor sealed travels in them, tagged with
whose it is: ``korproxy:anthropic:...``; where the seal is all that its vendor shows (Messages ``redacted_thinking``), with
``korproxy:redacted:anthropic:...``, because it goes back to another place. OpenAI never sees such a one, because reasoning goes
back to its own family only.
"""

from __future__ import annotations

from korproxy.api import chat

FAMILY = "openai"
TAG = "korproxy:"
REDACTED = f"{TAG}redacted:"


def seal_of(encrypted_content: str) -> chat.Seal | None:
    """Return what *encrypted_content* of a client says; None where it is empty, which means that nobody sealed it."""
    if not encrypted_content.startswith(TAG):
        return sealed(encrypted_content)
    tag = REDACTED if is_redacted(encrypted_content) else TAG
    family, _, data = encrypted_content[len(tag) :].partition(":")
    return chat.Seal(family=family, data=data) if family and data else None


def is_redacted(encrypted_content: str) -> bool:
    """Whether it says that the seal is all there is (``Reasoning.redacted``)."""
    return encrypted_content.startswith(REDACTED)


def sealed(encrypted_content: object) -> chat.Seal | None:
    """Return a provider's own *encrypted_content*, whatever it says, as a seal; None where there is none."""
    if isinstance(encrypted_content, str) and encrypted_content:
        return chat.Seal(family=FAMILY, data=encrypted_content)
    return None


def encrypted_of(seal: chat.Seal, *, redacted: bool = False) -> str:
    """Return *seal* as an ``encrypted_content``; *redacted*: it is all there is."""
    if seal.family == FAMILY:
        return seal.data
    return f"{REDACTED if redacted else TAG}{seal.family}:{seal.data}"
