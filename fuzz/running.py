"""Tries the corpus, then goes round the targets until the time is over or each has had its examples."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Iterator, Sequence
from itertools import count, cycle, repeat
from pathlib import Path
from typing import Any

import attrs
from hypothesis import HealthCheck, given, seed, settings

from fuzz.target import CORPUS, Target

EXAMPLES = 50  # of one target before it is the next one's turn: less than a second
_settings = settings(
    max_examples=EXAMPLES, deadline=None, database=None, print_blob=False, suppress_health_check=list(HealthCheck)
)


@attrs.frozen
class Seconds:
    """Search so long; the last turn may run a little over."""

    number: float

    def __str__(self) -> str:
        return f"{self.number:g} s"

    def turns(self, targets: Sequence[Target[Any]]) -> Iterator[Target[Any]]:
        """Yield whose turn it is."""
        until = time.monotonic() + self.number
        for target in cycle(targets):
            if time.monotonic() >= until:
                return
            yield target


@attrs.frozen
class Examples:
    """Try so many new inputs of each target, rounded up to whole turns."""

    number: int

    def __str__(self) -> str:
        return f"{self.number} examples each"

    def turns(self, targets: Sequence[Target[Any]]) -> Iterator[Target[Any]]:
        """Yield whose turn it is."""
        for each in repeat(targets, math.ceil(self.number / EXAMPLES)):
            yield from each


def run(targets: Sequence[Target[Any]], much: Seconds | Examples, *, first_seed: int, corpus: Path = CORPUS) -> str | None:
    """Return None where every law held, else what broke which one and how to see it again.

    Args:
        much: How much to search after the corpus.
        first_seed: Decides all inputs; the turns count up from here.
    """
    for target in targets:
        for path in target.seeds(corpus):
            try:
                target.check(target.read(path.read_bytes()))
            except Exception as exc:  # noqa: BLE001 -- any exception at all is a finding
                return _finding(f"{target.name}: fuzz/corpus/{target.name}/{path.name} breaks the law", exc)
    for number, target in zip(count(first_seed), much.turns(targets)):
        try:
            _turn(target, number)
        except Exception as exc:  # noqa: BLE001
            again = f"python -m fuzz --only {target.name} --seed {number} --examples {EXAMPLES}"
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
