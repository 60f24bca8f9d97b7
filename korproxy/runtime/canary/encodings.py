"""The ways in which a text may be written: those in which secrets are planted, and all that are undone to find them. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote


def _base64(text: str, before: str = "") -> str:
    return base64.b64encode((before + text).encode()).decode()


def _percent(text: str) -> str:
    return "".join(f"%{each:02X}" for each in text.encode())


def _escaped(text: str) -> str:
    return "".join(rf"\u{ord(each):04x}" for each in text)


def _html(text: str) -> str:
    return "".join(f"&#{ord(each)};" for each in text)


ENCODINGS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "base64": _base64,
    "base64, one byte on": lambda text: _base64(text, "."),
    "base64, two bytes on": lambda text: _base64(text, ".."),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "address": lambda text: quote(text, safe=""),
    "address, every character": _percent,
    "address, twice": lambda text: quote(_percent(text), safe=""),
    "JSON string": lambda text: json.dumps(text)[1:-1],
    "JSON escapes": _escaped,
    "HTML": _html,
}

# One character of a text in which each is written by its number. What is escaped twice, is undone at once.
_NUMBERED = re.compile(
    rb"(?:%(?:25)*|\\+u00|\\+x)([0-9A-Fa-f]{2})|&(?:amp;)*#(?:([0-9]{1,3})|[xX]0*([0-9A-Fa-f]{1,2}));",
)
_HEX = re.compile(rb"[0-9A-Fa-f]{16,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{15,}")
_STANDARD = bytes.maketrans(b"-_", b"+/")


def readings(text: bytes, *, depth: int = 2) -> Iterator[tuple[bytes, str]]:
    """Yield everything that *text* may say, and how that is written in it: first *text* itself.

    Args:
        depth: How often what was read so is read in the same way once more: base64 may stand in base64.
    """
    yield text, "plain"
    yield text[::-1], "reversed"
    if not depth:
        return
    for found, how in _undone(text):
        for inner, further in readings(found, depth=depth - 1):
            yield inner, how if further == "plain" else f"{further} in {how}"


def _undone(text: bytes) -> Iterator[tuple[bytes, str]]:
    numbered = _NUMBERED.sub(_character, text)
    if numbered != text:
        yield numbered, "character by character"
    for run in _HEX.findall(text):
        for start in (0, 1):
            yield bytes.fromhex(run[start : start + (len(run) - start) // 2 * 2].decode()), "hex"
    for run in _BASE64.findall(text):
        standard = run.translate(_STANDARD)
        for start in range(4):  # nobody knows where it begins, if letters stand before it
            part = standard[start:]
            yield base64.b64decode(part + b"A" * (-len(part) % 4)), "base64"  # what the end lacks is made up


def _character(found: re.Match[bytes]) -> bytes:
    if found[2] is not None:
        return bytes((min(int(found[2]), 255),))
    return bytes((int(found[1] or found[3], 16),))
