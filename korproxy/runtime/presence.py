"""One daemon per home: a lock while it runs, and a file that says where it is."""

from __future__ import annotations

import errno
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

TRIES = 4
BETWEEN_TRIES = 0.02  # seconds
_HELD = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})  # the last two: Windows
_BINARY = getattr(os, "O_BINARY", 0)


@contextmanager
def sole_daemon(lock: Path, described_in: Path) -> Iterator[None]:
    """Hold *lock* for the block; the system lets go of it even after ``kill -9``.

    What a daemon that was killed left in *described_in* is removed: its process id may belong to something else by now, and
    `korproxy stop` would signal that.

    Raises:
        CannotStart: KP-SYS-503 if another daemon holds it, naming its pid and address from *described_in*; KP-SYS-504 if a file
            cannot be made, locked or removed.
    """
    with _opened(lock) as file:
        if not _taken_over(file, lock):
            raise CannotStart("KP-SYS-503", _taken(lock.parent, described_in))
        try:
            described_in.unlink(missing_ok=True)
        except OSError as exc:
            raise CannotStart("KP-SYS-504", f"Cannot remove the old {described_in}: {exc.strerror}.") from None
        yield


def _opened(lock: Path) -> IO[bytes]:
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | _BINARY, 0o600)
    except OSError as exc:
        raise CannotStart("KP-SYS-504", f"Cannot write {lock}: {exc.strerror}.") from None
    with suppress(OSError):  # whoever can open it can hold it, and keep the daemon from starting
        lock.chmod(0o600)
    return os.fdopen(descriptor, "r+b")


def _taken_over(file: IO[bytes], lock: Path) -> bool:
    """Take the lock; False if it is held. `korproxy status` takes it for a moment as well, which must not pass for a daemon."""
    for number in range(TRIES):
        if number:
            threading.Event().wait(BETWEEN_TRIES)
        try:
            _take(file)
        except OSError as exc:
            if exc.errno not in _HELD:
                text = f"Cannot lock {lock}: {exc.strerror}. Choose another place with --home."
                raise CannotStart("KP-SYS-504", text) from None
        else:
            return True
    return False


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
    with suppress(OSError, ValueError, AttributeError, TypeError):  # it may hold anything
        about = json.loads(described_in.read_bytes())
        who = f"the KorProxy with pid {about.get('pid')} at {', '.join(about.get('urls', []))}"
    return f"{home} is used by {who}. `korproxy stop` ends it; `--home DIR` uses another home."


@contextmanager
def announced(file: Path, urls: Sequence[str], *, demo: bool) -> Iterator[Mapping[str, object]]:
    """Describe this daemon in *file* (0600) for the block: pid, addresses, version, start. Other commands find it by this.

    Raises:
        CannotStart: KP-SYS-504: *file* cannot be written.
    """
    about = {"pid": os.getpid(), "urls": list(urls), "version": VERSION, "started_at": timestamp(wall_time()), "demo": demo}
    try:
        write_privately(file, json.dumps(about, indent=2).encode())
    except OSError as exc:
        raise CannotStart("KP-SYS-504", f"Cannot write {file}: {exc.strerror}.") from None
    try:
        yield about
    finally:
        with suppress(OSError):  # the next daemon removes it, and without its lock nobody believes it
            file.unlink(missing_ok=True)


def write_privately(file: Path, content: bytes) -> None:
    """Write *file* whole or not at all, readable by its owner only; ``OSError`` if that cannot be."""
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
