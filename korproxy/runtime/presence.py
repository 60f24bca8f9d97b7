"""One daemon per home: a lock while it runs, and a file that says where it is."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from korproxy.errors.exceptions import CannotStart
from korproxy.models.clock import timestamp, wall_time
from korproxy.version import VERSION


TRIES, BETWEEN_TRIES = 4, 0.02  # seconds


@contextmanager
def sole_daemon(lock: Path, described_in: Path) -> Iterator[None]:
    """Hold *lock* for the block; the system lets go of it even after ``kill -9``.

    Raises:
        CannotStart: KP-SYS-503 if another daemon holds it, naming its pid and address from *described_in*; KP-SYS-504 if the
            file cannot be made.
    """
    try:
        file = lock.open("a+b")
    except OSError as exc:
        raise CannotStart("KP-SYS-504", f"Cannot write {lock}: {exc.strerror}.") from None
    with file:
        lock.chmod(0o600)
        if not any(_takes(file) for _ in range(TRIES)):
            raise CannotStart("KP-SYS-503", _taken(lock.parent, described_in))
        yield


def _takes(file: IO[bytes]) -> bool:
    """Try once. `korproxy status` looks at the lock by taking it for a moment, which must not pass for a daemon."""
    try:
        _take(file)
    except OSError:
        threading.Event().wait(BETWEEN_TRIES)
        return False
    return True


def _take(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _taken(home: Path, described_in: Path) -> str:
    who = "another KorProxy"
    with suppress(OSError, ValueError, AttributeError):
        about = json.loads(described_in.read_bytes())
        who = f"the KorProxy with pid {about.get('pid')} at {', '.join(about.get('urls', []))}"
    return f"{home} is used by {who}. `korproxy stop` ends it; `--home DIR` uses another home."


@contextmanager
def announced(file: Path, urls: Sequence[str], *, demo: bool) -> Iterator[Mapping[str, object]]:
    """Describe this daemon in *file* (0600) for the block: pid, addresses, version, start. Other commands find it by this."""
    about = {"pid": os.getpid(), "urls": list(urls), "version": VERSION, "started_at": timestamp(wall_time()), "demo": demo}
    write_privately(file, json.dumps(about, indent=2).encode())
    try:
        yield about
    finally:
        file.unlink(missing_ok=True)


def write_privately(file: Path, content: bytes) -> None:
    """Write *file* whole or not at all, readable by its owner only."""
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
