"""What ends the process when nothing else does.

A thread, not a task: a plugin that never gives the Trio thread back would hold up any task, this one included.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from korproxy.runtime.exit_codes import Exit

EXTRA = 8.0  # seconds beyond the grace: 5 that the sinks may take, and 3 for all the rest

log = logging.getLogger("korproxy.runtime")


class LastResort:
    """Ends the process hard, *seconds* after it was armed. Disarm it once everything is closed.

    Both may be called more than once, from any thread and from a signal handler: its thread runs from the beginning, and
    nothing here takes a lock that the interrupted code could hold.

    Args:
        flush: Called before the end, in the thread.
        end: Ends the process; gets the exit code.
    """

    def __init__(self, seconds: float, flush: Callable[[], object], end: Callable[[int], object] = os._exit) -> None:
        self._told: SimpleQueue[bool] = SimpleQueue()
        self._seconds, self._flush, self._end = seconds, flush, end
        self._thread = threading.Thread(target=self._watch, name="korproxy last resort", daemon=True)
        self._thread.start()

    def arm(self) -> None:
        """Start to count. Once more changes nothing."""
        self._told.put(True)

    def disarm(self) -> None:
        """Everything ended by itself. The thread ends, and there is no arming it again."""
        self._told.put(False)

    def _watch(self) -> None:
        armed = self._told.get()
        end = time.monotonic() + self._seconds
        while armed:
            try:
                armed = self._told.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                self._fire()
                return

    def _fire(self) -> None:
        try:
            log.critical("KP-SYS-514: still not stopped after %g s; the process ends itself now", self._seconds)
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
