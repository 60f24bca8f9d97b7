"""Looks into log files, while they are written or afterwards, for the newest lines that somebody wants.

A line that is none, as after a crash or somebody's editor, is left out and counted.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import msgspec

from korproxy.models.clock import timestamp
from korproxy.models.searching import LEVELS, LogLine, WantedLines
from korproxy.runtime.log_names import all_files

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
        also: The correlation id of the request whose own id is wanted; empty where that is not known.
    """

    lines: list[LogLine] = attrs.field(factory=list)
    unreadable: int = 0
    files: list[str] = attrs.field(factory=list)
    also: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's own types."""
        lines = [msgspec.structs.asdict(each) for each in self.lines]
        return {"lines": lines, "unreadable": self.unreadable, "files": self.files}


def wants(wanted: WantedLines, line: LogLine, also: str = "") -> bool:
    """Whether *line* is one that is *wanted*, or, where that is by an id, has *also* as its correlation id."""
    return (
        LEVELS.index(line.level) >= LEVELS.index(wanted.level)
        and _is_of(line.component, wanted.component.removeprefix("korproxy."))
        and (not wanted.id or line.correlation_id in {wanted.id, also} or _names(line.message, wanted.id))
        and (not wanted.since or line.time >= timestamp(wanted.since))
    )


def correlation_in(lines: Iterable[LogLine], wanted: WantedLines) -> str:
    """Return the correlation id of the request whose own id is *wanted*, by the line that says how it ended.

    All that was said of the request is under that one. Empty where there is no such line, or the id is one itself.
    """
    for line in lines if wanted.id else ():
        if line.correlation_id == wanted.id:
            return ""
        if line.message.endswith(f" request={wanted.id}"):
            return "" if line.correlation_id == "-" else line.correlation_id
    return ""


def read_lines(folder: Path, wanted: WantedLines, also: str = "") -> Found:
    """Return the newest lines in the files of *folder* that are *wanted*; *also* as in ``wants``."""
    return newest_of(list(reversed(all_files(folder))), wanted, also=also)


def newest_of(paths: Sequence[Path], wanted: WantedLines, end: int | None = None, also: str = "") -> Found:
    """Look into *paths*, the newest first; into the first of them only up to its byte *end*."""
    found = Found(also=also or correlation_in(_naming(paths, wanted, end), wanted))
    newest: deque[LogLine] = deque()
    for path, file in _opened(paths, wanted, end):
        if len(newest) >= wanted.most:
            break
        found.files.append(path.name)
        _take(file, wanted, newest, found)
    found.lines = list(newest)
    return found


def _opened(paths: Iterable[Path], wanted: WantedLines, end: int | None) -> Iterator[tuple[Path, BinaryIO]]:
    """Yield those that may have something *wanted*, each open at its end, or where it is to be looked into up to."""
    for path in paths:
        with suppress(OSError), path.open("rb") as file:  # it may have been deleted, as too old
            if wanted.since and os.fstat(file.fileno()).st_mtime < wanted.since:
                break
            file.seek(*((0, os.SEEK_END) if end is None else (end, os.SEEK_SET)))
            yield path, file
        end = None


def _naming(paths: Iterable[Path], wanted: WantedLines, end: int | None) -> Iterator[LogLine]:
    """Yield the lines with the id that is *wanted* somewhere in them, the newest first. All others cost next to nothing."""
    as_written = msgspec.json.encode(wanted.id)[1:-1]
    for _, file in _opened(paths, wanted, end) if wanted.id else ():
        for raw in _backwards(file):
            line = parsed(raw) if as_written in raw else None
            if line is not None:
                yield line


def _take(file: BinaryIO, wanted: WantedLines, newest: deque[LogLine], found: Found) -> None:
    for raw in _backwards(file):
        line = parsed(raw)
        if line is None:
            found.unreadable += 1
        elif wants(wanted, line, found.also):
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
