"""The thread that writes lines, many at a time.

A hand-over between two threads costs more than a line: a system call, and a turn of the interpreter lock that requests wait
for. So whoever has something to say only leaves it here. The thread, once woken, comes by every 30 ms until nothing is left.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

GATHER = 0.03  # seconds an entry waits for others at most
TOGETHER = 48  # entries whose lines are made at once, so that they usually fit into one go
AT_ONCE = 16_384  # characters written at once: a pipe that is read takes them in one piece, whoever else writes to it

Entry = TypeVar("Entry")


class Writable(Protocol):
    """Where lines go: ``sys.stderr``, or whatever has its two methods."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


class _Mark(threading.Event):
    """Stands between entries, and is set when all before it are written."""


class LineWriter(Generic[Entry]):
    """Writes what is put into it, in that order, in a thread of its own. What nobody reads is bounded: more is dropped.

    Args:
        line: Makes the line of an entry, its end included; called in the thread. Where it fails, there is no line.
        dropped: The same for the news that so many entries were dropped.
        most: How many entries may wait.
        lines: Makes the lines of many entries for less. Where it fails, each is made by itself.

    Attributes:
        lost: How many entries were dropped so far.
    """

    def __init__(
        self,
        stream: Writable,
        line: Callable[[Entry], str],
        dropped: Callable[[int], str],
        most: int,
        lines: Callable[[Sequence[Entry]], Sequence[str]] | None = None,
    ) -> None:
        self._stream, self._line, self._tell_dropped, self._most, self._lines = stream, line, dropped, most, lines
        self._waiting: deque[Entry | _Mark] = deque()
        self.lost = 0
        self._dropped = 0  # of these, who reads has not been told
        self._lock = threading.RLock()  # of these numbers; a signal handler may log, too
        self._asleep = False
        self._bell = threading.Event()
        self._end = _Mark()
        # A daemon: where it hangs in a write, Python must not wait for it at its end.
        self._thread = threading.Thread(target=self._run, name="korproxy log", daemon=True)
        self._thread.start()

    def put(self, *entries: Entry) -> None:
        """Have *entries* written within some 30 ms; or drop the last of them, and say so before the next one. Never waits."""
        room = self._most - len(self._waiting)
        if room < len(entries):
            fits = max(room, 0)
            with self._lock:
                self.lost += len(entries) - fits
                self._dropped += len(entries) - fits
            entries = entries[:fits]
        self._waiting.extend(entries)
        if self._asleep:
            self._asleep = False
            self._bell.set()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was put in before is written, *timeout* seconds at most; whether it is."""
        if not self._thread.is_alive():
            return self._end.is_set()
        return self._reaches(_Mark(), timeout)

    def close(self, timeout: float) -> bool:
        """End the thread once all is written; wait for that *timeout* seconds at most; whether it is."""
        return self._reaches(self._end, timeout)

    def _reaches(self, mark: _Mark, timeout: float) -> bool:
        self._waiting.append(mark)
        self._bell.set()
        return mark.wait(timeout)

    def _run(self) -> None:
        busy = False
        while not self._end.is_set():
            if busy:
                self._bell.wait(GATHER)  # there will be more, and nobody has to wake us for it
            else:
                self._sleep()
            self._bell.clear()
            busy = self._write_waiting()

    def _sleep(self) -> None:
        self._asleep = True
        if not self._waiting:  # who puts something in looks at these two the other way round, so one of us sees the other
            self._bell.wait()
        self._asleep = False

    def _write_waiting(self) -> bool:
        """Write all there is; return whether there was anything."""
        held: list[str] = []
        length = 0
        busy = bool(self._waiting)
        while self._waiting:
            entries, mark = self._take()
            lines = self._made(entries)
            text = "".join(lines)
            for piece in lines if len(text) > AT_ONCE else (text,):
                if length + len(piece) > AT_ONCE:
                    self._write(held)
                    held, length = [], 0
                held.append(piece)
                length += len(piece)
            if mark is not None:
                self._write(held)
                held, length = [], 0
                mark.set()
        self._write(held)
        return busy

    def _take(self) -> tuple[list[Entry], _Mark | None]:
        """Return what waits up to the next mark, and that; not too much at once."""
        entries: list[Entry] = []
        waiting = self._waiting
        while waiting and len(entries) < TOGETHER:
            entry = waiting.popleft()
            if isinstance(entry, _Mark):
                return entries, entry
            entries.append(entry)
        return entries, None

    def _made(self, entries: list[Entry]) -> Sequence[str]:
        if self._lines is not None:
            with suppress(Exception):
                return self._lines(entries)
        lines: list[str] = []
        for entry in entries:
            with suppress(Exception):  # what cannot be made safe to write is not written
                lines.append(self._line(entry))
        return lines

    def _write(self, pieces: list[str]) -> None:
        try:
            text = self._news() + "".join(pieces)
            if text:
                self._stream.write(text)
                self._stream.flush()
        except Exception:  # noqa: BLE001, S110 -- the reader is gone, and there is nobody else to tell
            pass

    def _news(self) -> str:
        if not self._dropped:
            return ""
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        return self._tell_dropped(dropped)
