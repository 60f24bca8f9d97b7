"""The table of what passed: a row for each kind of case, a column for each SDK with each type of provider."""

from __future__ import annotations

from collections import Counter

import attrs

BAR = 0.99  # of all runs have to pass

Column = tuple[str, str]  # SDK and type of provider


@attrs.define
class Tally:
    """Counts runs. Rows and columns stand in the order in which they were first seen."""

    _runs: Counter[tuple[str, Column]] = attrs.field(factory=Counter, init=False)
    _passed: Counter[tuple[str, Column]] = attrs.field(factory=Counter, init=False)
    _failures: Counter[tuple[str, str]] = attrs.field(factory=Counter, init=False)

    def note(self, row: str, column: Column, run: str, failure: str | None) -> None:
        """Count one run, called *run*; *failure* says what went wrong, None: nothing did."""
        self._runs[row, column] += 1
        self._passed[row, column] += failure is None
        if failure is not None:
            self._failures[run, failure] += 1

    @property
    def total(self) -> int:
        """The number of runs."""
        return self._runs.total()

    @property
    def passed(self) -> int:
        """The number of those that passed."""
        return self._passed.total()

    @property
    def is_good(self) -> bool:
        """Whether there were any, and enough of them passed."""
        return self.total > 0 and self.passed >= BAR * self.total

    def text(self) -> str:
        """Return the table, the failures below it, and the share that passed."""
        rows = list(dict.fromkeys(row for row, _ in self._runs))
        columns = list(dict.fromkeys(column for _, column in self._runs))
        lines = [["", *(sdk for sdk, _ in columns)], ["", *(provider for _, provider in columns)]]
        lines += [[row, *(self._cell(row, column) for column in columns)] for row in rows]
        widths = [max(map(len, each)) for each in zip(*lines, strict=True)]
        said = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines]
        said += ["", *self._told(), f"{self.passed} of {self.total} passed: {self._percentage()} %"]
        return "\n".join(said) + "\n"

    def _cell(self, row: str, column: Column) -> str:
        runs = self._runs[row, column]
        return f"{self._passed[row, column]}/{runs}" if runs else "-"

    def _told(self) -> list[str]:
        told = []
        for (run, failure), count in sorted(self._failures.items()):
            told += [f"{run} failed {count} time{'s'[: count > 1]}:", *(f"    {line}" for line in failure.splitlines()), ""]
        return told

    def _percentage(self) -> str:
        """Return the share, never rounded up: 99.999 is not 100."""
        return f"{int(self.passed / max(1, self.total) * 10_000) / 100:.2f}"


def words(exc: BaseException) -> str:
    """Return what *exc* says; of a group, such as a nursery's, what each one in it says."""
    if isinstance(exc, BaseExceptionGroup):
        return "\n".join(map(words, exc.exceptions))
    cause = "" if exc.__cause__ is None else f" (because of {words(exc.__cause__)})"
    return f"{type(exc).__name__}: {exc}{cause}"
