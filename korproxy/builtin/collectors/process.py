"""What the process takes of the machine: memory, files, threads, time."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from korproxy.api import Collector, Settings, hookimpl

PROC = Path("/proc/self")


@attrs.frozen
class Process:
    """The section ``process`` of the diagnostics. What this system does not tell is None."""

    proc: Path = PROC
    name: str = "process"

    async def collect(self) -> Mapping[str, object]:
        """Return what the process uses now, and how much it may."""
        return {
            "pid": os.getpid(),
            "cpu_seconds": round(time.process_time(), 3),
            "memory_bytes": _memory(self.proc),
            "peak_memory_bytes": _peak(),
            "threads": threading.active_count(),
            "open_files": _count(self.proc / "fd"),
            "most_open_files": _most_open_files(),
            "garbage_collections": [each["collections"] for each in gc.get_stats()],
        }


def _memory(proc: Path) -> int | None:
    try:
        pages = int((proc / "statm").read_bytes().split()[1])  # no disk is asked: the kernel makes it up
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def _count(folder: Path) -> int | None:
    try:
        return len([*folder.iterdir()])
    except OSError:
        return None


def _peak() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def _most_open_files() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft


@hookimpl
def korproxy_collectors(settings: Settings) -> Iterable[Collector]:
    """Offer the section."""
    del settings
    yield Process()
