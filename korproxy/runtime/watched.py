"""Which files a configuration is read from, and whether one of them is another by now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from korproxy.config.home import Home
from korproxy.config.secrets import file_of
from korproxy.config.settings import RootSettings

# By path: when it was changed, how long it is, which file it is; None: it is not there, or cannot be looked at.
Seen: TypeAlias = dict[Path, tuple[int, int, int] | None]


def files_of(home: Home, root: RootSettings) -> list[Path]:
    """Return all files that the configuration of *home* is read from: its own, its keys, and those that hold secrets."""
    references = (account.key for table in root.providers.values() for account in table.accounts)
    secrets = (file_of(each, home) for each in references if each is not None)
    own = (home.toml, home.accounts, home.routing, home.pending, home.client_key, home.management_key)
    return list(dict.fromkeys([*own, *(each for each in secrets if each is not None)]))


def seen_now(paths: Iterable[Path]) -> Seen:
    """Return what *paths* look like now. What writes another file in place of one is seen, too."""
    return {path: _look(path) for path in paths}


def differing(before: Seen, now: Seen) -> list[Path]:
    """Return the files that are not as they were *before*."""
    return [path for path, looks in now.items() if path not in before or before[path] != looks]


def _look(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except (OSError, ValueError):  # the last one: a NUL in it
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
