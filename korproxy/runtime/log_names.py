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


def age(path: Path) -> tuple[str, int]:
    """Return what ended files are sorted by; that of another file is less than all of theirs."""
    found = _OLD.fullmatch(path.name)
    return (found[1], int(found[2] or 1)) if found else ("", 0)


def old_files(folder: Path) -> list[Path]:
    """Return the ended files in *folder*, the oldest first; what has another name is not ours."""
    try:
        return sorted((each for each in folder.iterdir() if _OLD.fullmatch(each.name)), key=age)
    except OSError:
        return []


def all_files(folder: Path) -> list[Path]:
    """Return all files in *folder*, the oldest first; the current one, which need not exist, is the last."""
    return [*old_files(folder), folder / CURRENT]
