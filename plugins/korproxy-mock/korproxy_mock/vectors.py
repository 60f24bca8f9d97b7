"""Vectors made of a text's digest: the same for the same text, another for any other. Pure."""

from hashlib import sha256


def digested(text: str, size: int) -> list[float]:
    """Return *size* numbers of -1 to 1."""
    seed = text.encode("utf-8", "replace")
    blocks = b"".join(sha256(b"%d " % at + seed).digest() for at in range(-(-size // 32)))
    return [(byte - 128) / 128 for byte in blocks[:size]]
