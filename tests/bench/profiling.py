"""Where a request spends its time: a daemon that samples itself, under the load of the bench."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.bench.cases import CASES
from tests.bench.compiled import compiled, loading, mocking
from tests.bench.gateways import daemon
from tests.bench.processes import apart, cpu_seconds

LINES = 25
TRIO_LOOP = "trio._core._run:unrolled_run"
Stack = Sequence[str]  # module:function, the innermost first


def profile(seconds: float, *, translated: bool) -> str:
    """Run a daemon under load for *seconds*; return tables of where its CPU went, in microseconds per request."""
    name = "translated" if translated else "chat_64"
    case = next(each for each in CASES if each.name == name)
    with tempfile.TemporaryDirectory(prefix="korproxy-bench-") as temporary:
        folder = Path(temporary)
        output = folder / "samples.json"
        programs = compiled(folder)
        script = [sys.executable, str(Path(__file__).with_name("profiled.py")), str(output)]
        with mocking(programs, folder) as mock:
            with daemon(folder, mock.said["url"], start=script) as ours, apart(ours.running.pid, [mock.pid]):
                request = folder / "request"
                request.write_bytes(case.request(ours.gateway()))
                options = {"connections": case.connections, "warmup": 20 * case.connections, "seconds": seconds}
                with loading(programs, ours.gateway().port, request, **options) as load:
                    used, began = cpu_seconds(ours.running.pid), time.monotonic()
                    answers = load.run().answers
                    used, ended = cpu_seconds(ours.running.pid) - used, time.monotonic()
        stacks = [stack for at, stack in json.loads(output.read_text(encoding="utf-8")) if began <= at <= ended]
    each = used / answers * 1e6
    head = f"{name}: {answers} requests, {each:.0f} us of CPU each, {len(stacks)} samples"
    tables = [_table("by what ran", areas(stacks), each), _table("by whose function it was for", owners(stacks), each)]
    return "\n\n".join([head, *tables]) + "\n"


def area_of(place: str) -> str:
    """Return to what *place* belongs: korproxy's package, or the library."""
    module = place.partition(":")[0].split(".")
    return ".".join(module[:2]) if module[0] == "korproxy" else module[0]


def areas(stacks: Iterable[Stack]) -> Counter[str]:
    """Return how often the innermost function was whose."""
    return Counter(area_of(stack[0]) for stack in stacks if stack)


def owners(stacks: Iterable[Stack]) -> Counter[str]:
    """Return for which function of KorProxy the time was spent: the innermost of its own, whatever that has called."""
    return Counter(_owner(stack) for stack in stacks)


def _owner(stack: Stack) -> str:
    for place in stack:
        if place.startswith("korproxy."):
            return place
        if place == TRIO_LOOP:  # below it is only who has started Trio
            return "Trio's loop, between tasks"
    return "nobody's"


def _table(title: str, counted: Counter[str], us: float) -> str:
    total = counted.total() or 1
    rows = [f"{count / total:>7.1%}{count / total * us:>9.1f} us  {name}" for name, count in counted.most_common(LINES)]
    return "\n".join([title, *rows])
