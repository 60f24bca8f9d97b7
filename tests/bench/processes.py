"""The real programs, each in its own process, and what the system says about a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs

READY_SECONDS = 20.0
STOP_SECONDS = 10.0
_KEPT = {"PYTHONPATH", "PYTHONHOME"}  # the others (PYTHONDEVMODE, PYTHONDONTWRITEBYTECODE...) change what is measured


class BenchFailed(Exception):
    """Nothing could be measured: a program did not start, or answered something else."""


@attrs.frozen(kw_only=True)
class Running:
    """A program that has said that it is ready.

    Attributes:
        began: ``time.perf_counter()`` right before it was started.
        said: The JSON on its first line.
    """

    pid: int
    began: float
    said: Mapping[str, Any]


def python(*args: str) -> list[str]:
    """Return the command line for this very Python."""
    return [sys.executable, *args]


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment as a user would have it, and *more*."""
    dropped = ("KORPROXY_", "PYTHON")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not (name.startswith(dropped) or name.lower().endswith("_proxy"))
    }
    return {**kept, **more}


def seconds_of(command: Sequence[str], folder: Path) -> float:
    """Run *command* to its end in *folder*; return how long it took.

    The folder must not be the repository's: Python would take korproxy from there and not what is installed.
    """
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise BenchFailed(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return took


@contextmanager
def running(command: Sequence[str], folder: Path, **env: str) -> Iterator[Running]:
    """Run *command* in *folder* for the block, from its first line, which is JSON, on. It never survives the block."""
    log = folder / "stderr"
    with log.open("w", encoding="utf-8") as stderr:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment(**env), stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    try:
        line = _first_line(process)
        if not line.endswith("}\n"):  # an error is JSON, too, but over several lines
            line += process.communicate()[0]
            said = f"{line}{log.read_text(encoding='utf-8')}".strip()
            raise BenchFailed(f"{' '.join(command)} ended with {process.returncode}: {said}")
        yield Running(pid=process.pid, began=began, said=json.loads(line))
    finally:
        _end(process)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    watchdog = threading.Timer(READY_SECONDS, process.kill)
    watchdog.start()
    try:
        return process.stdout.readline()
    finally:
        watchdog.cancel()


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        sys.stderr.write(f"{process.args!r} had ended by itself, with {process.returncode}\n")
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"{process.args!r} did not stop within {STOP_SECONDS:g} s and is killed\n")
    finally:  # a Ctrl-C while we wait must not leave it behind either
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def apart(alone: int, others: Sequence[int]) -> Iterator[None]:
    """Keep the process *alone* and its children on one core and the *others* and this one on another, where there are two."""
    mine = os.sched_getaffinity(0)
    cores = sorted(mine)
    if len(cores) < 2:
        yield
        return
    try:
        for pid in family(alone):
            _pin(pid, cores[0])
        for pid in (os.getpid(), *others):
            _pin(pid, cores[1])
        yield
    finally:
        os.sched_setaffinity(0, mine)  # the next program that we start inherits ours


def _pin(pid: int, core: int) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):  # a thread that has just ended
            os.sched_setaffinity(int(thread.name), {core})


def family(pid: int) -> list[int]:
    """Return the process and all that it has started, directly or not: nginx works in a child."""
    found = [pid]
    for each in found:
        for thread in Path(f"/proc/{each}/task").glob("*/children"):
            with suppress(OSError):  # a thread that has just ended
                found += map(int, thread.read_text(encoding="utf-8").split())
    return found


def wants_cpu(pid: int) -> bool:
    """Return whether a thread of the process or its children runs now, or would if it had a core."""
    states = []
    for each in family(pid):
        for thread in Path(f"/proc/{each}/task").glob("*/stat"):
            with suppress(OSError):  # a thread that has just ended
                states.append(state_in(thread.read_text(encoding="utf-8")))
    return "R" in states


def state_in(stat: str) -> str:
    """Return the state from the text of ``/proc/PID/stat``: the name before it may hold spaces and brackets."""
    return stat.rpartition(")")[2].split()[0]


def cpu_seconds(pid: int) -> float:
    """Return the processor time, user and system, that the process and its children have used so far, exactly."""
    return sum(time.clock_gettime(clock_of(each)) for each in family(pid))


def clock_of(pid: int) -> int:
    """Return the id of the clock that shows what all threads of the process have used, those that have ended, too.

    It is what ``clock_getcpuclockid(3)`` returns. In ``/proc`` threads that ended are forgotten, or all is in steps of 10 ms.
    """
    return (~pid << 3) | 2


def resident_bytes(pid: int) -> int:
    """Return what the process and its children have in memory.

    ``smaps_rollup`` counts pages; ``status`` may be off by some hundred.
    """
    return sum(resident_in(Path(f"/proc/{each}/smaps_rollup").read_text(encoding="utf-8")) for each in family(pid))


def resident_in(smaps: str) -> int:
    """Return the resident bytes from the text of ``/proc/PID/smaps_rollup``."""
    return next(int(line.split()[1]) * 1024 for line in smaps.splitlines() if line.startswith("Rss:"))


class Peak:
    """How much memory the process and its children have had at most since this was made, above what they had then."""

    def __init__(self, pid: int) -> None:
        self._family = family(pid)
        for each in self._family:
            Path(f"/proc/{each}/clear_refs").write_text("5", encoding="utf-8")  # forgets the highest so far: proc(5)
        self._before = self._highest()

    def added_bytes(self) -> int:
        """Return it."""
        return self._highest() - self._before

    def _highest(self) -> int:
        return sum(highest_in(Path(f"/proc/{each}/status").read_text(encoding="utf-8")) for each in self._family)


def highest_in(status: str) -> int:
    """Return the highest resident bytes from the text of ``/proc/PID/status``."""
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
