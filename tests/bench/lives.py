"""Daemons that are measured by themselves: how they start, what memory they need, whether they grow."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.bench.cases import Case
from tests.bench.compiled import loading
from tests.bench.gateways import Daemon, daemon
from tests.bench.plan import Bench
from tests.bench.processes import apart, python, resident_bytes, seconds_of

IDLE_SECONDS = 1.0
WRITTEN = 3.0  # seconds after which the store is there, and what was asked for is in it
STREAMS = 1000
GROWTH = 50_000
PAGES = ("/errors/KP-RATE-401", "/v1/errors", "/v1/providers", "/v1/diagnostics", "/v1/requests", "/v1/metrics", "/metrics")


def start_and_memory(bench: Bench, folder: Path) -> dict[str, float]:
    """Start a daemon; return how long that took, and what it needs idle and with many open streams."""
    found = {f"{name}_ms": seconds_of(python("-m", "korproxy", f"--{name}"), folder) * 1e3 for name in ("version", "help")}
    with daemon(folder / "cold", bench.upstream) as ours:
        get(ours, "/healthz")
        found["ready_s"] = time.perf_counter() - ours.running.began
        gateway = ours.gateway()
        request = folder / "open_streams"
        request.write_bytes(Case(name="one").request(gateway))
        with loading(bench.programs, gateway.port, request, count=1) as load:
            load.run()
        time.sleep(WRITTEN)
        found["idle_mb"] = resident_bytes(ours.running.pid) / 1e6
        for page in PAGES:
            get(ours, page)
        time.sleep(IDLE_SECONDS)
        before = resident_bytes(ours.running.pid)
        found["loaded_mb"] = before / 1e6
        request.write_bytes(Case(name="open", stream=True, prompt="events=1000000 gap=1000").request(gateway))
        with loading(bench.programs, gateway.port, request, connections=STREAMS, mode="hold"):
            time.sleep(IDLE_SECONDS)
            held = resident_bytes(ours.running.pid)
    return {**found, "open_streams.memory_mb": held / 1e6, "open_streams.each_kb": (held - before) / STREAMS / 1e3}


def get(ours: Daemon, path: str) -> int:
    """Ask the daemon for *path* with its management key; return the status."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{ours.url}{path}", headers={"authorization": f"Bearer {ours.secret('management')}"})
    try:
        with opener.open(request, timeout=10) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        return exc.code


def growth(bench: Bench) -> dict[str, float]:
    """Return how much a daemon grows over as many requests as it had before."""
    folder = bench.folder / "growth"
    folder.mkdir()
    with daemon(folder / "hot", bench.upstream) as ours, apart(ours.running.pid, [bench.mock.pid]):
        gateway = ours.gateway()
        request = folder / "chat"
        request.write_bytes(Case(name="one").request(gateway))
        options = {"connections": 64, "warmup": GROWTH, "count": GROWTH, "seconds": 3600}
        with loading(bench.programs, gateway.port, request, **options) as load:
            time.sleep(WRITTEN)
            before = resident_bytes(ours.running.pid)
            load.run()
            time.sleep(WRITTEN)
            after = resident_bytes(ours.running.pid)
    return {"grown_mb": (after - before) / 1e6}
