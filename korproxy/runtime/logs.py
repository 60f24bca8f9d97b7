"""Log lines: who said it, about which request, and never a secret.

Writing to a terminal or a pipe can block for as long as its reader likes, so a thread does it: the Trio thread only puts lines
into a bounded queue.
"""

from __future__ import annotations

import logging
import logging.handlers
import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from korproxy.models.clock import timestamp
from korproxy.models.correlation import current_correlation

QUEUE = 10_000  # lines that may wait for a slow reader; more are dropped
FLUSH_SECONDS = 2.0  # how long the end of the program waits for the last lines
ROOT = "korproxy"


class _Enqueue(logging.handlers.QueueHandler):
    """Hands lines to the writing thread, with the correlation id of the task that speaks."""

    dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        if not hasattr(record, "correlation_id"):
            record.correlation_id = current_correlation.get()
        return super().prepare(record)  # type: ignore[no-any-return]

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


class LineFormatter(logging.Formatter):
    """``2026-11-23T15:00:00.000Z info  gateway  [correlation id] text``, with every secret hidden."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, a traceback included."""
        part = record.name.removeprefix(ROOT).strip(".") or "main"
        text = super().format(record)
        correlation = getattr(record, "correlation_id", "-")
        level = record.levelname.lower()
        return self._redact(f"{timestamp(record.created)} {level:8} {part:9} [{correlation}] {text}")


@contextmanager
def logging_to(
    stream: TextIO, *, level: str, levels: Mapping[str, str], redact: Callable[[str], str]
) -> Iterator[Callable[[], bool]]:
    """Write KorProxy's log lines to *stream* for the block; gives a function that waits until all are written.

    Args:
        level: For everything.
        levels: For parts: ``{"gateway": "debug"}``.
    """
    lines: queue.Queue[logging.LogRecord] = queue.Queue(QUEUE)
    enqueue = _Enqueue(lines)
    writer = logging.StreamHandler(stream)
    writer.setFormatter(LineFormatter(redact))
    listener = logging.handlers.QueueListener(lines, writer)
    root = logging.getLogger(ROOT)
    before = {root: root.level}
    root.setLevel(level.upper())
    for part, part_level in levels.items():
        logger = logging.getLogger(f"{ROOT}.{part}")
        before[logger] = logger.level
        logger.setLevel(part_level.upper())
    root.addHandler(enqueue)
    root.propagate = False
    listener.start()
    try:
        yield lambda: _written(lines)
    finally:
        root.removeHandler(enqueue)
        root.propagate = True
        for logger, old in before.items():
            logger.setLevel(old)
        if _written(lines):  # else its thread hangs in a write, and would hang us too; it is a daemon thread
            listener.stop()
            if enqueue.dropped:
                stream.write(f"{enqueue.dropped} log lines were dropped: their reader was too slow\n")


def _written(lines: queue.Queue[logging.LogRecord]) -> bool:
    """Wait until all *lines* are written, 2 s at most; whether they are."""
    with lines.all_tasks_done:
        return lines.all_tasks_done.wait_for(lambda: not lines.unfinished_tasks, timeout=FLUSH_SECONDS)
