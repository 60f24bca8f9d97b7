"""A slowdown of a known size, planted in a copy of the code: the gate has to notice it, or it would notice nothing."""

from __future__ import annotations

import time
from pathlib import Path

PLACE = Path("korproxy", "server", "front.py")  # every request of a client goes through it
LOOPS = 50_000
PLANTED = """

def _planted(handle):
    async def later(self, exchange):
        for _ in range({loops}):
            pass
        await handle(self, exchange)

    return later


Front.handle = _planted(Front.handle)
"""


def loop() -> float:
    """Return the microseconds that so many turns of the planted loop take here, now."""
    began = time.thread_time_ns()
    for _ in range(LOOPS):
        pass
    return (time.thread_time_ns() - began) / 1e3


def plant(code: Path, loops: int) -> None:
    """Have the copy at *code* turn so many times before it handles a request."""
    with (code / PLACE).open("a", encoding="utf-8") as file:
        file.write(PLANTED.format(loops=loops))
