"""What can be told of the log: its last lines, those in its files, and how many were lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from korproxy.models.searching import LogLine, WantedLines

if TYPE_CHECKING:
    from korproxy.runtime.log_reading import Found


def _nothing() -> list[LogLine]:
    return []


@attrs.frozen(kw_only=True)
class LogBook:
    """Answers for one log.

    Attributes:
        flush: Waits until all is written that was said before, some seconds at most; whether it is.
        catch_up: Waits, shorter, until all is in the files and in ``recent``; the terminal may lag behind.
        recent: The last lines, from memory, the oldest first; of this process only.
        lost: How many lines were lost since the start, by where: the ``queue`` before both, the ``file``, the ``terminal``.
        folder: Where the log files are; None: there are none.
    """

    flush: Callable[[], bool] = bool
    catch_up: Callable[[], bool] = bool
    recent: Callable[[], list[LogLine]] = _nothing
    lost: Callable[[], Mapping[str, int]] = dict
    folder: Path | None = None

    def find(self, wanted: WantedLines) -> Found:
        """Return the newest lines that are *wanted*: of the files, and of memory what these could not take. For a thread."""
        from korproxy.runtime.log_reading import (
            Found,
            correlation_in,
            read_lines,
            wants,
        )  # whoever starts the daemon does not pay for it

        self.catch_up()
        if self.folder is not None and not self.lost().get("file"):
            return read_lines(self.folder, wanted)
        recent = self.recent()
        also = correlation_in(reversed(recent), wanted)
        found = Found(also=also) if self.folder is None else read_lines(self.folder, wanted, also)
        known = set(found.lines)
        lines = found.lines + [each for each in recent if each not in known and wants(wanted, each, found.also)]
        lines.sort(key=lambda each: each.time)
        return attrs.evolve(found, lines=lines[max(0, len(lines) - wanted.most) :])
