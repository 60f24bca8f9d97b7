"""``python -m tests.bench.gate [--base REV] [--limit 1.10] [--summary FILE]``: is the working tree slower than the merge base?

Exit codes: 0 it is not; 1 it is; 2 nothing could be measured, or a planted slowdown went unnoticed; 3 NOT JUDGED, as there is
no base to compare with.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.bench.gate.base import NotJudged, base_of, export_commit, export_tree
from tests.bench.gate.judging import BLIND, Measured, Verdict, markdown, plain
from tests.bench.gate.measuring import Export, measure
from tests.bench.processes import BenchFailed

ROOT = Path(__file__).parents[3]
NOT_JUDGED = 3
SECONDS = (15.0, 25.0)  # of rounds in the first measurement and, where that does not pass, in the second
Measure = Callable[[Export, Export, float], Measured]


def main(args: Sequence[str] | None = None, measure: Measure = measure, seconds: Sequence[float] = SECONDS) -> int:
    """Judge and say so, at the end in one line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gate", description=__doc__)
    parser.add_argument(
        "--base", default=os.environ.get("GATE_BASE", ""), metavar="REV", help="default: GATE_BASE, else the merge base"
    )
    parser.add_argument("--limit", type=float, default=1.10, metavar="RATIO", help="the highest that passes (default: 1.10)")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="append the verdict as Markdown")
    parser.add_argument("--tree", type=Path, default=ROOT, metavar="FOLDER", help="judge korproxy/ there, not the working tree")
    chosen = parser.parse_args(args)
    try:
        base = base_of(ROOT, chosen.base)
        old, new = partial(export_commit, ROOT, base.commit), partial(export_tree, chosen.tree)
        verdict = judge(old, new, chosen.limit, measure, seconds)
    except NotJudged as exc:
        return _close(chosen.summary, NOT_JUDGED, f"NOT JUDGED: {exc}", "")
    except (BenchFailed, OSError) as exc:
        return _close(chosen.summary, BLIND, f"FAILED: {exc}", "")
    table = f"{markdown(verdict.rows())}\n\n{verdict.steadiness()}\n\n"
    return _close(chosen.summary, verdict.exit_code, verdict.line(str(base)), table)


def judge(base: Export, head: Export, limit: float, measure: Measure = measure, seconds: Sequence[float] = SECONDS) -> Verdict:
    """Measure as often as there are *seconds*, or until it passes; the last measurement counts. Each is shown."""
    for each in seconds:
        verdict = Verdict(measured=measure(base, head, each), limit=limit)
        sys.stdout.write(f"{plain(verdict.rows())}\n{verdict.steadiness()}\n\n")
        sys.stdout.flush()
        if not verdict.exit_code:
            break
    return verdict


def _close(summary: Path | None, code: int, line: str, table: str) -> int:
    if summary:
        with summary.open("a", encoding="utf-8") as file:
            file.write(f"### Speed against the merge base\n\n{table}{line}\n\n")
    sys.stdout.write(f"{line}\n")
    return code


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs we started end with us
    sys.exit(main())
