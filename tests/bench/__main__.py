"""``python -m tests.bench [--json FILE] [--runs N]``: exit code 0, 1 (a bar was missed) or 2 (nothing could be measured)."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tests.bench.figures import as_json, exit_code, figures_of, table
from tests.bench.machine import about, lines
from tests.bench.measuring import measure
from tests.bench.processes import BenchFailed

NOT_MEASURED = 2


def main(args: Sequence[str] | None = None, measure: Callable[[int], Iterable[Mapping[str, float]]] = measure) -> int:
    """Parse, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the installed KorProxy.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything as JSON")
    parser.add_argument("--runs", type=_at_least_one, default=5, metavar="N", help="how often (default: 5); medians count")
    chosen = parser.parse_args(args)
    if not Path("/proc/self/smaps_rollup").exists():
        sys.stderr.write("The bench reads CPU time and memory from /proc: it needs Linux.\n")
        return NOT_MEASURED
    here = about()  # before the first run: our own load does not count as the machine's
    try:
        figures = figures_of(list(measure(chosen.runs)))
    except (BenchFailed, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        return NOT_MEASURED
    sys.stdout.write(f"{lines(here)}\n\n{table(figures)}\n\nmedians of {chosen.runs} runs, each with a daemon of its own\n")
    if chosen.json:
        chosen.json.write_text(json.dumps(as_json(figures, here), indent=2) + "\n", encoding="utf-8")
    return exit_code(figures)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one")
    return number


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs we started end with us
    sys.exit(main())
