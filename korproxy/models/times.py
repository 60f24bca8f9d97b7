"""Times as people write them: how long ago, or when. Pure."""

from __future__ import annotations

import math
import re
from datetime import datetime

UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
MOMENT = 1e9  # a bare number from here on is a moment, seconds since the epoch: nobody means 31 years
HOW = 'Write how long ago, such as "90s", "10m", "24h", "7d" or "1h30m", or when, such as "2026-11-29T12:00"'
_PART = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
_SPAN = re.compile(rf"(?:{_PART}(?:min|[smhdw]))+")
_PARTS = re.compile(rf"({_PART})(min|[smhdw])")
_NUMBER = re.compile(_PART)


def span(text: str) -> float | None:
    """Return how many seconds ``1h30m``, ``7d`` or ``3600`` are; None where *text* is no such thing."""
    text = text.strip().lower()
    if _NUMBER.fullmatch(text):
        return float(text)
    if not _SPAN.fullmatch(text.replace(" ", "")):
        return None
    return sum(float(number) * UNITS[unit] for number, unit in _PARTS.findall(text.replace(" ", "")))


def moment(text: str, now: float) -> float:
    """Return the time, in seconds since the epoch, from which on something is wanted: *text* says when, or how long ago.

    A time without a zone is local time. Never before the epoch, and never after *now*.

    Raises:
        ValueError: *text* is neither; with words for people, which do not repeat it.
    """
    seconds = span(text)
    if seconds is not None:
        found = seconds if seconds >= MOMENT and _NUMBER.fullmatch(text.strip()) else now - seconds
    else:
        found = _when(text.strip())
    return min(max(found, 0.0), now)


def _when(text: str) -> float:
    try:
        found = datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(HOW) from None
    if not math.isfinite(found):
        raise ValueError(HOW)
    return found
