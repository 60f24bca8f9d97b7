"""``python -m tests.simulation [--seed N] [--days 7] [--strategy NAME]``: a week of trouble in seconds, and its figures.

Exit codes: 0 all laws held; 1 one was broken.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from tests.simulation.figures import table
from tests.simulation.week import STRATEGIES, Plan, simulate


def main(args: Sequence[str] | None = None) -> int:
    """Simulate, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which week (default: 1)")
    parser.add_argument("--days", type=float, default=7.0, help="how much of it (default: 7)")
    parser.add_argument("--strategy", choices=STRATEGIES, default="round-robin")
    chosen = parser.parse_args(args)
    logging.getLogger("korproxy").setLevel(logging.ERROR)  # each wait is a warning
    week = simulate(Plan(seed=chosen.seed, days=chosen.days, strategy=chosen.strategy))
    sys.stdout.write(f"{table(week)}\n")
    return bool(week.referee.broken_laws)


if __name__ == "__main__":
    sys.exit(main())
