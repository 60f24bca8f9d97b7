"""What plugins say on the standard error while they are loaded, before anybody has said where log lines go."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def overheard(hide: Callable[[str], str]) -> Iterator[None]:
    """Have *hide* see all that is written to the standard error in the block, and all log lines later that no handler takes.

    Nothing is imported for that: `korproxy --help` goes through here, too.
    """
    if "logging" in sys.modules:
        _last_resort(hide)
        yield
        return
    before, said = sys.stderr, io.StringIO()
    sys.stderr = said
    try:
        yield
    finally:
        sys.stderr = before
        if "logging" in sys.modules:
            _last_resort(hide)
        if before is not None and (text := said.getvalue()):
            before.write(hide(text))


def _last_resort(hide: Callable[[str], str]) -> None:
    """Take the place of what Python has for lines that no handler takes."""
    import logging

    class Early(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                text = self.format(record)
            except Exception as exc:  # noqa: BLE001 -- whoever only wanted to log goes on
                text = f"a log line could not be made at {record.pathname}:{record.lineno}: {type(exc).__name__}"
            if sys.stderr is not None:
                sys.stderr.write(f"{hide(text)}\n")

    logging.lastResort = Early(logging.WARNING)
