"""Log lines: who said it, about which request, and never a secret.

Writing to a terminal or a pipe can block for as long as its reader likes, so a thread does it (``LineWriter``): the Trio thread
only leaves there what is to be said.
"""

from __future__ import annotations

import logging
import os
import select
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import attrs

from korproxy.models.clock import wall_time
from korproxy.models.correlation import current_correlation
from korproxy.runtime.line_writer import Writable
from korproxy.runtime.log_book import LogBook
from korproxy.runtime.log_file import LogFile
from korproxy.runtime.log_json import ROOT, Entry
from korproxy.runtime.log_pages import Pages, own
from korproxy.runtime.log_text import LineFormatter, never

ONLY_A_LEVEL = "korproxy_only_a_level"  # the mark of loggers that are there because somebody gave them a level


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


class _Enqueue(logging.Handler):
    """Hands lines to the writing thread, with the correlation id of the task that speaks."""

    def __init__(self, put: Callable[..., None]) -> None:
        super().__init__()
        self._put = put

    def emit_many(self, logger: str, level: str, said: Iterable[tuple[str, str, str | None]]) -> None:
        """Do what a record would for each correlation id and text in *said*, for a quarter of the cost.

        Whoever calls it asks first whether the logger has this level, and no other handler or filter.

        Args:
            said: What comes third is as in ``Entry.others``.
        """
        now = wall_time()
        entries = [Entry(now, level, logger, correlation, text, others) for correlation, text, others in said]
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
        self._put(own(f"a log line could not be made at {place}: {why}"))


@contextmanager
def logging_to(
    stream: Writable,
    *,
    level: str,
    levels: Mapping[str, str],
    redact: Callable[[str], str],
    harmless: Callable[[str], bool] = never,
    file: LogFile | None = None,
) -> Iterator[LogBook]:
    """Write all log lines to *stream* for the block, and to *file*; give what can tell of them.

    What libraries and plugins log by loggers of their own goes the same way, from ``warning`` upwards.

    Args:
        level: For everything of KorProxy's.
        levels: For parts: ``{"gateway": "debug"}``.
        redact: Hides secrets; called in the writing thread.
        harmless: See ``LineFormatter``; likewise.
    """
    pages = Pages(LineFormatter(redact, harmless), stream, file)
    try:
        with _handled_by(_Enqueue(pages.writer.put), _by_logger(level, levels)):
            yield pages.book
    finally:
        pages.close()


def levels() -> tuple[str, dict[str, str]]:
    """Return the level that holds for everything of KorProxy's, and those of parts."""
    held = {name.removeprefix(f"{ROOT}."): _name(logging.getLogger(name)) for name in _parts_with_a_level()}
    return _name(logging.getLogger(ROOT)), dict(sorted(held.items()))


def parts() -> list[str]:
    """Return the parts of KorProxy that have said something, or may; not what only got a level, which need not be one."""
    known = list(logging.root.manager.loggerDict.items())
    ours = [(name, each) for name, each in known if isinstance(each, logging.Logger) and name.startswith(f"{ROOT}.")]
    names = [name for name, each in ours if not hasattr(each, ONLY_A_LEVEL)]
    return sorted(name.removeprefix(f"{ROOT}.") for name in names)


def _name(logger: logging.Logger) -> str:
    return logging.getLevelName(logger.level).lower()


def set_levels(level: str, of_parts: Mapping[str, str]) -> None:
    """Have *level* hold for everything of KorProxy's from now on, but for the parts that *of_parts* names."""
    wanted = _by_logger(level, of_parts)
    known = {ROOT, *(f"{ROOT}.{part}" for part in parts())}
    for name in {*_parts_with_a_level(), *wanted}:
        logger = logging.getLogger(name)
        logger.setLevel(wanted.get(name, "notset").upper())
        if name not in known:
            setattr(logger, ONLY_A_LEVEL, True)


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
