"""Looks into log files, while they are written or afterwards: the newest lines that somebody wants, and those to come.

A line that is none, as after a crash or somebody's editor, is left out and counted.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import msgspec

from korproxy.models.clock import timestamp
from korproxy.models.searching import LEVELS, LogLine, WantedLines
from korproxy.runtime.log_names import CURRENT, all_files, old_files

BLOCK = 65_536  # bytes read at once
LONGEST = 1024**2  # bytes of one line; a longer one is none
_decode = msgspec.json.Decoder(LogLine).decode


@attrs.define
class Found:
    """What reading comes to.

    Attributes:
        lines: The oldest first.
        unreadable: Lines that are none of ours.
        files: Those that were looked into, the newest first.
    """

    lines: list[LogLine] = attrs.field(factory=list)
    unreadable: int = 0
    files: list[str] = attrs.field(factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's own types."""
        return {**attrs.asdict(self, recurse=False), "lines": [msgspec.structs.asdict(each) for each in self.lines]}


def wants(wanted: WantedLines, line: LogLine) -> bool:
    """Whether *line* is one that is *wanted*."""
    return (
        LEVELS.index(line.level) >= LEVELS.index(wanted.level)
        and _is_of(line.component, wanted.component.removeprefix("korproxy."))
        and (not wanted.id or wanted.id == line.correlation_id or _names(line.message, wanted.id))
        and (not wanted.since or line.time >= timestamp(wanted.since))
    )


def read_lines(folder: Path, wanted: WantedLines) -> Found:
    """Return the newest lines in the files of *folder* that are *wanted*."""
    return _newest(reversed(all_files(folder)), wanted)


def _newest(paths: Iterable[Path], wanted: WantedLines, end: int | None = None) -> Found:
    """Look into *paths*, the newest first; into the first of them only up to its byte *end*."""
    found = Found()
    newest: deque[LogLine] = deque()
    for path in paths:
        if len(newest) >= wanted.most:
            break
        with suppress(OSError), path.open("rb") as file:  # it may have been deleted, as too old
            if wanted.since and os.fstat(file.fileno()).st_mtime < wanted.since:
                break
            found.files.append(path.name)
            file.seek(*((0, os.SEEK_END) if end is None else (end, os.SEEK_SET)))
            _take(file, wanted, newest, found)
        end = None
    found.lines = list(newest)
    return found


def _take(file: BinaryIO, wanted: WantedLines, newest: deque[LogLine], found: Found) -> None:
    for raw in _backwards(file):
        line = parsed(raw)
        if line is None:
            found.unreadable += 1
        elif wants(wanted, line):
            newest.appendleft(line)
            if len(newest) >= wanted.most:
                return


def parsed(raw: bytes) -> LogLine | None:
    """Return the line that *raw* is; None: it is none."""
    try:
        return _decode(raw) if len(raw) <= LONGEST else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _is_of(component: str, wanted: str) -> bool:
    return not wanted or component == wanted or component.startswith(f"{wanted}.")


def _names(message: str, id: str) -> bool:  # noqa: A002 -- what it is
    """Whether *message* has *id* in it, and not only as a part of another."""
    return id in message and re.search(rf"(?<![\w.:-]){re.escape(id)}(?![\w.:-])", message) is not None


def _backwards(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of *file* before its position, the last first. Of one that is far too long there is only a piece."""
    at = file.tell()
    rest = b""
    while at > 0:
        step = min(BLOCK, at)
        at -= step
        file.seek(at)
        first, *lines = (file.read(step) + rest).split(b"\n")
        yield from (each for each in reversed(lines) if each)
        rest = first[: LONGEST + 1]
    if rest:
        yield rest


class Follower:
    """Yields the lines that are written from now on, also where the file gets another name or the daemon starts again.

    Args:
        folder: It need not exist yet.
        pause: Called where there is nothing new, before the next look.
    """

    def __init__(self, folder: Path, pause: Callable[[], object]) -> None:
        self._folder, self._pause = folder, pause
        self._file: BinaryIO | None = None
        self._rest = b""
        self.unreadable = 0
        self._open_at_end()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def past(self, wanted: WantedLines) -> Found:
        """Return the newest lines from before that are *wanted*."""
        if self._file is None:
            return _newest(reversed(old_files(self._folder)), wanted)
        paths = all_files(self._folder)
        while paths and not _is_same(self._file, paths[-1]):  # it has got another name; what came after it is to come
            paths.pop()
        return _newest(reversed(paths), wanted, self._file.tell())

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
            ended = not self._is_current()  # looked at first: what was added before it ended is read now
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

    def _is_current(self) -> bool:
        return self._file is not None and _is_same(self._file, self._folder / CURRENT)

    def _open_next(self) -> None:
        """Open the file after the one that is open, from its beginning."""
        files = all_files(self._folder)
        at = next((at for at, each in enumerate(files) if self._file is not None and _is_same(self._file, each)), None)
        following = files[-1:] if at is None else files[at + 1 : at + 2]
        for path in following:
            with suppress(OSError):
                file = path.open("rb")
                self.close()
                self._file = file


def _is_same(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
