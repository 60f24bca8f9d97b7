"""The wall clock, in one place. Durations and deadlines never use it: they come from ``trio.current_time()``."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


def wall_time() -> float:
    """Return seconds since the epoch."""
    return time.time()


def ticking() -> Callable[[], float]:
    """Return what ``trio.current_time`` asks in this run of Trio, for who asks often: a third of the price.

    Outside of one it is ``trio.current_time`` itself.
    """
    import trio  # whoever has only a wall clock to look at does without

    try:
        return trio.lowlevel.current_clock().current_time
    except RuntimeError:
        return trio.current_time


def timestamp(seconds: float) -> str:
    """Write *seconds* since the epoch as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
