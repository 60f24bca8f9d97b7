"""Tries the corpus, then goes round the targets until the time is over."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from itertools import count, cycle
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

from fuzz.target import CORPUS, Target

EXAMPLES = 50  # of one target before it is the next one's turn: less than a second
_settings = settings(
    max_examples=EXAMPLES, deadline=None, database=None, print_blob=False, suppress_health_check=list(HealthCheck)
)


def run(targets: Sequence[Target[Any]], *, seconds: float, first_seed: int, corpus: Path = CORPUS) -> str | None:
    """Return None where every law held, else what broke which one and how to see it again.

    Args:
        seconds: How long to search after the corpus; the last turn may run a little over.
        first_seed: Decides all inputs; the turns count up from here.
    """
    for target in targets:
        for path in target.seeds(corpus):
            try:
                target.check(target.read(path.read_bytes()))
            except Exception as exc:  # noqa: BLE001 -- any exception at all is a finding
                return _finding(f"{target.name}: fuzz/corpus/{target.name}/{path.name} breaks the law", exc)
    until = time.monotonic() + seconds
    for number, target in zip(count(first_seed), cycle(targets)):
        if time.monotonic() >= until:
            return None
        try:
            _turn(target, number)
        except Exception as exc:  # noqa: BLE001
            again = f"python -m fuzz --only {target.name} --seed {number} --seconds 1"
            return _finding(f"{target.name}: a new input breaks the law; again with `{again}`", exc)
    return None


def _turn(target: Target[Any], number: int) -> None:
    @seed(number)
    @_settings
    @given(target.inputs)
    def law_holds(value: object) -> None:
        target.check(value)

    law_holds()


def _finding(what: str, exc: Exception) -> str:
    return f"{what}\n{''.join(traceback.format_exception(exc))}"
