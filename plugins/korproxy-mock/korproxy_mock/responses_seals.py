"""Encrypted content: the mock knows its own again, as OpenAI does, and refuses it elsewhere. Pure.

OpenAI binds it to the organisation and the model (openai/codex issues 8119 and 35334). The mock binds it to the API key and
the model's family, and can tell without remembering anything: a seal is a digest of both and of the text, and the text.
"""

import base64
import binascii
from hashlib import sha256

_HEAD = b"\x80" + bytes(8)  # so that it begins like OpenAI's: gAAAAA
_DIGEST = 32


def family(model: str) -> str:
    """Return what models share that can read each other's content: the name up to its second ``-``, as ``gpt-6``."""
    return "-".join(model.rpartition("/")[2].split("-")[:2])


def seal_for(key: str, model: str, text: str) -> str:
    """Seal *text* for the account of *key* and the family of *model*; the same three give the same seal."""
    plain = text.encode("utf-8", "replace")
    return base64.urlsafe_b64encode(_HEAD + _digest(key, model, plain) + plain).decode()


def unsealed(seal: str, key: str, model: str) -> str | None:
    """Return what *seal* holds; None: it was made for another account or family, or not by the mock."""
    try:
        data = base64.b64decode(seal.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    head, digest, plain = data[: len(_HEAD)], data[len(_HEAD) : len(_HEAD) + _DIGEST], data[len(_HEAD) + _DIGEST :]
    return plain.decode() if head == _HEAD and digest == _digest(key, model, plain) else None


def shown(seal: str) -> str:
    """Show a seal as OpenAI's errors do: its ends only."""
    return f"{seal[:4]}...{seal[-4:]}"


def _digest(key: str, model: str, plain: bytes) -> bytes:
    bound = f"korproxy-mock\0{key}\0{family(model)}\0".encode("utf-8", "replace")
    return sha256(bound + plain).digest()
