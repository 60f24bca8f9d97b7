"""The wall clock, in one place. Durations and deadlines never use it: they come from ``trio.current_time()``."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

FIRST, LAST = -62135596800.0, 253402300799.0  # the years 1 to 9999: RFC 3339 can write no others


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
    """Write *seconds* since the epoch as RFC 3339 in UTC with milliseconds; what is beyond that, as the nearest."""
    return datetime.fromtimestamp(min(max(seconds, FIRST), LAST), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
