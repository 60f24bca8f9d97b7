"""``python -m tests.bench [--short]``: measure KorProxy and what it is compared with.

Exit code 0, 1 (a bar was missed), 2 (nothing could be measured) or 3 (no bar was missed, but a peer was NOT MEASURED).
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import attrs

from tests.bench.compiled import compiled, mocking
from tests.bench.figures import Figure, Round, figures_of
from tests.bench.gateways import DIRECT, KORPROXY, NGINX, Gateway, direct, nginx
from tests.bench.machine import about, lines
from tests.bench.measuring import Bench, growth, one_round, say
from tests.bench.processes import BenchFailed
from tests.bench.table import as_json, bars, comparison

HELD, MISSED, FAILED, INCOMPLETE = 0, 1, 2, 3


@attrs.frozen(kw_only=True)
class Plan:
    """How much is measured.

    Attributes:
        hurry: What the seconds of each case are multiplied by.
    """

    rounds: int
    hurry: float
    peers: tuple[str, ...]
    short: bool


@attrs.define(kw_only=True)
class Measured:
    """What came out."""

    rounds: list[Round] = attrs.field(factory=list)
    gateways: list[Gateway] = attrs.field(factory=list)
    not_measured: dict[str, str] = attrs.field(factory=dict)


def measure(plan: Plan) -> Measured:
    """Do all rounds."""
    measured = Measured()
    starts = {DIRECT: direct, NGINX: nginx}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="korproxy-bench-")))
        programs = compiled(folder)
        mock = stack.enter_context(mocking(programs, folder))
        bench = Bench(programs=programs, mock=mock, folder=folder, hurry=plan.hurry)
        for name in (DIRECT, *plan.peers):
            place = folder / name
            place.mkdir()
            try:
                measured.gateways.append(stack.enter_context(starts[name](place, bench.upstream)))
            except BenchFailed as exc:
                measured.not_measured[name] = str(exc)
        for number in range(1, plan.rounds + 1):
            say(f"round {number} of {plan.rounds}")
            measured.rounds.append(one_round(bench, str(number), measured.gateways, measured.not_measured))
        if not plan.short:
            say("growth")
            measured.rounds.append(Round({KORPROXY: growth(bench)}))
    return measured


def main(args: Sequence[str] | None = None) -> int:
    """Parse, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the installed KorProxy.")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything as JSON")
    parser.add_argument("--rounds", type=int, metavar="N")
    chosen = parser.parse_args(args)
    plan = Plan(
        rounds=chosen.rounds or (3 if chosen.short else 5),
        hurry=0.25 if chosen.short else 1,
        peers=(NGINX,),
        short=chosen.short,
    )
    here = about()
    try:
        measured = measure(plan)
    except (BenchFailed, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        return FAILED
    figures = figures_of(measured.rounds)
    names = [KORPROXY, *(each.name for each in measured.gateways)]
    sys.stdout.write(f"{lines(here)}\n\n{comparison(measured.rounds, names)}\n\n{bars(figures)}\n")
    if chosen.json:
        chosen.json.write_text(json.dumps(as_json(here, figures, measured.rounds, measured.not_measured), indent=2) + "\n")
    return MISSED if any(each.missed for each in figures) else INCOMPLETE if measured.not_measured else HELD


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs we started end with us
    sys.exit(main())
