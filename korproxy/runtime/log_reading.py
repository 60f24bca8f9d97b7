"""Looks into log files, while they are written or afterwards, for the newest lines that somebody wants.

A line that is none, as after a crash or somebody's editor, is left out and counted.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
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
    return newest_of(reversed(all_files(folder)), wanted)


def newest_of(paths: Iterable[Path], wanted: WantedLines, end: int | None = None) -> Found:
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
