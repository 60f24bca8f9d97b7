"""Signals become events: Trio's KeyboardInterrupt may land anywhere."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import trio

STOPS = (signal.SIGINT, signal.SIGTERM)
RELOADS = () if sys.platform == "win32" else (signal.SIGHUP,)

log = logging.getLogger("korproxy.runtime")


def _nothing() -> None: ...


def _unheard(reason: str) -> None:
    del reason


def has_terminal() -> bool:
    """Whether this process has a controlling terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


async def watch_signals(
    stop: trio.Event,
    abandon: Callable[[], None],
    *,
    at_once: Callable[[], None] = _nothing,
    reload: Callable[[str], None] = _unheard,
    terminal: Callable[[], bool] = has_terminal,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Set *stop* at the first SIGINT or SIGTERM, call *abandon* at each further one. Started means: signals are handled here.

    SIGHUP means two things. Where the terminal that KorProxy was started in has gone, it is a stop, lest a daemon that nobody
    sees keeps the port. Else it asks daemons to read their configuration again.

    Args:
        at_once: Called at each SIGINT and SIGTERM, within the signal handler: also where a plugin holds up the Trio thread, so
            that no task ever comes to read the signal.
        reload: Called with the reason at each such SIGHUP; it must not wait.
        terminal: Whether there is a controlling terminal now.
    """
    had_terminal = terminal()
    with trio.open_signal_receiver(*STOPS, *RELOADS) as signals, _called_first(at_once):
        task_status.started()
        async for number in signals:
            name = signal.Signals(number).name
            if number in RELOADS and not (had_terminal and not terminal()):
                reload(name)
            elif stop.is_set():
                log.warning("%s again: whatever still runs is cut off", name)
                abandon()
            else:
                log.info("%s: running answers may end, then KorProxy stops", name)
                stop.set()


@contextmanager
def _called_first(then: Callable[[], None]) -> Iterator[None]:
    """Have the handlers of STOPS call *then* before they do what they do."""
    before = {number: signal.getsignal(number) for number in STOPS}

    def handle(number: int, frame: FrameType | None) -> None:
        then()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in STOPS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
