"""Numbers in three digits or so, for people. Of what the daemon says, which may be older or newer than this."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def part(found: object, name: str) -> Mapping[str, Any]:
    """Return the object *name* in *found*; an empty one where there is none."""
    inside = found.get(name) if isinstance(found, Mapping) else None
    return inside if isinstance(inside, Mapping) else {}


def number(said: object) -> float:
    """Return what was *said*; 0 where it is no number."""
    return said if isinstance(said, int | float) and math.isfinite(said) else 0


def took(seconds: object) -> str:
    """Write a duration: ``1.24 s``; ``-`` where there is none."""
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return "-"
    if seconds < 0.9995:
        return f"{_digits(seconds * 1000)} ms"
    return f"{_digits(seconds)} s" if seconds < 119.5 else f"{_digits(seconds / 60)} min"


def amount(count: object) -> str:
    """Write a number of tokens or bytes: ``1.24 M``."""
    many = number(count)
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if many >= size * 0.9995:
            return f"{_digits(many / size)}{unit}"
    return f"{many:.0f}"


def _digits(value: float) -> str:
    """Return three digits of *value*, all before the point."""
    return f"{value:.0f}" if value >= 99.95 else f"{value:.3g}"
