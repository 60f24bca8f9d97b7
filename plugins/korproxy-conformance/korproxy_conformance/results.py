"""What came out: of each step, of each cell, of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

PASS = "pass"  # noqa: S105 -- a word of the table
FAIL = "FAIL"
NOT_APPLICABLE = "n/a"


@attrs.frozen(kw_only=True)
class StepResult:
    """What came out of one step. ``why`` is the reason where it makes no sense, the explanation where it failed."""

    name: str
    streamed: bool
    outcome: str
    why: str = ""
    expected: str = ""
    came: str = ""
    at: str = ""

    @property
    def title(self) -> str:
        """What was checked, and how."""
        return f"{self.name} ({'streamed' if self.streamed else 'whole'})"


@attrs.frozen(kw_only=True)
class CellResult:
    """What came out of one case in one cell: this is what is counted as a check."""

    client: str
    provider: str
    case: str
    steps: Sequence[StepResult]

    @property
    def outcome(self) -> str:
        """It fails if a step fails, and makes no sense if no step does."""
        outcomes = {each.outcome for each in self.steps}
        if FAIL in outcomes:
            return FAIL
        return PASS if PASS in outcomes else NOT_APPLICABLE

    @property
    def name(self) -> str:
        """Where it is in the table."""
        return f"{self.client} > {self.provider}, {self.case}"

    def of(self, outcome: str) -> list[StepResult]:
        """Return the steps with this outcome."""
        return [each for each in self.steps if each.outcome == outcome]


@attrs.frozen(kw_only=True)
class Results:
    """All of it."""

    target: str
    cells: Sequence[CellResult]

    def count(self, outcome: str) -> int:
        """Count the cells with this outcome."""
        return sum(each.outcome == outcome for each in self.cells)

    @property
    def checks(self) -> int:
        """Count the cells that make sense."""
        return len(self.cells) - self.count(NOT_APPLICABLE)

    @property
    def percent(self) -> float:
        """How many of them pass; never rounded up. Of none: 0, as nothing was shown."""
        return self.count(PASS) * 1000 // self.checks / 10 if self.checks else 0.0

    @property
    def all_good(self) -> bool:
        """Whether all passed that make sense, and there were some."""
        return self.checks > 0 and self.count(FAIL) == 0

    @property
    def summary(self) -> str:
        """The last line."""
        left_out = self.count(NOT_APPLICABLE)
        return f"conformance: {self.percent:g} % ({self.count(PASS)} of {self.checks} checks, {left_out} n/a)"

    def data(self) -> dict[str, Any]:
        """Return all of it in JSON's own types."""
        return {
            "target": self.target,
            "percent": self.percent,
            "passed": self.count(PASS),
            "failed": self.count(FAIL),
            "not_applicable": self.count(NOT_APPLICABLE),
            "checks": [
                {
                    "client": each.client,
                    "provider": each.provider,
                    "case": each.case,
                    "result": each.outcome.lower(),
                    "steps": [_step(step) for step in each.steps],
                }
                for each in self.cells
            ],
        }


def _step(step: StepResult) -> dict[str, Any]:
    said: dict[str, Any] = {"name": step.name, "streamed": step.streamed, "result": step.outcome.lower()}
    details = {"why": step.why, "expected": step.expected, "came": step.came, "at": step.at}
    return {**said, **{name: value for name, value in details.items() if value}}
