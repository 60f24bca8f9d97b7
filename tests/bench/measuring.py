"""Rounds: everything is done once with each gateway by turns, so that what disturbs the machine disturbs all."""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from tests.bench import asking
from tests.bench.cases import CASES, Case
from tests.bench.compiled import Programs, Result, counts, loading
from tests.bench.figures import Round, ideal_events
from tests.bench.gateways import Daemon, Gateway, daemon
from tests.bench.processes import BenchFailed, Peak, Running, apart, cpu_seconds, python, resident_bytes, seconds_of

IDLE_SECONDS = 1.0
STREAMS = 1000
GROWTH = 50_000
PATIENCE = 5.0  # seconds for the mock to notice that the last stream was closed
PAGES = ("/errors/KP-RATE-401", "/v1/errors", "/v1/providers", "/v1/diagnostics", "/v1/requests")


@attrs.frozen(kw_only=True)
class Bench:
    """What all rounds share.

    Attributes:
        hurry: What a case's seconds are multiplied by.
    """

    programs: Programs
    mock: Running
    folder: Path
    hurry: float = 1.0

    @property
    def upstream(self) -> str:
        """Where the mock is."""
        url: str = self.mock.said["url"]
        return url


def say(text: str) -> None:
    """Tell who waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def one_round(
    bench: Bench, name: str, others: Sequence[Gateway], broken: dict[str, str], cases: Sequence[Case] = CASES
) -> Round:
    """Measure everything once.

    Args:
        name: Of the round: a folder of its own.
        others: The gateways beside KorProxy.
        broken: Gateways that failed, and why; more are added here, and nothing more is asked of them.
    """
    folder = bench.folder / name
    folder.mkdir()
    values: dict[str, dict[str, float]] = {"korproxy": start_and_memory(bench, folder)}
    with daemon(folder / "hot", bench.upstream) as ours:
        gateways = [ours.gateway(), *others]
        for case in cases:
            for each in gateways:
                if case.fits(each) and each.name not in broken:
                    with _owned_up(each, case, broken):
                        values.setdefault(each.name, {}).update(run_case(bench, case, each, folder))
    return Round(values)


@contextmanager
def _owned_up(gateway: Gateway, case: Case, broken: dict[str, str]) -> Iterator[None]:
    try:
        yield
    except BenchFailed as exc:
        if gateway.name in {"korproxy", "direct"}:
            raise BenchFailed(f"{gateway.name}, {case.name}: {exc}") from exc
        broken[gateway.name] = f"{case.name}: {exc}"


def run_case(bench: Bench, case: Case, gateway: Gateway, folder: Path) -> dict[str, float]:
    """Do *case* with *gateway*; return its values by name."""
    request = folder / f"{gateway.name}.{case.name}"
    request.write_bytes(case.request(gateway))
    seconds = case.seconds * bench.hurry
    pid = gateway.pid
    options = {"connections": case.connections, "mode": case.mode, "seconds": seconds, "count": case.count}
    options |= {"warmup": case.warmup * case.connections, "events": 5}
    with ExitStack() as stack:
        if pid is not None:
            stack.enter_context(apart(pid, [bench.mock.pid]))
        peak = Peak(pid) if pid is not None and case.size else None
        load = stack.enter_context(loading(bench.programs, gateway.port, request, **options))
        before = counts(bench.mock)
        began = cpu_seconds(pid) if pid is not None else 0.0
        result = load.run()
        used = cpu_seconds(pid) - began if pid is not None else 0.0
        after = counts(bench.mock)
        values = values_of(case, result, used, after.events - before.events)
        found = {f"{case.name}.{name}": value for name, value in values.items()}
        if peak is not None:
            found[f"{case.name}.memory_mb"] = peak.added_bytes() / 1e6
        if case.mode == "cancel":
            found[f"{case.name}.p99_ms"] = cancel_p99(bench, result, after.closed)
    request.unlink()
    return found


def values_of(case: Case, result: Result, used: float, sent: int) -> dict[str, float]:
    """Return what *result* says, and what it has cost: *used* seconds of CPU, for *sent* events of the mock's."""
    found = {"answers_per_second": result.answers / result.seconds, "p50": result.latency.p50, "p95": result.latency.p95}
    found["first_p50"] = result.first_byte.p50
    if result.answers:
        found["cpu_us"] = used / result.answers * 1e6
    if case.stream:
        found["events_per_second"] = result.events / result.seconds
        found["event_cpu_us"] = used / sent * 1e6
    if case.name == "paced":
        found["percent"] = 100 * result.events / ideal_events(case.connections, result.seconds)
    return found


def cancel_p99(bench: Bench, result: Result, closed: Mapping[int, int]) -> float:
    """Return the milliseconds from a stream's reader going to its end at the mock.

    Args:
        closed: What the mock has told so far.

    Raises:
        BenchFailed: Not all streams were closed.
    """
    seen = dict(closed)
    until = time.monotonic() + PATIENCE
    while len(seen) < len(result.closed) and time.monotonic() < until:
        time.sleep(0.05)
        seen |= counts(bench.mock).closed
    if seen.keys() != result.closed.keys():
        raise BenchFailed(f"of {len(result.closed)} streams whose reader went, {len(seen)} were closed upstream")
    took = sorted((seen[number] - at) / 1e6 for number, at in result.closed.items())
    return took[int((len(took) - 1) * 0.99)]


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
        time.sleep(IDLE_SECONDS)
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
        request.write_bytes(asking.post(asking.CHAT, asking.chat(), gateway.headers))
        options = {"connections": 64, "warmup": GROWTH, "count": GROWTH, "seconds": 3600}
        with loading(bench.programs, gateway.port, request, **options) as load:
            time.sleep(IDLE_SECONDS)
            before = resident_bytes(ours.running.pid)
            load.run()
            time.sleep(IDLE_SECONDS)
            after = resident_bytes(ours.running.pid)
    return {"grown_mb": (after - before) / 1e6}
