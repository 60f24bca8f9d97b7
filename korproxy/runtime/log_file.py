"""The log file: lines are added to its end; from time to time it gets another name, and a new one begins.

Its name is always ``korproxy.jsonl``; older ones say in UTC when they were ended. All of this happens in the thread that writes
the log, and nothing is held back in memory: what was handed over survives a ``kill -9``.
"""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import attrs

from korproxy.models.clock import wall_time
from korproxy.runtime.log_names import CURRENT, ended_name, old_files

LONGEST_LIFE = 24 * 3600.0  # seconds
AGAIN = 10.0  # seconds after which a file that could not be written is tried again
LOOK = 2.0  # seconds between two looks whether the file is still there under its name
HEAD = 64  # bytes of a file in which the time of its first line is
UNWRITABLE = "KP-SYS-535"
_TIME = re.compile(rb'\{"time":"([^"]{1,40})"')
# A FIFO in its place must not hang us, and nobody may lead us elsewhere; Windows has no names for that.
_CAREFUL = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | sum(getattr(os, each, 0) for each in _CAREFUL)

log = logging.getLogger("korproxy.runtime")


@attrs.define
class _OpenFile:
    """The current file.

    Attributes:
        size: In bytes.
        began: When its first line was written, in seconds since the epoch.
        cut: Whether it ends within a line, as after a crash or on a full disk.
        looked: When it was last seen in its place.
    """

    path: Path
    number: int
    size: int
    began: float
    cut: bool
    looked: float

    @classmethod
    def of(cls, path: Path, now: float) -> _OpenFile:
        """Open *path*, or make it; ``OSError`` where it cannot be had, or is no file."""
        number = os.open(path, _FLAGS, 0o600)
        try:
            size = _size_of_file(number)
            began, cut = _begin_and_end(path, size, now)
        except OSError:
            os.close(number)
            raise
        return cls(path, number, size, began, cut, now)

    def is_in_its_place(self) -> bool:
        """Whether it still has its name: somebody may have moved or deleted it."""
        try:
            named = self.path.stat()
            there = os.path.samestat(named, os.fstat(self.number))
        except OSError:
            return False
        self.size = min(self.size, named.st_size)  # or emptied it
        return there

    def add(self, data: bytes) -> None:
        """Write all of *data*, which is whole lines."""
        if self.cut:
            data = b"\n" + data
        while data:
            written = os.write(self.number, data)
            self.size += written
            self.cut = data[written - 1 : written] != b"\n"
            data = data[written:]

    def close(self) -> None:
        with suppress(OSError):  # what could not be written was said by then
            os.close(self.number)


@attrs.define
class LogFile:
    """Where lines of JSON go. Not for two threads at once.

    Args:
        folder: It exists, or is made.
        max_size: Bytes of one file at most, but for a single line that is longer.
        keep: How many files there are at most, the current one included.

    Attributes:
        lost: Lines that could not be written.
    """

    folder: Path
    max_size: int
    keep: int
    lost: int = attrs.field(default=0, init=False)
    _now: Callable[[], float] = attrs.field(default=wall_time, alias="now")
    _file: _OpenFile | None = attrs.field(default=None, init=False)
    _failed: float | None = attrs.field(default=None, init=False)  # when; None: all is well
    _missing: int = attrs.field(default=0, init=False)  # lines since then

    def write(self, text: str, /) -> None:
        """Add *text*: whole lines. Where that is impossible they are lost, which is counted, and said once."""
        now = self._now()
        if self._failed is not None and 0 <= now - self._failed < AGAIN:
            self._lose(text)
            return
        data = text.encode()
        try:
            self._ready_for(len(data), now).add(data)
        except OSError as exc:
            self._fail(exc, text, now)
            return
        if self._failed is not None:
            self._failed = None
            log.warning("the log file is written again; %d lines are missing in it", self._missing)

    def flush(self) -> None:
        """Nothing is ever held back."""

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _ready_for(self, more: int, now: float) -> _OpenFile:
        """Return an open file that takes *more* bytes."""
        file = self._file
        if file is not None and not 0 <= now - file.looked < LOOK:
            file.looked = now
            if not file.is_in_its_place():
                self.close()
        file = self._file or self._open(now)
        full = file.size + more > self.max_size
        if not file.size or not (full or now - file.began >= LONGEST_LIFE):
            return file
        try:
            return self._next(now)
        except OSError:  # on Windows it cannot be renamed while somebody reads it; for a while it may grow all the same
            if file.size + more > 2 * self.max_size:
                raise
            return self._file or self._open(now)

    def _open(self, now: float) -> _OpenFile:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = _OpenFile.of(self.folder / CURRENT, now)
        return self._file

    def _next(self, now: float) -> _OpenFile:
        """Give the current file its last name, delete what is too old, and begin a new one."""
        self.close()  # Windows renames no open file
        ended = [each.name for each in old_files(self.folder)]
        (self.folder / CURRENT).replace(self.folder / ended_name(now, ended[-1] if ended else ""))
        old = old_files(self.folder)
        for each in old[: max(0, len(old) - (self.keep - 1))]:
            with suppress(OSError):  # the next end tries again
                each.unlink()
        return self._open(now)

    def _fail(self, exc: OSError, text: str, now: float) -> None:
        first, self._failed = self._failed is None, now
        if first:
            self._missing = 0
            text_of = "%s: %s cannot be written, so lines are missing there: %s; it is tried again"
            log.warning(text_of, UNWRITABLE, self.folder / CURRENT, exc.strerror or exc)
        self.close()
        self._lose(text)

    def _lose(self, text: str) -> None:
        count = text.count("\n")
        self.lost += count
        self._missing += count


def _size_of_file(number: int) -> int:
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        raise OSError("it is no file")
    return found.st_size


def _begin_and_end(path: Path, size: int, now: float) -> tuple[float, bool]:
    """Return when the file began, by its first line, and whether it ends within a line."""
    if not size:
        return now, False
    with path.open("rb") as file:
        first = file.read(HEAD)
        file.seek(-1, os.SEEK_END)
        cut = file.read(1) != b"\n"
    return _time_in(first, now), cut


def _time_in(first: bytes, now: float) -> float:
    """Return the time of the first line; *now* where it says none, or one to come."""
    found = _TIME.match(first)
    if found is None:
        return now
    try:
        said = datetime.fromisoformat(found[1].decode())
    except ValueError:
        return now
    return min(now, said.timestamp()) if said.tzinfo else now
