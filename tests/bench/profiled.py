"""Runs KorProxy and takes a sample of what it does every few milliseconds of CPU time: ``python profiled.py FILE run ...``.

A script of its own and no module, because it must not put the repository on the path: what is installed is measured. The signal
comes when the process has used that much CPU, in Python or in the kernel, so waiting is not seen. It is answered when the
interpreter next looks for signals, which is after a call into C and not within it: such a call is seen in who called it, or in
what that calls next.
"""

from __future__ import annotations

import json
import runpy
import signal
import sys
import time
from pathlib import Path
from types import FrameType

INTERVAL = 0.002  # seconds of CPU; the kernel rounds it up to its own tick, usually 4 ms
DEPTH = 100

samples: list[tuple[float, list[str]]] = []


def take(_: int, frame: FrameType | None) -> None:
    """Remember where we are: ``module:function``, the innermost first."""
    stack: list[str] = []
    while frame is not None and len(stack) < DEPTH:
        stack.append(f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_qualname}")
        frame = frame.f_back
    samples.append((time.monotonic(), stack))


def main() -> None:
    """Run korproxy; write the samples when it ends."""
    output = Path(sys.argv[1])
    sys.argv[:2] = ["korproxy"]
    del sys.path[0]  # this script's folder
    signal.signal(signal.SIGPROF, take)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        runpy.run_module("korproxy", run_name="__main__", alter_sys=True)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        output.write_text(json.dumps(samples), encoding="utf-8")


if __name__ == "__main__":
    main()
