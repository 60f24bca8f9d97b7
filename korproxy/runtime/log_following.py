"""Follows the log while it is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from korproxy.models.searching import LogLine, WantedLines
from korproxy.runtime.log_names import CURRENT, age, old_files
from korproxy.runtime.log_reading import BLOCK, LONGEST, Found, newest_of, parsed


class Follower:
    """Yields the lines that are written from now on, also where the file gets another name or the daemon starts again.

    Args:
        folder: It need not exist yet.
        pause: Called where there is nothing new, before the next look.

    Attributes:
        unreadable: How many lines to come were none of ours.
    """

    def __init__(self, folder: Path, pause: Callable[[], object]) -> None:
        self._folder, self._pause = folder, pause
        self._file: BinaryIO | None = None
        self._rest = b""
        self.unreadable = 0
        self._done = self._ended()  # old files, as far as they are read, or were there before
        self._open_at_end()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def past(self, wanted: WantedLines) -> Found:
        """Return the newest lines from before that are *wanted*."""
        before = [each for each in old_files(self._folder) if age(each) <= self._done]
        if self._file is None:
            return newest_of(before[::-1], wanted)
        return newest_of([self._place_of(self._file), *before[::-1]], wanted, self._file.tell())

    def lines(self) -> Iterator[LogLine]:
        """Yield them, for ever. Ask ``past`` before."""
        while True:
            raws = list(self._new())
            for raw in raws:
                line = parsed(raw)
                if line is None:
                    self.unreadable += 1
                else:
                    yield line
            if not raws:
                self._pause()

    def _open_at_end(self) -> None:
        with suppress(OSError):
            self._file = (self._folder / CURRENT).open("rb")
            begin = max(0, self._file.seek(0, os.SEEK_END) - BLOCK)
            self._file.seek(begin)
            self._file.seek(begin + self._file.read(BLOCK).rfind(b"\n") + 1)  # a line that is being written is to come

    def _new(self) -> Iterator[bytes]:
        """Yield what is there by now; from the next file once this one has got another name and is read to its end."""
        if self._file is not None:
            ended = not _is_same(self._file, self._folder / CURRENT)  # looked at first: what came before is read now
            yield from self._read(self._file)
            if not ended:
                return
            if self._rest:
                yield self._rest
                self._rest = b""
        self._open_next()
        if self._file is not None:
            yield from self._read(self._file)

    def _read(self, file: BinaryIO) -> Iterator[bytes]:
        if os.fstat(file.fileno()).st_size < file.tell():  # somebody emptied it
            file.seek(0)
            self._rest = b""
        while data := file.read(BLOCK):
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._rest = self._rest[: LONGEST + 1]
            yield from (each for each in lines if each)

    def _open_next(self) -> None:
        """Open the file after the one that is open, from its beginning; that one is read, and has got another name."""
        if self._file is not None:
            self._done = max(self._done, age(self._place_of(self._file)))
        while True:
            to_come = [each for each in old_files(self._folder) if age(each) > self._done]
            path = to_come[0] if to_come else self._folder / CURRENT
            if self._file is not None and _is_same(self._file, path):
                return
            try:
                file = path.open("rb")
            except OSError:
                return  # the next look will find it, or what came of it
            if to_come or self._ended() <= self._done:
                break
            file.close()  # meanwhile what was the current file has got another name, and is the next one
        self.close()
        self._file, self._done = file, max(self._done, age(path))

    def _ended(self) -> tuple[str, int]:
        """Return the age of the newest old file."""
        return max(map(age, old_files(self._folder)), default=age(self._folder / CURRENT))

    def _place_of(self, file: BinaryIO) -> Path:
        """Return where *file* is by now; the current file's place where that is not known."""
        return next((each for each in old_files(self._folder) if _is_same(file, each)), self._folder / CURRENT)


def _is_same(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
