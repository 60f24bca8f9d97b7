"""``python -m fuzz [--seconds N | --examples N] [--seed N] [--only NAME]``: exit code 0 where every law held, 1 where not."""

from __future__ import annotations

import argparse
import random
import sys

from fuzz.running import Examples, Seconds, run
from fuzz.targets import TARGETS


def main(args: list[str] | None = None) -> int:
    """Parse, run, say what was found; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Search for inputs that break a law.")
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--seconds", type=float, default=60.0, help="how long to search (default: 60)")
    limit.add_argument(
        "--examples", type=int, metavar="N", help="how many new inputs to try of each target, in place of a time"
    )
    parser.add_argument("--seed", type=int, help="where to start; the same seed tries the same inputs (default: a new one)")
    parser.add_argument("--only", choices=[each.name for each in TARGETS], action="append", help="this target only; may repeat")
    chosen = parser.parse_args(args)
    first_seed = random.randrange(1_000_000) if chosen.seed is None else chosen.seed
    targets = [each for each in TARGETS if not chosen.only or each.name in chosen.only]
    much = Seconds(chosen.seconds) if chosen.examples is None else Examples(chosen.examples)
    print(f"{', '.join(each.name for each in targets)}: {much}, seed {first_seed}", flush=True)
    found = run(targets, much, first_seed=first_seed)
    print(found or "every law held")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
