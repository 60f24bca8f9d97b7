"""The names of log files. Those of ended files sort by the time of their end."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

CURRENT = "korproxy.jsonl"
_OLD = re.compile(r"korproxy-(\d{8}T\d{6}Z)(?:-(\d{1,6}))?\.jsonl")


def ended_name(now: float, taken: Collection[str]) -> str:
    """Return the name of a file that ends *now*: none that is *taken*."""
    when = f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
    name, number = f"korproxy-{when}.jsonl", 2
    while name in taken:
        name, number = f"korproxy-{when}-{number}.jsonl", number + 1
    return name


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
