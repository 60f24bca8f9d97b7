"""Files that only their owner may read."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

import attrs

from korproxy.config.durable import flush_directory

MOST = 64 * 1024  # bytes of a credential's file; a longer one is some other file
_BINARY = getattr(os, "O_BINARY", 0)
_SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | _BINARY  # opening a pipe must not wait for its writer


@attrs.define(eq=False)
class NotPrivate(Exception):
    """Others may read or change the file; ``mode`` is its permission bits."""

    mode: int


@attrs.define(eq=False)
class NotReadable(Exception):
    """There is no text to be had from the file; ``reason`` ends a sentence that began with its name."""

    reason: str
    absent: bool = False


def read_private(path: Path) -> str:
    """Return the text in *path* without one line break at its end.

    Raises:
        NotPrivate: Others than the owner may read or change it (not checked on Windows, where modes say nothing).
        NotReadable: It is absent, no regular file, too long, or no text.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except FileNotFoundError:
        raise NotReadable("does not exist", absent=True) from None
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        raise NotReadable(f"cannot be opened ({getattr(exc, 'strerror', None) or 'not a file name'})") from None
    try:
        about = os.fstat(descriptor)  # of what was opened: the name may mean another file by now
        if not stat.S_ISREG(about.st_mode):
            raise NotReadable("is not a regular file")
        if os.name != "nt" and about.st_mode & 0o077:
            raise NotPrivate(stat.S_IMODE(about.st_mode))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read(MOST + 1)
    except OSError as exc:
        raise NotReadable(f"cannot be read ({exc.strerror})") from None
    finally:
        os.close(descriptor)
    if len(raw) > MOST:
        raise NotReadable(f"is longer than {MOST // 1024} KiB")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise NotReadable("is not text in UTF-8") from None
    return text.removesuffix("\n").removesuffix("\r")


def write_once(path: Path, text: str) -> bool:
    """Write *text* and a line break to *path*, readable by its owner only, unless it is there already; whether it was written.

    The file appears whole or not at all, also for a second process that looks at this moment, and is on the disk on return.

    Raises:
        OSError: It cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        _write_new(draft, text)
        try:
            os.link(draft, path)  # unlike a rename, it never replaces
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links: then not in one step
            return _write_unless_there(path, text)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    flush_directory(path.parent)
    return True


def _write_unless_there(path: Path, text: str) -> bool:
    try:
        _write_new(path, text)
    except FileExistsError:
        return False
    return True


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{text}\n".encode())
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink()  # a full disk: half a file would look like a key
        raise
