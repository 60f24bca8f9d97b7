"""``python -m tests.bench [--short]``: measure KorProxy beside what it is compared with.

Exit code 0, 1 (a bar was missed), 2 (nothing could be measured) or 3 (no bar was missed, but a peer was NOT MEASURED).
``python -m tests.bench setup-peers`` sets those up that are not there, ``python -m tests.bench profile`` shows where a request
spends its time.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench import plots, profiling
from tests.bench.awake import kept_awake
from tests.bench.figures import Figure, figures_of, measures_for
from tests.bench.gateways import DIRECT, KORPROXY, NGINX
from tests.bench.machine import about, lines
from tests.bench.measuring import measure
from tests.bench.peers import PEERS, not_equal, peer_folder, set_up
from tests.bench.plan import Measured, Plan
from tests.bench.processes import BenchFailed
from tests.bench.table import as_json, bars, comparison, summary

HELD, MISSED, FAILED, INCOMPLETE = 0, 1, 2, 3
SHORT = "This was the short run: fewer and shorter rounds, no LiteLLM, no Portkey, no growth. Only the full one counts."


def main(args: Sequence[str] | None = None, measure: Callable[[Plan], Measured] = measure) -> int:
    """Parse, do it; return the exit code."""
    chosen = _parser().parse_args(args)
    if not Path("/proc/self/smaps_rollup").exists():
        sys.stderr.write("The bench reads CPU time and memory from /proc: it needs Linux.\n")
        return FAILED
    try:
        if chosen.what == "setup-peers":
            return _set_up(chosen.peer_dir)
        if chosen.what == "profile":
            with kept_awake() as cores:
                sys.stdout.write(f"{profiling.profile(chosen.seconds, translated=chosen.translated)}\n{cores}\n")
            return HELD
        return _bench(chosen, measure)
    except (BenchFailed, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        return FAILED


def _bench(chosen: argparse.Namespace, measure: Callable[[Plan], Measured]) -> int:
    plan = plan_of(chosen)
    here = about()  # before the first round: our own load does not count as the machine's
    began = time.monotonic()
    with kept_awake() as cores:
        measured = measure(plan)
    figures = figures_of(measured.rounds, measures_for(short=plan.short))
    names = [KORPROXY, *measured.versions]
    about_run = {**here, "cores": cores, "gateways": measured.versions, "rounds": plan.rounds, "short": plan.short}
    took = f"{time.monotonic() - began:.0f} s in all"
    parts = [
        f"{lines(here)}\n{cores}\n{', '.join(f'{name} {version}' for name, version in measured.versions.items())}",
        not_equal(names),
        comparison(measured.rounds, names),
        bars(figures, asked=plan.peers),
        f"medians of {len(measured.rounds)} rounds, in each everything by turns; {took}",
        *([SHORT] if plan.short else []),
        summary(figures, measured.not_measured),
    ]
    sys.stdout.write("\n\n".join(parts) + "\n")
    if chosen.json:
        found = as_json(about_run, figures, measured.rounds, measured.not_measured)
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if chosen.svg:
        plots.write(chosen.svg, measured.rounds, [each for each in names if each != DIRECT])
    return exit_code(figures, measured.not_measured)


def exit_code(figures: Sequence[Figure], not_measured: Mapping[str, str]) -> int:
    """Return what the figures come to; what KorProxy failed to do, if only once, is as bad as a bar that it missed."""
    if any(each.missed for each in figures) or any(each.startswith(KORPROXY) for each in not_measured):
        return MISSED
    return INCOMPLETE if not_measured else HELD


def plan_of(chosen: argparse.Namespace) -> Plan:
    """Return how much is to be measured."""
    peers = chosen.peers if chosen.peers is not None else (NGINX,) if chosen.short else PEERS
    rounds = chosen.rounds or (3 if chosen.short else 5)
    return Plan(rounds=rounds, hurry=0.25 if chosen.short else 1.0, peers=peers, peer_dir=chosen.peer_dir, short=chosen.short)


def _set_up(folder: Path) -> int:
    failed = set_up(folder)
    for name in (each for each in PEERS if each != NGINX):
        sys.stdout.write(f"{name}: {failed.get(name, f'in {folder / name}')}\n")
    return FAILED if failed else HELD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    add = parser.add_argument
    add("what", nargs="?", choices=["run", "setup-peers", "profile"], default="run", help="default: run")
    add("--short", action="store_true", help="under 90 s: fewer, shorter rounds; no LiteLLM and no Portkey unless asked for")
    add("--json", type=Path, metavar="FILE", help="also write everything as JSON")
    add("--svg", type=Path, metavar="DIR", help="also write plots")
    add("--rounds", type=_at_least_one, metavar="N", help="default: 5, short: 3; medians count")
    add("--peers", type=_peers, metavar="LIST", help=f"with commas, of {', '.join(PEERS)}; 'none': no peers")
    add("--peer-dir", type=Path, default=peer_folder(), metavar="DIR", help="where peers are set up (default: %(default)s)")
    add("--seconds", type=float, default=10.0, help="profile: how long (default: 10)")
    add("--translated", action="store_true", help="profile: a Messages client at a Chat provider")
    return parser


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one")
    return number


def _peers(text: str) -> tuple[str, ...]:
    names = tuple(each for each in text.split(",") if each and each != "none")
    if wrong := [each for each in names if each not in PEERS]:
        raise argparse.ArgumentTypeError(f"{', '.join(wrong)}: not one of {', '.join(PEERS)}")
    return names


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs we started end with us
    sys.exit(main())
