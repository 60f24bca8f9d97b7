"""Who listens on a port? Linux tells, for the user's own processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp


def who_listens(port: int, proc: Path = PROC) -> str | None:
    """Return ``NAME (pid N)`` of the process that listens on *port*, or None where the system does not tell.

    Where several share the socket it is the one with the lowest pid: mostly the parent of the others.
    """
    try:
        inodes = {inode for name in ("tcp", "tcp6") for inode in _listening(proc / "net" / name, port)}
        return _holder(proc, inodes) if inodes else None
    except (OSError, ValueError, IndexError):  # a table that is not as proc(5) says
        return None


def _listening(table: Path, port: int) -> Iterator[str]:
    """Yield the socket inodes of a ``/proc/net/tcp`` *table* that listen on *port* (columns: proc(5))."""
    if not table.exists():
        return
    for line in table.read_text().splitlines()[1:]:
        columns = line.split()
        if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
            yield columns[9]


def _holder(proc: Path, inodes: set[str]) -> str | None:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in sorted((each for each in proc.iterdir() if each.name.isdigit()), key=lambda each: int(each.name)):
        if not wanted.isdisjoint(_open_files(process)):
            name = (process / "comm").read_bytes().decode(errors="replace").strip()
            return f"{name} (pid {process.name})"
    return None


def _open_files(process: Path) -> Iterator[str]:
    with suppress(OSError):  # somebody else's process, or one that is gone
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):  # closed a moment ago; the others still count
                yield str(descriptor.readlink())
