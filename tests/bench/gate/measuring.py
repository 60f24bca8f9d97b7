"""Measures two or three daemons by turns, in slices so short that what disturbs the machine disturbs all of them."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import attrs

from tests.bench.gate.base import NotJudged
from tests.bench.gate.judging import Measured, pairs_of
from tests.bench.gate.planting import LOOPS, loop, plant
from tests.bench.gate.sides import Side, on_core, serving
from tests.bench.gate.traffic import SCENARIOS, Scenario, Traffic
from tests.bench.processes import BenchFailed

BASE, HEAD, SLOWED = "base", "now", "planted"
PLANTED = 0.2  # the slowdown that has to be noticed, as a part of what a chat costs
SLICE = 0.1  # seconds of the daemon's CPU in one slice
LEAST_ROUNDS = 8
WARM_UP, WARM_SLICES = 60, 5  # units in a slice that only warms up, and how many of these come before the first that counts
SIZINGS = 9  # looks at what a chat costs before the slowdown is planted
QUIET, PATIENCE = 0.02, 10.0  # the part of a core that a daemon may use at rest, and for how many seconds that is waited for
SETTLE = 0.002  # seconds for what a daemon does behind its last answer
Export = Callable[[Path], None]


def measure(base: Export, head: Export, seconds: float) -> Measured:
    """Start a daemon of each code, and one with the slowdown, and measure them for about so many *seconds*.

    Args:
        base: Writes the code it is held against into a folder.
        head: Writes the code that is judged into a folder.

    Raises:
        NotJudged: The base does not run with what is installed here.
        BenchFailed: The judged code does not.
    """
    cores = sorted(os.sched_getaffinity(0))
    theirs, ours = (cores[0], cores[-1]) if len(cores) > 1 else (None, None)
    with ExitStack() as stack:
        bench = _Bench(stack, theirs)
        stack.enter_context(on_core(ours))
        now = bench.start(HEAD, head)
        try:
            before = bench.start(BASE, base)
            rest(now, before)
            for each in SCENARIOS:
                bench.warm(before, each)
        except BenchFailed as exc:
            raise NotJudged(f"the base does not run with what is installed here: {exc}") from None
        costs = {each.name: bench.warm(now, each) for each in SCENARIOS}
        bench.counts = {each.name: max(each.connections, round(SLICE * 1e6 / costs[each.name])) for each in SCENARIOS}
        loops = bench.size(now)
        slowed = bench.start(SLOWED, lambda folder: _plant(head, folder, loops))
        rest(slowed)
        bench.warm(slowed, SCENARIOS[0])
        return bench.rounds(before, now, slowed, seconds)


def size(code: Export) -> int:
    """Return how many turns of the planted loop take as long as the planted part of what a chat costs with this *code*."""
    with ExitStack() as stack:
        bench = _Bench(stack, min(os.sched_getaffinity(0)))
        side = bench.start(HEAD, code)
        rest(side)
        bench.warm(side, SCENARIOS[0])
        return bench.size(side)


def _plant(head: Export, folder: Path, loops: int) -> None:
    head(folder)
    plant(folder, loops)


@attrs.define
class _Bench:
    """All that lives as long as one measurement."""

    stack: ExitStack
    core: int | None
    folder: Path = attrs.field(init=False)
    traffic: Traffic = attrs.field(init=False)
    counts: dict[str, int] = attrs.field(factory=dict, init=False)
    reference: Callable[[], float] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="korproxy-gate-"))).resolve()
        self.traffic = Traffic(self.stack)
        self.reference = reference_loop(self.stack)

    def start(self, name: str, export: Export) -> Side:
        code = self.folder / name
        code.mkdir()
        export(code)
        return self.stack.enter_context(serving(name, code, self.traffic.url, self.core))

    def warm(self, side: Side, scenario: Scenario) -> float:
        """Use what is used for the first time; return the microseconds of CPU of one answer after that."""
        count = max(scenario.connections, WARM_UP // scenario.units)
        self.slice(side, scenario, count)
        rest(side, still=0.1)
        return median(self.slice(side, scenario, count) for _ in range(WARM_SLICES)) * scenario.units

    def size(self, side: Side) -> int:
        """Return for this *side* what ``size`` does: by ratios of neighbours, as what is slow now may be fast in a second."""
        ratios = []
        for _ in range(SIZINGS):
            used = self.slice(side, SCENARIOS[0], WARM_UP)
            with on_core(self.core):
                ratios.append(used / loop())
        return round(LOOPS * PLANTED * median(ratios))

    def slice(self, side: Side, scenario: Scenario, count: int) -> float:
        """Return the microseconds of CPU per unit over *count* answers."""
        with self.traffic.clients_of(side.url, side.key, scenario):
            self.traffic.ask(scenario.connections)  # they connect, and so does the daemon to the provider
            time.sleep(SETTLE)
            before = side.cpu()
            self.traffic.ask(count)
            time.sleep(SETTLE)
            return (side.cpu() - before) / 1e3 / count / scenario.units

    def rounds(self, base: Side, head: Side, slowed: Side, seconds: float) -> Measured:
        found: dict[str, list[dict[str, float]]] = {each.name: [] for each in SCENARIOS}
        references = []
        until = time.monotonic() + seconds
        number = 0
        while number < LEAST_ROUNDS or time.monotonic() < until:
            for each in SCENARIOS:
                sides = [base, head, slowed] if each is SCENARIOS[0] else [base, head]
                values = {}
                for side in order(sides, number):
                    references.append(self._refer())
                    values[side.name] = self.slice(side, each, self.counts[each.name])
                found[each.name].append(values)
            number += 1
        first = SCENARIOS[0]
        return Measured(
            pairs=[pairs_of(each.name, each.unit, found[each.name], BASE, HEAD) for each in SCENARIOS],
            planted=pairs_of(f"{first.name}, {PLANTED:.0%} planted", first.unit, found[first.name], HEAD, SLOWED),
            reference=references,
        )

    def _refer(self) -> float:
        with on_core(self.core):
            return self.reference()


def rest(*sides: Side, still: float = 1.5) -> None:
    """Wait until the *sides* have done nothing by themselves for that long.

    A daemon goes on loading when it is ready, and some of it only after a while: that is not what its requests cost.
    """
    until = time.monotonic() + PATIENCE
    quiet_since = time.monotonic()
    while time.monotonic() < min(until, quiet_since + still):
        used, began = [each.cpu() for each in sides], time.monotonic_ns()
        time.sleep(0.05)
        allowed = QUIET * (time.monotonic_ns() - began)
        if any(each.cpu() - before > allowed for each, before in zip(sides, used, strict=True)):
            quiet_since = time.monotonic()


def order(sides: Sequence[Side], number: int) -> list[Side]:
    """Return in which order the *sides* are measured in this round: each comes first, and behind each other, equally often."""
    start = number // 2 % len(sides)
    turned = [*sides[start:], *sides[:start]]
    return turned[::-1] if number % 2 else turned


def reference_loop(stack: ExitStack) -> Callable[[], float]:
    """Return a function that does the same work every time, Python and system calls, and returns its nanoseconds of CPU."""
    one, other = (stack.enter_context(end) for end in socket.socketpair())
    data = bytes(1000)

    def loop() -> float:
        began = time.thread_time_ns()
        seen: dict[int, int] = {}
        for number in range(12_000):
            seen[number & 63] = seen.get(number & 31, 0) + number
        for _ in range(300):
            one.send(data)
            other.recv(2000)
        return float(time.thread_time_ns() - began)

    return loop
