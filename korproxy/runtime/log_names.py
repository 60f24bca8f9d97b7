"""The names of log files. Those of ended files sort by the time of their end."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

CURRENT = "korproxy.jsonl"
_OLD = re.compile(r"korproxy-(\d{8}T\d{6}Z)(?:-(\d{1,9}))?\.jsonl")


def ended_name(now: float, newest: str = "") -> str:
    """Return the name of a file that ends *now*. It sorts behind *newest*, that of the last one, whatever the clock says."""
    when, number = f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}", 1
    found = _OLD.fullmatch(newest)
    if found is not None and found[1] >= when:
        when, number = found[1], int(found[2] or 1) + 1
    return f"korproxy-{when}{f'-{number}' if number > 1 else ''}.jsonl"


def old_files(folder: Path) -> list[Path]:
    """Return the ended files in *folder*, the oldest first; what has another name is not ours."""
    try:
        named = [(found, each) for each in folder.iterdir() if (found := _OLD.fullmatch(each.name))]
    except OSError:
        return []
    return [each for found, each in sorted(named, key=lambda pair: (pair[0][1], int(pair[0][2] or 1)))]


def all_files(folder: Path) -> list[Path]:
    """Return all files in *folder*, the oldest first; the current one, which need not exist, is the last."""
    return [*old_files(folder), folder / CURRENT]
