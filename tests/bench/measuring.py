"""Rounds: everything is done once with each gateway by turns, so that what disturbs the machine disturbs all."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from tests.bench.cases import CASES, Case
from tests.bench.compiled import Result, compiled, counts, loading, mocking
from tests.bench.figures import Round, ideal_events
from tests.bench.gateways import DIRECT, KORPROXY, Gateway, daemon
from tests.bench.lives import GROWTH, growth, start_and_memory
from tests.bench.observing import observing
from tests.bench.peers import starts
from tests.bench.plan import Bench, Measured, Plan, say
from tests.bench.processes import BenchFailed, Peak, apart, cpu_seconds, python, seconds_of, wants_cpu

SHORT_SECONDS = 80.0  # a short run begins no round that would end later
SETTLING, CALM, LOOK = 45.0, 10, 0.01  # seconds at most; so many looks at which it rests, seconds apart
PATIENCE = 5.0  # seconds for the mock to notice that the last stream was closed


def measure(plan: Plan) -> Measured:
    """Do all rounds."""
    measured = Measured()
    ends = time.monotonic() + SHORT_SECONDS if plan.short else math.inf
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="korproxy-bench-")))
        programs = compiled(folder)
        mock = stack.enter_context(mocking(programs, folder))
        failed = measured.not_measured
        bench = Bench(programs=programs, mock=mock, folder=folder, hurry=plan.hurry, not_measured=failed)
        seconds_of(python("-m", "korproxy", "--version"), folder)  # does not count: it writes the byte code
        for number in range(1, plan.rounds + 1):
            began = time.monotonic()
            say(f"round {number} of {plan.rounds}")
            measured.rounds.append(_among_others(bench, plan, measured, str(number)))
            if time.monotonic() + (time.monotonic() - began) > ends:
                break
        if not plan.short:
            say(f"growth over {2 * GROWTH} requests")
            with _owned_up(bench, KORPROXY, "growth"):
                measured.rounds[-1] = measured.rounds[-1].adding(KORPROXY, growth(bench))
    return measured


def _among_others(bench: Bench, plan: Plan, measured: Measured, name: str) -> Round:
    """Do a round with the others, too: new ones, as KorProxy is, for what a round leaves in them can bring them down."""
    with ExitStack() as stack:
        folder = bench.folder / f"others-{name}"
        folder.mkdir()
        others = list(_started(plan, stack, folder, bench.upstream, measured))
        return one_round(attrs.evolve(bench, others=others), name)


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
    with _owned_up(bench, KORPROXY, "observing"):
        values[KORPROXY] |= observing(bench, folder)
    with daemon(folder / "hot", bench.upstream) as ours:
        for case in cases:
            for each in (ours.gateway(), *bench.others):
                if case.fits(each) and f"{each.name}, {case.name}" not in bench.not_measured:
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
        name = f"{gateway}, {what}"
        bench.not_measured[name] = str(exc)
        say(f"{name} is NOT MEASURED: {exc}")


def settle(gateway: Gateway) -> None:
    """Wait until *gateway* is done with what its clients have left: it would be in the way of the next one."""
    until = time.monotonic() + SETTLING
    calm = 0
    while gateway.pid is not None and calm < CALM and time.monotonic() < until:
        calm = 0 if wants_cpu(gateway.pid) else calm + 1
        time.sleep(LOOK)


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
        # only of the daemon, which is new in each round: who has had such a body before has kept the room for it
        peak = Peak(pid) if pid is not None and case.size and gateway.name == KORPROXY else None
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
