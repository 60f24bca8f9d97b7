"""The bench's two programs in C: compiled, started, asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from tests.bench.processes import BenchFailed, Running, running

PATIENCE = 60.0  # seconds after which clients that say nothing, warm-up or work, wait for something that will not come

SOURCES = Path(__file__).parent / "native"
FLAGS = ("-O2", "-Wall")


@attrs.frozen(kw_only=True)
class Programs:
    """The two programs, ready to be run."""

    mock: Path
    load: Path


def compiled(folder: Path, *flags: str) -> Programs:
    """Compile both programs into *folder*.

    Raises:
        BenchFailed: There is no gcc, or it did not like them.
    """
    return Programs(
        mock=_compiled("mock", folder / "bench-upstream", flags), load=_compiled("load", folder / "bench-clients", flags)
    )


def _compiled(name: str, program: Path, flags: tuple[str, ...]) -> Path:
    gcc = shutil.which("gcc")
    if gcc is None:
        raise BenchFailed(
            "The bench needs gcc: its mock and its clients are written in C, so that they are not what is measured."
        )
    command = [gcc, *FLAGS, *flags, str(SOURCES / f"{name}.c"), "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.strip()}")
    return program


@attrs.frozen(kw_only=True)
class Counts:
    """What the mock has counted since it was started.

    Attributes:
        closed: Streams that were closed before their end since the last question: number to CLOCK_MONOTONIC in ns.
    """

    requests: int
    events: int
    body_bytes: int
    closed: Mapping[int, int]


@contextmanager
def mocking(programs: Programs, folder: Path) -> Iterator[Running]:
    """Run the mock for the block."""
    with running([str(programs.mock)], folder) as program:
        yield program


def counts(mock: Running) -> Counts:
    """Ask *mock* what it has counted."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{mock.said['url']}/bench", timeout=5) as answer:
        told = json.load(answer)
    return Counts(**{**told, "closed": _by_number(told["closed"])})


def _by_number(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    return dict(pairs)


@attrs.frozen(kw_only=True)
class Times:
    """How long it took, in microseconds."""

    p50: float
    p95: float
    p99: float
    max: float


@attrs.frozen(kw_only=True)
class Result:
    """What came out on the clients' side.

    Attributes:
        answers: Whole ones; of cancelled streams those that were left.
        latency: From the first byte written to the last byte read.
        first_byte: From the first byte written to the first byte of the body.
        closed: When which stream was left: number to CLOCK_MONOTONIC in ns.
    """

    answers: int
    events: int
    bytes: int
    seconds: float
    latency: Times
    first_byte: Times
    closed: Mapping[int, int]


class Load:
    """Clients that have their connections and are warm."""

    def __init__(self, program: subprocess.Popen[str], patience: float = PATIENCE) -> None:
        self._program, self._patience = program, patience
        self._check(self._hear())

    def run(self) -> Result:
        """Let them send, and wait for what comes out. The connections stay open."""
        assert self._program.stdin is not None
        self._program.stdin.write("go\n")
        self._program.stdin.flush()
        told = self._check(self._hear())
        return Result(
            answers=told["answers"],
            events=told["events"],
            bytes=told["bytes"],
            seconds=told["seconds"],
            latency=Times(**told["latency"]),
            first_byte=Times(**told["first_byte"]),
            closed=_by_number(told["closed"]),
        )

    def _hear(self) -> dict[str, Any]:
        assert self._program.stdout is not None
        watchdog = threading.Timer(self._patience, self._program.kill)  # a gateway may never answer, nor close
        watchdog.start()
        try:
            line = self._program.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            _, stderr = self._program.communicate()
            raise BenchFailed(f"the clients ended with {self._program.returncode}: {stderr.strip()}")
        told: dict[str, Any] = json.loads(line)
        return told

    @staticmethod
    def _check(told: dict[str, Any]) -> dict[str, Any]:
        if told["refused"] or told["errors"]:
            quoted = f": {told['said']}" if told["said"] else ""
            raise BenchFailed(f"{told['refused']} answers were no 200, and {told['errors']} did not come{quoted}")
        return told


@contextmanager
def loading(programs: Programs, port: int, request: Path, **options: object) -> Iterator[Load]:
    """Open the clients' connections to *port*, warm up, and close them after the block; *options* as load.c says."""
    command = [str(programs.load), str(port), str(request), *(f"{name}={value}" for name, value in options.items())]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as program:  # type: ignore[call-overload]
        try:
            yield Load(program)
        finally:
            program.kill()
