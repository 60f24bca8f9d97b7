"""Writes that survive a crash: a file has its old content or its new one, after a lost process and after a lost machine."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from korproxy.errors.exceptions import CommandFailed

NOT_WRITTEN = "KP-CONF-229"
DRAFT = ".draft"  # how the name of a file that is being written ends
_BINARY = getattr(os, "O_BINARY", 0)


def write(path: Path, data: bytes) -> None:
    """Put *data* into *path*, readable by its owner only; on return it is on the disk.

    A reader sees the old content or the new one, never a part. Where *path* is a link, what it leads to is written.

    Raises:
        CommandFailed: KP-CONF-229: it cannot be written; then the old content stays.
    """
    try:
        _replace(Path(os.path.realpath(path)), data)
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        reason = getattr(exc, "strerror", None) or "not a file name"
        raise CommandFailed(NOT_WRITTEN, f"{path} cannot be written: {reason}. What was there before is unchanged.") from None


def _replace(path: Path, data: bytes) -> None:
    # In the same directory, since a rename is one step only within a file system.
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}{DRAFT}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    try:
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)  # before the rename: else a lost machine can leave the new name with no content
        finally:
            os.close(descriptor)
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    flush_directory(path.parent)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def flush_directory(path: Path) -> None:
    """Put on the disk which names *path* has; where a system cannot do that for directories, it does so by itself."""
    with suppress(OSError):  # Windows opens no directories
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(directory: Path) -> None:
    """Remove what writers left in *directory* that were killed. Only for who holds the lock: others may be writing."""
    for draft in directory.glob(f".*{DRAFT}"):
        with suppress(OSError):
            draft.unlink()
