"""The daemons that are compared: the same Python, the same installed packages, the same settings, each with its own code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from tests.bench.processes import BenchFailed

READY_SECONDS = 20.0
UPSTREAM_KEY = "sk-gate"
SETTINGS = """
[providers.mock]
type = "compatible"
base_url = "{url}/v1"
models = ["*"]
[[providers.mock.accounts]]
name = "bench"
key = "env:GATE_KEY"
"""
# The daemon says itself where its code comes from: were it the installed one, both sides would be the same.
LAUNCH = """
import os, sys, korproxy
if os.path.dirname(os.path.dirname(korproxy.__file__)) != os.environ["GATE_CODE"]:
    sys.exit(f"korproxy comes from {korproxy.__file__} and not from {os.environ['GATE_CODE']}")
from korproxy.cli.main import main
main()
"""


@attrs.frozen(kw_only=True)
class Side:
    """A daemon that runs. ``cpu`` returns the nanoseconds of processor time that it has used so far."""

    name: str
    url: str
    key: str
    cpu: Callable[[], int]


@contextmanager
def serving(name: str, code: Path, upstream: str, core: int | None = None) -> Iterator[Side]:
    """Run the daemon whose code is at *code* for the block, on one *core*, with built-in plugins only.

    Raises:
        BenchFailed: It did not start; says why.
    """
    home = code / "home"
    home.mkdir()
    (home / "korproxy.toml").write_text(SETTINGS.format(url=upstream), encoding="utf-8")
    command = [sys.executable, "-c", LAUNCH, "run", "--no-plugins", "--port", "0", "--json"]
    said = home / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(command, cwd=home, env=environment(code, home), stdout=file, stderr=file)
    try:
        url = _ready(process, said)
        if core is not None:
            pin(process.pid, core)
        key = (home / "secrets" / "client.key").read_text(encoding="utf-8").strip()
        yield Side(name=name, url=url, key=key, cpu=cpu_clock(process.pid))
    finally:
        process.kill()  # it has nothing to lose
        process.wait()


def _ready(process: subprocess.Popen[bytes], said: Path) -> str:
    """Wait until the daemon has said that it is ready; return its address."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        for line in said.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.startswith('{"ready"') and line.endswith("\n"):
                return str(json.loads(line)["ready"]["urls"][0])
        time.sleep(0.02)
    words = " ".join(said.read_text(encoding="utf-8").split())
    raise BenchFailed(f"korproxy run {'ended' if process.poll() is not None else 'is not ready'}: {words[-500:]}")


def environment(code: Path, home: Path) -> Mapping[str, str]:
    """Return the environment for *code*: PYTHONPATH goes before what is installed editable, and words hash alike everywhere."""
    dropped = ("KORPROXY_", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if not (k.startswith(dropped) or k.lower().endswith("_proxy"))}
    own = {"KORPROXY_HOME": str(home), "GATE_KEY": UPSTREAM_KEY, "GATE_CODE": str(code)}
    return {**kept, **own, "PYTHONPATH": str(code), "PYTHONHASHSEED": "0"}


def cpu_clock(pid: int) -> Callable[[], int]:
    """Return a function that reads the CPU clock of a process: all its threads, those that ended too, in nanoseconds.

    Its number is clock_getcpuclockid(3)'s, which Python does not have. What schedstat says lacks the threads that have ended.
    """
    clock = ~pid << 3 | 2

    def read() -> int:
        try:
            return time.clock_gettime_ns(clock)
        except OSError as exc:
            raise BenchFailed(f"the CPU clock of process {pid} cannot be read: {exc}") from None

    return read


def pin(pid: int, core: int) -> None:
    """Keep all threads of a process on one core; those that it starts later stay there too."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):  # it has just ended
            os.sched_setaffinity(int(thread.name), {core})


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Keep this thread on one core for the block."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
