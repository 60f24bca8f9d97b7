"""Changes of several files in one step.

All new contents are written to one file first, durably: from then on they are what the configuration says, whoever reads it.
Then each goes to its place, and that file is removed. Who is killed in between leaves it there, and the next writer goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from korproxy.config import durable
from korproxy.config.home import Home
from korproxy.errors.exceptions import CommandFailed

NAMES = ("korproxy.toml", "accounts.toml", "routing.toml")  # what can be changed; nothing else is ever written from there


def commit(home: Home, files: Mapping[str, bytes]) -> None:
    """Put *files*, contents by name, into *home*: all of them or none. Only for who holds the lock.

    Raises:
        CommandFailed: KP-CONF-229: they cannot be written.
    """
    if unknown := files.keys() - set(NAMES):
        raise ValueError(f"no files of the configuration: {unknown}")
    if len(files) == 1:
        ((name, data),) = files.items()
        durable.write(home.path / name, data)
    elif files:
        durable.write(home.pending, json.dumps({name: data.decode() for name, data in files.items()}).encode())
        finish(home)


def pending(home: Home) -> dict[str, bytes]:
    """Return the contents by name that a change wrote down and did not put into their places yet; mostly none."""
    try:
        raw = home.pending.read_bytes()
    except OSError:
        return {}
    try:
        found = json.loads(raw)
        return {name: found[name].encode() for name in NAMES if name in found}
    except (ValueError, RecursionError, TypeError, AttributeError):  # KorProxy never writes such a one
        return {}


def finish(home: Home) -> None:
    """Put into place what a change wrote down, this one or that of a writer that was killed. Only for who holds the lock."""
    for name, data in pending(home).items():
        durable.write(home.path / name, data)
    try:
        home.pending.unlink(missing_ok=True)
    except OSError as exc:
        raise CommandFailed(durable.NOT_WRITTEN, f"{home.pending} cannot be removed: {exc.strerror}.") from None
    durable.flush_directory(home.path)


def state_of(home: Home) -> tuple[tuple[int, int, int] | None, ...]:
    """Return what changes whenever a file of the configuration does; None for those that are absent. Nothing is read."""
    return tuple(_state(home.path / name) for name in (*NAMES, home.pending.name))


def _state(path: Path) -> tuple[int, int, int] | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None
