"""The wall clock, in one place. Durations and deadlines never use it: they come from ``trio.current_time()``."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def wall_time() -> float:
    """Return seconds since the epoch."""
    return time.time()


def timestamp(seconds: float) -> str:
    """Write *seconds* since the epoch as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
