"""Log lines: who said it, about which request, and never a secret.

Writing to a terminal or a pipe can block for as long as its reader likes, so a thread does it (``LineWriter``): the Trio thread
only leaves there what is to be said.
"""

from __future__ import annotations

import logging
import os
import re
import select
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache

import attrs
import msgspec

from korproxy.models.clock import timestamp, wall_time
from korproxy.models.correlation import current_correlation
from korproxy.runtime.line_writer import LineWriter, Writable

QUEUE = 10_000  # lines that may wait for a slow reader; more are dropped
FLUSH_SECONDS = 2.0  # how long the end of the program waits for the last lines
ROOT = "korproxy"
_PRINTABLE = bytes(range(0x20, 0x7F))
# All that moves the cursor, colours the screen, or looks like the end of a line; \t and \n are dealt with apart.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


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
            try:
                data = data[os.write(self.number, data) :]
            except BlockingIOError:  # somebody else who has the same terminal or pipe made it so
                select.select([], [self.number], [])

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


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What is known of a line when somebody says it. ``level`` and ``logger`` are names as in ``logging``."""

    created: float  # seconds since the epoch
    level: str
    logger: str
    correlation: str
    text: str


class _Enqueue(logging.Handler):
    """Hands lines to the writing thread, with the correlation id of the task that speaks."""

    def __init__(self, put: Callable[..., None]) -> None:
        super().__init__()
        self._put = put

    def emit_many(self, logger: str, level: str, said: Iterable[tuple[str, str]]) -> None:
        """Do what a record would for each correlation id and text in *said*, for a quarter of the cost.

        Whoever calls it asks first whether the logger has this level, and no other handler or filter.
        """
        now = wall_time()
        entries = [Entry(now, level, logger, correlation, text) for correlation, text in said]
        self.acquire()
        try:
            self._put(*entries)
        finally:
            self.release()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            correlation = getattr(record, "correlation_id", None)
            if correlation is None:
                correlation = record.correlation_id = current_correlation.get()
            # What the arguments are may be another thing by the time the line is written; so the text is made now.
            bare = not (record.exc_info or record.exc_text or record.stack_info)
            text = record.getMessage() if bare else self.format(record)
            self._put(Entry(record.created, record.levelname, record.name, correlation, text))
        except Exception:  # noqa: BLE001 -- whatever it is: who only wanted to log goes on
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the name in logging
        """Say where the line was that could not be made. Not what it was to say: nothing has redacted that."""
        place, why = f"{record.pathname}:{record.lineno}", type(sys.exc_info()[1]).__name__
        self._put(_own(f"a log line could not be made at {place}: {why}"))


def _never(_: str) -> bool:
    return False


@attrs.frozen
class LineFormatter:
    """``2026-11-23T15:00:00.000Z info     gateway   [correlation id] text``, with every secret hidden.

    One entry begins with one time at the start of a line, whatever its text is: further lines are indented, and control
    characters written out, for the text may come from a client.

    Attributes:
        redact: Hides secrets.
        harmless: True of a text only if ``redact`` would leave each part of it as it is.
    """

    redact: Callable[[str], str]
    harmless: Callable[[str], bool] = _never

    def format_all(self, entries: Sequence[Entry]) -> Sequence[str]:
        """Return the lines of *entries*: for less where all of them are harmless and plain, as they nearly always are."""
        texts = [f"[{entry.correlation}] {entry.text}" for entry in entries]
        together = " ".join(texts)
        if together.encode().translate(None, _PRINTABLE) or not self.harmless(together):
            return [self.format(entry) for entry in entries]
        return [
            f"{_begin(entry.created, entry.level, entry.logger)} {text}\n" for entry, text in zip(entries, texts, strict=True)
        ]

    def format(self, entry: Entry) -> str:
        """Return the line with its end, a traceback included."""
        text = self.redact(f"[{entry.correlation}] {entry.text}")
        if not text.isprintable():  # nothing that is printable needs more
            text = _CONTROL.sub(_escaped, text).replace("\n", "\n    ")
        return f"{_begin(entry.created, entry.level, entry.logger)} {text}\n"


@lru_cache(maxsize=8)  # lines of one batch have one time
def _begin(seconds: float, level: str, logger: str) -> str:
    return f"{_time(seconds)} {_head(level, logger)}"


def _time(seconds: float) -> str:
    """Return the same as ``timestamp`` for less."""
    whole = int(seconds)
    millis = round((seconds - whole) * 1e6) // 1000
    return f"{_second(whole)}{millis:03}Z" if 0 <= millis < 1000 else timestamp(seconds)


@lru_cache(maxsize=8)
def _second(whole: int) -> str:
    return timestamp(whole)[: -len("000Z")]


@lru_cache(maxsize=256)
def _head(level: str, logger: str) -> str:
    """Return the level, and the part of KorProxy that a logger is for; somebody else's has its own name."""
    part = "main" if logger == ROOT else logger.removeprefix(f"{ROOT}.")
    return f"{level.lower():8} {part:9}"


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _own(text: str) -> Entry:
    return Entry(wall_time(), "WARNING", f"{ROOT}.runtime", "-", text)


@contextmanager
def logging_to(
    stream: Writable,
    *,
    level: str,
    levels: Mapping[str, str],
    redact: Callable[[str], str],
    harmless: Callable[[str], bool] = _never,
) -> Iterator[Callable[[], bool]]:
    """Write all log lines to *stream* for the block; gives a function that waits until they are written, 2 s at most.

    What libraries and plugins log by loggers of their own goes the same way, from ``warning`` upwards.

    Args:
        level: For everything of KorProxy's.
        levels: For parts: ``{"gateway": "debug"}``.
        redact: Hides secrets; called in the writing thread.
        harmless: See ``LineFormatter``; likewise.
    """
    formatter = LineFormatter(redact, harmless)

    def dropped(count: int) -> str:
        return formatter.format(_own(f"{count} log lines were dropped: their reader was too slow"))

    writer = LineWriter(stream, formatter.format, dropped, QUEUE, formatter.format_all)
    try:
        with _handled_by(_Enqueue(writer.put), _by_logger(level, levels)):
            yield lambda: writer.flush(FLUSH_SECONDS)
    finally:
        writer.close(FLUSH_SECONDS)


def set_levels(level: str, levels: Mapping[str, str]) -> None:
    """Have *level* hold for everything of KorProxy's from now on, but for the parts that *levels* names."""
    wanted = _by_logger(level, levels)
    for name in {*_parts_with_a_level(), *wanted}:
        logging.getLogger(name).setLevel(wanted.get(name, "notset").upper())


def _by_logger(level: str, levels: Mapping[str, str]) -> dict[str, str]:
    return {ROOT: level, **{f"{ROOT}.{part}": each for part, each in levels.items()}}


def _parts_with_a_level() -> list[str]:
    known = list(logging.root.manager.loggerDict.items())
    ours = [(name, each) for name, each in known if name.startswith(f"{ROOT}.")]
    return [name for name, each in ours if isinstance(each, logging.Logger) and each.level != logging.NOTSET]


@contextmanager
def _handled_by(handler: logging.Handler, levels: Mapping[str, str]) -> Iterator[None]:
    """Give KorProxy's loggers these *levels*, and *handler* to them and all others; undone at the end."""
    ours, everybody = logging.getLogger(ROOT), logging.getLogger()
    before = {name: logging.getLogger(name).level for name in (ROOT, *_parts_with_a_level())}
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
        for name in {*before, *_parts_with_a_level()}:
            logging.getLogger(name).setLevel(before.get(name, logging.NOTSET))
