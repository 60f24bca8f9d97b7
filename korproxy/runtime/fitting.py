"""Make what is told fit: long things are cut, and it is said where and how much. Pure."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import attrs

# Characters of a text and entries of a list: tried in turn.
SIZES = ((20_000, 2000), (4000, 400), (1000, 100), (400, 100), (200, 25), (60, 8))
DEEPEST = 60  # levels; more cannot be written as JSON by everybody, and nobody reads them
LEFT_OUT = "left out"


@attrs.define
class _Cutter:
    """Cuts with one pair of bounds.

    Attributes:
        cut: What was cut, and how.
    """

    text: int
    entries: int
    cut: list[str] = attrs.field(factory=list)

    def value(self, value: Any, at: str, depth: int = 0) -> Any:
        if isinstance(value, str):
            return self._text(value, at)
        if not isinstance(value, Mapping | list):
            return value
        if depth >= DEEPEST:
            self.cut.append(f"{at}: nested too deeply")
            return LEFT_OUT
        if isinstance(value, Mapping):
            kept = list(value.items())[: self.entries]
            self._say(len(value) - len(kept), "entries", at)
            return {self._text(name, at): self.value(each, f"{at}.{name[:40]}", depth + 1) for name, each in kept}
        self._say(len(value) - self.entries, "entries", at)
        return [self.value(each, f"{at}[{number}]", depth + 1) for number, each in enumerate(value[: self.entries])]

    def _text(self, text: str, at: str) -> str:
        more = len(text) - self.text
        self._say(more, "characters", at)
        return text if more <= 0 else f"{text[: self.text]}... ({more} characters more)"

    def _say(self, more: int, what: str, at: str) -> None:
        if more > 0:
            self.cut.append(f"{at}: {more} {what} left out")


def size(value: object) -> int:
    """Return how many bytes *value* takes as JSON."""
    return len(json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace"))


def fitted(value: Any, room: int, at: str) -> tuple[Any, list[str]]:
    """Return as much of *value*, which is in JSON's own types, as goes into *room* bytes of JSON, and what was cut.

    Of lists the first entries stay. Where nothing helps, ``None`` is left.

    Args:
        at: What it is called where it is said what was cut.
    """
    for text, entries in ((sys.maxsize, sys.maxsize), *SIZES):
        cutter = _Cutter(text, entries)
        kept = cutter.value(value, at)
        if size(kept) <= room:
            return kept, shortened(cutter.cut)
    return None, [f"{at}: all of it left out, it takes more than {room} bytes"]


def shortened(lines: list[str], most: int = 20) -> list[str]:
    """Return *lines*, and in place of those beyond *most* how many there are."""
    return lines if len(lines) <= most else [*lines[:most], f"and {len(lines) - most} more places"]
