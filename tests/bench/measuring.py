"""One run measures everything once, on a daemon of its own with a fresh home, against a mock in a third process."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.bench.load import EVENTS, Connection, chat_request, get_request, messages_request, requests_per_second
from tests.bench.processes import Running, apart, cpu_seconds, python, resident_bytes, running, seconds_of

IDLE_SECONDS = 1.0
WARM_UP = 50  # requests before those that count
BLOCKS, BLOCK = 10, 50  # through KorProxy and past it by turns: what disturbs the machine disturbs both
STREAMS = 20  # streamed answers of each kind
AT_ONCE, TOGETHER = 10, 1000  # connections, and requests on all of them
UPSTREAM_KEY = "sk-mock"
SETTINGS = """
[providers.mock]
type = "compatible"
base_url = "{url}/v1"
models = ["*"]
[[providers.mock.accounts]]
name = "bench"
key = "env:BENCH_KEY"
"""


def measure(runs: int) -> Iterator[dict[str, float]]:
    """Yield the values of each run by their names; one more run comes first and does not count: it writes the byte code."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="korproxy-bench-")))
        mock = stack.enter_context(running(python("-m", "korproxy_mock", "serve", "--json"), folder))
        seconds_of(python("-m", "korproxy", "--version"), folder)
        _life(folder / "warm-up", mock, hot=False)
        for number in range(1, runs + 1):
            _say(f"run {number} of {runs}")
            version = seconds_of(python("-m", "korproxy", "--version"), folder)
            yield {"version_ms": version * 1e3, **_life(folder / str(number), mock)}


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _life(folder: Path, mock: Running, *, hot: bool = True) -> dict[str, float]:
    """Start a daemon, measure it, stop it."""
    home = folder / "home"
    home.mkdir(parents=True)
    upstream = mock.said["url"]
    (home / "korproxy.toml").write_text(SETTINGS.format(url=upstream), encoding="utf-8")
    command = python("-m", "korproxy", "run", "--port", "0", "--json")
    with running(command, folder, KORPROXY_HOME=str(home), BENCH_KEY=UPSTREAM_KEY) as daemon:
        url = daemon.said["ready"]["urls"][0]
        with Connection(url, get_request(url, "/healthz")) as health:
            health.ask()
        found = {"ready_ms": (time.perf_counter() - daemon.began) * 1e3}
        found["ready_cpu_ms"] = cpu_seconds(daemon.pid) * 1e3
        key = (home / "secrets" / "client.key").read_text(encoding="utf-8").strip()
        through = (url, chat_request(url, key))
        past = (upstream, chat_request(upstream, UPSTREAM_KEY))
        with Connection(*through) as client:
            client.ask()
        time.sleep(IDLE_SECONDS if hot else 0)
        found["idle_memory_mb"] = resident_bytes(daemon.pid) / 1e6
        if hot:
            with apart(daemon.pid, [mock.pid]):
                found |= _one_connection(daemon.pid, through, past)
                found["requests_per_second"] = _many_connections(through)
                found |= _translated(daemon.pid, url, key)
            found["busy_memory_mb"] = resident_bytes(daemon.pid) / 1e6
    return found


def _one_connection(pid: int, through: tuple[str, bytes], past: tuple[str, bytes]) -> dict[str, float]:
    """Return the daemon's CPU per request, and what it adds to the median latency."""
    with Connection(*through) as client, Connection(*past) as direct:
        for _ in range(WARM_UP):
            client.ask()
            direct.ask()
        ours: list[float] = []
        theirs: list[float] = []
        before = cpu_seconds(pid)  # it uses none while the mock is called directly
        for _ in range(BLOCKS):
            ours += [client.ask() for _ in range(BLOCK)]
            theirs += [direct.ask() for _ in range(BLOCK)]
        used = cpu_seconds(pid) - before
    return {"cpu_us": used / len(ours) * 1e6, "added_p50_us": (median(ours) - median(theirs)) * 1e6}


def _translated(pid: int, url: str, key: str) -> dict[str, float]:
    """Return the daemon's CPU per translated request, and per event of a stream that passes and of one that is translated."""
    whole = _cpu_per_request(pid, url, messages_request(url, key), BLOCKS * BLOCK)
    passed = _cpu_per_request(pid, url, chat_request(url, key, stream=True), STREAMS)
    translated = _cpu_per_request(pid, url, messages_request(url, key, stream=True), STREAMS)
    return {"translated_cpu_us": whole, "event_cpu_us": passed / EVENTS, "translated_event_cpu_us": translated / EVENTS}


def _cpu_per_request(pid: int, url: str, request: bytes, count: int) -> float:
    with Connection(url, request) as client:
        for _ in range(max(count // 10, 1)):
            client.ask()
        before = cpu_seconds(pid)
        for _ in range(count):
            client.ask()
        return (cpu_seconds(pid) - before) / count * 1e6


def _many_connections(through: tuple[str, bytes]) -> float:
    with ExitStack() as stack:
        clients = [stack.enter_context(Connection(*through)) for _ in range(AT_ONCE)]
        requests_per_second(clients, WARM_UP)
        return requests_per_second(clients, TOGETHER)
