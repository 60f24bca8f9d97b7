"""``thoughtSignature``: Google's seal on reasoning and calls, and a place where a client keeps other vendors' seals.

Facts: ai.google.dev/gemini-api/docs/thought-signatures. The value is base64; Google's SDK refuses anything else.
"""

from __future__ import annotations

import base64

from korproxy.api import chat

FAMILY = "google"
# Stands for a signature that nobody has, such as that of a call which another vendor's model made; Gemini CLI sends it, too.
ANY_SIGNATURE = "skip_thought_signature_validator"
_PLACEHOLDERS = frozenset({ANY_SIGNATURE, "context_engineering_is_the_way_to_go"})
_OURS = "korproxy:"


def signature_of(seal: chat.Seal) -> str:
    """Return what a client of Gemini's format keeps for *seal*: Google's as it came, another one with whose it is."""
    if seal.family == FAMILY:
        return seal.data
    return base64.b64encode(f"{_OURS}{seal.family}:{seal.data}".encode()).decode()


def seal_of(signature: str) -> chat.Seal | None:
    """Return the seal that a client sends back; None for a placeholder."""
    if not signature or signature in _PLACEHOLDERS:
        return None
    if signature.startswith(base64.b64encode(_OURS.encode()).decode()):  # nine bytes: its twelve characters stand alone
        try:
            family, _, data = base64.b64decode(signature).decode().removeprefix(_OURS).partition(":")
        except ValueError:
            return None
        return chat.Seal(family=family, data=data) if family and data else None
    return chat.Seal(family=FAMILY, data=signature)
