"""Log lines: who said it, about which request, and never a secret.

Writing to a terminal or a pipe can block for as long as its reader likes, so a thread does it: the Trio thread only puts lines
into a bounded queue.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import queue
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import attrs

from korproxy.models.clock import timestamp
from korproxy.models.correlation import current_correlation

QUEUE = 10_000  # lines that may wait for a slow reader; more are dropped
FLUSH_SECONDS = 2.0  # how long the end of the program waits for the last lines
ROOT = "korproxy"
# All that moves the cursor, colours the screen, or looks like the end of a line; \t and \n are dealt with apart.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Writable(Protocol):
    """Where lines go: ``sys.stderr``, or whatever has its two methods."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


@attrs.frozen
class Descriptor:
    """Text straight into a file descriptor.

    ``sys.stderr`` has a buffer with a lock. A thread that hangs in a write holds it, and Python, which wants to flush the
    buffer at its end, then aborts the whole process.
    """

    number: int
    encoding: str = "utf-8"

    def write(self, text: str, /) -> None:
        """Write all of *text*, however long that takes."""
        data = text.encode(self.encoding, "backslashreplace")
        while data:
            data = data[os.write(self.number, data) :]

    def flush(self) -> None:
        """Nothing is ever held back."""


def standard_error() -> Writable:
    """Return the place for log lines: the standard error without its buffer, or what stands in for it."""
    stream = sys.stderr
    if stream is None:  # started with a closed one
        return Descriptor(os.open(os.devnull, os.O_WRONLY))
    try:
        return Descriptor(stream.fileno(), stream.encoding or "utf-8")
    except (OSError, ValueError, AttributeError):
        return stream


class _Enqueue(logging.handlers.QueueHandler):
    """Hands lines to the writing thread, with the correlation id of the task that speaks."""

    def __init__(self, lines: queue.Queue[logging.LogRecord]) -> None:
        super().__init__(lines)
        self._dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return a copy of *record* whose text is made: what it was made of may change, or hold on to much.

        As ``QueueHandler`` does it, but without ``copy``, which costs each line more than all the rest.
        """
        if not hasattr(record, "correlation_id"):
            record.correlation_id = current_correlation.get()
        line = logging.LogRecord.__new__(logging.LogRecord)
        line.__dict__.update(record.__dict__)
        line.message = line.msg = self.format(record)
        line.args = line.exc_info = line.exc_text = line.stack_info = None
        return line

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self._dropped += 1

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the name in logging
        """Say where the line was that could not be made. Not what it was to say: nothing has redacted that."""
        place, why = f"{record.pathname}:{record.lineno}", type(sys.exc_info()[1]).__name__
        self.enqueue(_own_line(f"a log line could not be made at {place}: {why}"))

    def take_dropped(self) -> int:
        """Return how many lines were dropped since the last time."""
        self.acquire()  # the lock that is held while a line is enqueued
        try:
            dropped, self._dropped = self._dropped, 0
        finally:
            self.release()
        return dropped


class _NoLock:
    """Looks like a lock. None would do until Python 3.12."""

    def acquire(self) -> None: ...
    def release(self) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


class _Writer(logging.StreamHandler[Writable]):
    """Writes lines, and where some are missing before one, how many."""

    def __init__(self, stream: Writable, enqueue: _Enqueue, formatter: logging.Formatter) -> None:
        super().__init__(stream)
        self.setFormatter(formatter)
        self._enqueue = enqueue

    def createLock(self) -> None:  # noqa: N802
        """One that never locks: only one thread writes, and Python would wait at its end for the lock of one that hangs."""
        self.lock = _NoLock()  # type: ignore[assignment]  # what a lock can do is all that is asked of it

    def emit(self, record: logging.LogRecord) -> None:
        self.tell_dropped()
        super().emit(record)

    def tell_dropped(self) -> None:
        if dropped := self._enqueue.take_dropped():
            super().emit(_own_line(f"{dropped} log lines were dropped: their reader was too slow"))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Nothing: the reader is gone, and there is nobody else to tell."""


class LineFormatter(logging.Formatter):
    """``2026-11-23T15:00:00.000Z info     gateway   [correlation id] text``, with every secret hidden.

    One entry begins with one time at the start of a line, whatever its text is: further lines are indented, and control
    characters written out, for the text may come from a client.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, a traceback included."""
        text = self._redact(f"[{getattr(record, 'correlation_id', '-')}] {super().format(record)}")
        text = _CONTROL.sub(_escaped, text).replace("\n", "\n    ")
        return f"{timestamp(record.created)} {record.levelname.lower():8} {_part(record.name):9} {text}"


def _part(name: str) -> str:
    """Return the part of KorProxy that a logger is for; somebody else's has its own name."""
    return "main" if name == ROOT else name.removeprefix(f"{ROOT}.")


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _own_line(text: str) -> logging.LogRecord:
    return logging.LogRecord(f"{ROOT}.runtime", logging.WARNING, __file__, 0, text, None, None)


@contextmanager
def logging_to(
    stream: Writable, *, level: str, levels: Mapping[str, str], redact: Callable[[str], str]
) -> Iterator[Callable[[], bool]]:
    """Write all log lines to *stream* for the block; gives a function that waits until they are written, 2 s at most.

    What libraries and plugins log by loggers of their own goes the same way, from ``warning`` upwards.

    Args:
        level: For everything of KorProxy's.
        levels: For parts: ``{"gateway": "debug"}``.
        redact: Hides secrets; called in the writing thread.
    """
    lines: queue.Queue[logging.LogRecord] = queue.Queue(QUEUE)
    enqueue = _Enqueue(lines)
    writer = _Writer(stream, enqueue, LineFormatter(redact))
    listener = logging.handlers.QueueListener(lines, writer)
    listener.start()
    try:
        with _handled_by(enqueue, {ROOT: level, **{f"{ROOT}.{part}": each for part, each in levels.items()}}):
            yield lambda: _written(lines)
    finally:
        if _written(lines):  # else its thread hangs in a write, and would hang us too; it is a daemon thread
            listener.stop()
            writer.tell_dropped()


@contextmanager
def _handled_by(handler: logging.Handler, levels: Mapping[str, str]) -> Iterator[None]:
    """Give KorProxy's loggers these *levels*, and *handler* to them and all others; undone at the end."""
    ours, everybody = logging.getLogger(ROOT), logging.getLogger()
    before = {name: logging.getLogger(name).level for name in levels}
    propagated = ours.propagate
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level.upper())
    ours.propagate = False  # each line once
    for logger in (ours, everybody):
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in (ours, everybody):
            logger.removeHandler(handler)
        ours.propagate = propagated
        for name, old in before.items():
            logging.getLogger(name).setLevel(old)


def _written(lines: queue.Queue[logging.LogRecord]) -> bool:
    """Wait until all *lines* are written, 2 s at most; whether they are."""
    with lines.all_tasks_done:
        return lines.all_tasks_done.wait_for(lambda: not lines.unfinished_tasks, timeout=FLUSH_SECONDS)
