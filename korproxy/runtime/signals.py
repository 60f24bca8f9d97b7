"""SIGTERM and Ctrl-C. Hypercorn installs no handlers of its own, and Trio's KeyboardInterrupt may land anywhere."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable

import trio

log = logging.getLogger("korproxy.runtime")


async def watch_signals(
    stop: trio.Event, abandon: Callable[[], None], *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Set *stop* at the first SIGINT or SIGTERM, call *abandon* at the second. Started means: signals are handled here."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            if stop.is_set():
                log.warning("%s again: whatever still runs is cut off", signal.Signals(number).name)
                abandon()
            else:
                log.info("%s: running answers may end, then KorProxy stops", signal.Signals(number).name)
                stop.set()
