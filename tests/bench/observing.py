"""What it costs to write down what happens: logs, history and metrics, all of them on beside all of them off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.cases import Case
from tests.bench.compiled import loading
from tests.bench.gateways import daemon
from tests.bench.plan import Bench
from tests.bench.processes import apart, cpu_seconds

CHATS, TURNS = 20_000, 3  # chats of one turn, and how many turns each of the two has
WRITTEN = 2.5  # seconds after which the store has written the last of them: [store] flush is 2
NOTHING_WRITTEN = """
[log]
level = "error"
file = false
[store]
history = false
metrics = false
"""


def observing(bench: Bench, folder: Path) -> dict[str, float]:
    """Return the microseconds of CPU per chat with all that is written down, and with nothing, of two daemons by turns."""
    chats, turns = max(int(CHATS * bench.hurry), 64), max(round(TURNS * bench.hurry), 1)
    with _ready(bench, folder / "observed", "") as on, _ready(bench, folder / "unobserved", NOTHING_WRITTEN) as off:
        costs = [(on(chats), off(chats)) for _ in range(turns)]
    return {
        "observed.cpu_us": median(each for each, _ in costs),
        "unobserved.cpu_us": median(each for _, each in costs),
        "observing.cpu_us": median(one - other for one, other in costs),
    }


@contextmanager
def _ready(bench: Bench, folder: Path, settings: str) -> Iterator[Callable[[int], float]]:
    """Start a daemon; yield what sends it so many chats and returns the microseconds of CPU that each of them took."""
    with daemon(folder, bench.upstream, settings=settings) as ours, apart(ours.running.pid, [bench.mock.pid]):
        gateway, case, pid = ours.gateway(), Case(name="chat", connections=64), ours.running.pid
        request = folder / "chat"
        request.write_bytes(case.request(gateway))

        def cost(chats: int) -> float:
            options = {"connections": case.connections, "warmup": case.warmup * case.connections, "count": chats}
            with loading(bench.programs, gateway.port, request, **options) as load:
                time.sleep(WRITTEN)
                before = cpu_seconds(pid)
                load.run()
                time.sleep(WRITTEN)
                return (cpu_seconds(pid) - before) / chats * 1e6

        cost(case.connections)  # what is only loaded with the first requests
        yield cost
