"""What ends the process when nothing else does.

A thread, not a task: a plugin that never gives the Trio thread back would hold up any task, this one included.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from korproxy.runtime.exit_codes import Exit

EXTRA = 3.0  # seconds beyond the grace

log = logging.getLogger("korproxy.runtime")


class LastResort:
    """Ends the process hard, *seconds* after it was armed. Disarm it once everything is closed."""

    def __init__(self, seconds: float, flush: Callable[[], object], end: Callable[[int], object] = os._exit) -> None:
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True
        self._seconds, self._flush, self._end = seconds, flush, end

    def arm(self) -> None:
        """Start to count."""
        self._timer.start()

    def disarm(self) -> None:
        """Everything ended by itself."""
        self._timer.cancel()

    def _fire(self) -> None:
        log.critical("KP-SYS-514: still not stopped after %g s; the process ends itself now", self._seconds)
        try:
            self._flush()
        finally:
            self._end(Exit.STUCK)


@contextmanager
def last_resort(grace: float, flush: Callable[[], object], *, enabled: bool = True) -> Iterator[LastResort | None]:
    """Give the block something to arm when a stop is asked for; disarmed at its end."""
    resort = LastResort(grace + EXTRA, flush) if enabled else None
    try:
        yield resort
    finally:
        if resort is not None:
            resort.disarm()
