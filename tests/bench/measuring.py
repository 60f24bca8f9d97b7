"""Rounds: everything is done once with each gateway by turns, so that what disturbs the machine disturbs all."""

from __future__ import annotations

import math
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import attrs

from tests.bench import asking
from tests.bench.cases import CASES, Case
from tests.bench.compiled import Programs, Result, compiled, counts, loading, mocking
from tests.bench.figures import Round, ideal_events
from tests.bench.gateways import DIRECT, KORPROXY, Daemon, Gateway, daemon
from tests.bench.peers import starts
from tests.bench.processes import BenchFailed, Peak, Running, apart, cpu_seconds, python, resident_bytes, seconds_of

IDLE_SECONDS = 1.0
STREAMS = 1000
SHORT_SECONDS = 80.0  # a short run begins no round that would end later
GROWTH = 50_000
SETTLING, SETTLE_STEP, IDLE_SHARE = 60.0, 0.05, 0.2  # seconds, seconds, and of a core
PATIENCE = 5.0  # seconds for the mock to notice that the last stream was closed
PAGES = ("/errors/KP-RATE-401", "/v1/errors", "/v1/providers", "/v1/diagnostics", "/v1/requests")


@attrs.frozen(kw_only=True)
class Plan:
    """How much is measured.

    Attributes:
        hurry: What the seconds of each case are multiplied by.
        peers: What KorProxy is compared with.
        peer_dir: Where those are set up that do not come with the system.
    """

    rounds: int
    hurry: float
    peers: Sequence[str]
    peer_dir: Path
    short: bool


@attrs.define(kw_only=True)
class Measured:
    """What came out.

    Attributes:
        versions: Of the gateways beside KorProxy that could be started, in the order of the table.
        not_measured: What failed, and why.
    """

    rounds: list[Round] = attrs.field(factory=list)
    versions: dict[str, str] = attrs.field(factory=dict)
    not_measured: dict[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Bench:
    """What all rounds share.

    Attributes:
        others: The gateways beside KorProxy.
        not_measured: What failed, and why; nothing more is asked of a peer that is here.
    """

    programs: Programs
    mock: Running
    folder: Path
    hurry: float
    others: Sequence[Gateway] = ()
    not_measured: dict[str, str] = attrs.field(factory=dict)

    @property
    def upstream(self) -> str:
        """Where the mock is."""
        url: str = self.mock.said["url"]
        return url


def say(text: str) -> None:
    """Tell who waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def measure(plan: Plan) -> Measured:
    """Do all rounds."""
    measured = Measured()
    ends = time.monotonic() + SHORT_SECONDS if plan.short else math.inf
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="korproxy-bench-")))
        programs = compiled(folder)
        mock = stack.enter_context(mocking(programs, folder))
        others = list(_started(plan, stack, folder, mock.said["url"], measured))
        failed = measured.not_measured
        bench = Bench(programs=programs, mock=mock, folder=folder, hurry=plan.hurry, others=others, not_measured=failed)
        seconds_of(python("-m", "korproxy", "--version"), folder)  # does not count: it writes the byte code
        for number in range(1, plan.rounds + 1):
            began = time.monotonic()
            say(f"round {number} of {plan.rounds}")
            measured.rounds.append(one_round(bench, str(number)))
            if time.monotonic() + (time.monotonic() - began) > ends:
                break
        if not plan.short:
            say(f"growth over {2 * GROWTH} requests")
            with _owned_up(bench, KORPROXY, "growth"):
                measured.rounds.append(Round({KORPROXY: growth(bench)}))
    return measured


def _started(plan: Plan, stack: ExitStack, folder: Path, upstream: str, measured: Measured) -> Iterator[Gateway]:
    known = starts(plan.peer_dir)
    for name in (DIRECT, *plan.peers):
        place = folder / name
        place.mkdir()
        try:
            gateway = stack.enter_context(known[name](place, upstream))
        except (BenchFailed, OSError) as exc:
            measured.not_measured[name] = str(exc)
            say(f"{name} is NOT MEASURED: {exc}")
        else:
            measured.versions[name] = gateway.version
            yield gateway


def one_round(bench: Bench, name: str, cases: Sequence[Case] = CASES) -> Round:
    """Measure everything once, each case with each gateway before the next one; *name* is that of a folder of its own."""
    folder = bench.folder / name
    folder.mkdir()
    values: dict[str, dict[str, float]] = {KORPROXY: {}}
    with _owned_up(bench, KORPROXY, "start and memory"):
        values[KORPROXY] |= start_and_memory(bench, folder)
    with daemon(folder / "hot", bench.upstream) as ours:
        for case in cases:
            for each in (ours.gateway(), *bench.others):
                if case.fits(each) and each.name not in bench.not_measured:
                    with _owned_up(bench, each.name, case.name):
                        values.setdefault(each.name, {}).update(run_case(bench, case, each, folder))
                    settle(each)
    return Round(values)


@contextmanager
def _owned_up(bench: Bench, gateway: str, what: str) -> Iterator[None]:
    """Write down what fails in the block instead of losing all that was measured; without the mock nothing says anything."""
    try:
        yield
    except (BenchFailed, OSError) as exc:
        if gateway == DIRECT:
            raise
        name = f"{gateway}, {what}" if gateway == KORPROXY else gateway
        bench.not_measured[name] = str(exc) if gateway == KORPROXY else f"{what}: {exc}"
        say(f"{name} is NOT MEASURED: {exc}")


def settle(gateway: Gateway) -> None:
    """Wait until *gateway* is done with what its clients have left: it would be in the way of the next one."""
    until = time.monotonic() + SETTLING
    while gateway.pid is not None and time.monotonic() < until:
        with suppress(OSError):  # it has ended: who asks it next says so
            before = cpu_seconds(gateway.pid)
            time.sleep(SETTLE_STEP)
            if cpu_seconds(gateway.pid) - before > IDLE_SHARE * SETTLE_STEP:
                continue
        return


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
        counts(bench.mock)  # from here on it remembers anew which streams were closed
        began = cpu_seconds(pid) if pid is not None else 0.0
        result = load.run()
        used = cpu_seconds(pid) - began if pid is not None else 0.0
        found = {f"{case.name}.{name}": value for name, value in values_of(case, result, used).items()}
        if peak is not None:
            found[f"{case.name}.memory_mb"] = peak.added_bytes() / 1e6
        if case.mode == "cancel":
            found[f"{case.name}.p99_ms"] = cancel_p99(bench, result)
    request.unlink()
    return found


def values_of(case: Case, result: Result, used: float) -> dict[str, float]:
    """Return what *result* says, and what it has cost: *used* seconds of CPU."""
    found = {"answers_per_second": result.answers / result.seconds, "p50": result.latency.p50, "p95": result.latency.p95}
    found["first_p50"] = result.first_byte.p50
    if result.answers:
        found["cpu_us"] = used / result.answers * 1e6
    if case.stream:
        found["events_per_second"] = result.events / result.seconds
        if result.events:
            found["event_cpu_us"] = used / result.events * 1e6
    if case.name == "paced":
        found["percent"] = 100 * result.events / ideal_events(case.connections, result.seconds)
    return found


def cancel_p99(bench: Bench, result: Result) -> float:
    """Return the milliseconds from a stream's reader going to its end at the mock.

    Raises:
        BenchFailed: Not all streams were closed.
    """
    seen: dict[int, int] = {}
    until = time.monotonic() + PATIENCE
    while len(seen) < len(result.closed) and time.monotonic() < until:
        seen |= counts(bench.mock).closed
        time.sleep(0.05)
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
