"""One writer of the configuration at a time, whichever command or daemon it is; readers need no lock."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from korproxy.config import durable
from korproxy.config.home import Home
from korproxy.errors.exceptions import CommandFailed

BUSY = "KP-CONF-223"
PATIENCE = 10.0  # seconds; a change takes some milliseconds
_AGAIN = 0.01  # seconds between two tries: no system tells when a lock can be had, within a time
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def editing(home: Home, *, patience: float = PATIENCE) -> Iterator[None]:
    """Be the only one that changes the configuration of *home*, which exists, for the block. Not to be nested.

    The system lets go of the lock even after ``kill -9``; what a killed writer left half done is removed here.

    Raises:
        CommandFailed: KP-CONF-223: others did not let go of it within *patience* seconds; KP-CONF-229: it cannot be made.
    """
    try:
        descriptor = os.open(home.edit_lock, _FLAGS, 0o600)
    except OSError as exc:
        raise CommandFailed(durable.NOT_WRITTEN, f"{home.edit_lock} cannot be written: {exc.strerror}.") from None
    try:
        _wait_for(descriptor, patience)
        durable.sweep(home.path)
        yield
    finally:
        os.close(descriptor)  # which lets go of the lock


def _wait_for(descriptor: int, patience: float) -> None:
    until = time.monotonic() + patience
    while not _taken(descriptor):
        if time.monotonic() >= until:
            text = f"Another command has been changing the configuration for {patience:.0f} seconds, so nothing was changed."
            raise CommandFailed(BUSY, text)
        time.sleep(_AGAIN)  # noqa: TID251 -- never in Trio's thread: commands have none, and the daemon writes in another


if sys.platform == "win32":
    import msvcrt

    def _taken(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _taken(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as exc:  # a file system without locks
            raise CommandFailed(durable.NOT_WRITTEN, f"The configuration cannot be locked: {exc.strerror}.") from None
        return True
