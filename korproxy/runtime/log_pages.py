"""What is written of each log entry, where to, and by which thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from korproxy.models.clock import wall_time
from korproxy.models.searching import LogLine
from korproxy.runtime.line_writer import LineWriter, Writable
from korproxy.runtime.log_book import LogBook
from korproxy.runtime.log_file import LogFile
from korproxy.runtime.log_json import ROOT, Entry, log_line
from korproxy.runtime.log_text import LineFormatter

QUEUE = 10_000  # lines that may wait for a slow reader; more are dropped
FLUSH_SECONDS = 2.0  # how long the end of the program waits for the last lines
CATCH_UP = 0.5  # how long whoever reads the log waits for what was said just now
RECENT = 100  # entries that are kept in memory; the file has more
RECENT_WITHOUT_FILE = 1000


class Pages:
    """What is written of one entry: a line of text, and one of JSON where there is a log file.

    With a file there are two threads. Each entry is checked for secrets in the first, which writes the file; the second has
    the terminal, whose reader may take as long as it likes without the file having to wait for it.
    """

    def __init__(self, formatter: LineFormatter, stream: Writable, file: LogFile | None) -> None:
        self._formatter, self._file = formatter, file
        self._recent: deque[Entry] = deque(maxlen=RECENT if file else RECENT_WITHOUT_FILE)
        self._terminal = None if file is None else LineWriter(stream, str, self._dropped_text, QUEUE)
        self.writer = LineWriter(file or stream, self._one, self._dropped, QUEUE, self._many)
        self.book = LogBook(
            flush=self._flush,
            catch_up=lambda: self.writer.flush(CATCH_UP),
            recent=self._told,
            lost=self._lost,
            folder=file.folder if file else None,
        )

    def close(self) -> None:
        """Write what waits, but wait for no reader longer than 2 s."""
        ended = self.writer.close(FLUSH_SECONDS)
        if ended and self._file is not None:
            self._file.close()
        if self._terminal is not None:
            self._terminal.close(FLUSH_SECONDS)

    def _many(self, entries: Sequence[Entry]) -> Sequence[str]:
        made = self._formatter.make(entries)
        lines = made.lines if self._terminal is None else made.as_json()
        self._recent.extend(made.entries)
        if self._terminal is not None:
            self._terminal.put(*made.lines)
        return lines

    def _one(self, entry: Entry) -> str:
        return "".join(self._many([entry]))

    def _dropped(self, count: int) -> str:
        return self._one(own(f"{count} log lines were dropped: {'the disk' if self._file else 'their reader'} was too slow"))

    def _dropped_text(self, count: int) -> str:
        return self._formatter.format(own(f"{count} log lines were dropped here: their reader was too slow"))

    def _flush(self) -> bool:
        written = self.writer.flush(FLUSH_SECONDS)
        return self._terminal.flush(FLUSH_SECONDS) and written if self._terminal else written

    def _told(self) -> list[LogLine]:
        return [log_line(each) for each in self._recent.copy()]

    def _lost(self) -> dict[str, int]:
        lost = {"queue": self.writer.lost}
        if self._file is not None and self._terminal is not None:
            lost |= {"file": self._file.lost, "terminal": self._terminal.lost}
        return lost


def own(text: str) -> Entry:
    """Return an entry about the log itself."""
    return Entry(wall_time(), "WARNING", f"{ROOT}.runtime", "-", text)
