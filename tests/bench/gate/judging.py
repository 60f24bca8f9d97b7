"""What the measured times say. Nothing here measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median, quantiles

import attrs

SLOWER, BLIND = 1, 2  # exit codes
STEADY = 0.25  # how far apart the middle four fifths of the reference may be on a machine that does nothing else


@attrs.frozen(kw_only=True)
class Pairs:
    """Microseconds of CPU per unit on two sides, round by round: what stands in one round was measured within a second."""

    name: str
    unit: str
    base: Sequence[float]
    head: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        """Head over base in each round."""
        return [head / base for base, head in zip(self.base, self.head, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the paired ratios: rounds that were disturbed do not move it, and a slow minute hits both sides."""
        return median(self.ratios)

    @property
    def middle(self) -> tuple[float, float]:
        """Between which ratios the middle half of the rounds lies."""
        if len(self.base) < 2:
            return self.ratio, self.ratio
        low, _, high = quantiles(self.ratios, n=4, method="inclusive")
        return low, high


@attrs.frozen(kw_only=True)
class Measured:
    """One whole measurement.

    Attributes:
        pairs: The base's code against the code that is judged.
        planted: The code that is judged against itself with a known slowdown.
        reference: Nanoseconds of a loop that is always the same, measured beside every slice.
    """

    pairs: Sequence[Pairs]
    planted: Pairs
    reference: Sequence[float]

    @property
    def unrest(self) -> float:
        """How far apart the middle four fifths of the reference are, as a part of its median."""
        if len(self.reference) < 2:
            return 0.0
        tenths = quantiles(self.reference, n=10, method="inclusive")
        return (tenths[-1] - tenths[0]) / median(self.reference)


@attrs.frozen(kw_only=True)
class Verdict:
    """What *measured* means where *limit* is the highest ratio that passes."""

    measured: Measured
    limit: float

    @property
    def slower(self) -> list[str]:
        """The scenarios that cost more than they may."""
        return [each.name for each in self.measured.pairs if each.ratio > self.limit]

    @property
    def blind(self) -> bool:
        """Whether the planted slowdown passed: then nothing that this run says can be trusted."""
        return self.measured.planted.ratio <= self.limit

    @property
    def exit_code(self) -> int:
        """0: passed."""
        if self.slower:
            return SLOWER
        return BLIND if self.blind else 0

    def line(self, base: str) -> str:
        """Return everything in one line."""
        ratios = ", ".join(f"{each.name} {each.ratio:.3f}" for each in self.measured.pairs)
        words = {0: "ok", SLOWER: "SLOWER", BLIND: "BLIND"}[self.exit_code]
        return f"{words}: CPU against {base} (limit {self.limit:.2f}): {ratios}; planted {self.measured.planted.ratio:.3f}"

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table, its head first."""
        head = ("", "base", "now", "ratio", "middle half of the rounds", "")
        return [
            head,
            *(_row(each, "SLOWER" if each.ratio > self.limit else "ok") for each in self.measured.pairs),
            self._planted(),
        ]

    def _planted(self) -> tuple[str, ...]:
        planted = self.measured.planted
        return _row(planted, "NOT NOTICED" if self.blind else "noticed, as it has to be")

    def steadiness(self) -> str:
        """Say how quiet the machine was; what is judged are ratios of neighbours, so that an unsteady one only widens them."""
        unrest, rounds = self.measured.unrest, len(self.measured.planted.base)
        word = "steady" if unrest <= STEADY else "NOT STEADY"
        return f"{rounds} rounds; the machine was {word}: the reference loop varied by {unrest:.0%}"


def _row(pairs: Pairs, verdict: str) -> tuple[str, ...]:
    low, high = pairs.middle
    base, head = (f"{median(side):,.1f} us" for side in (pairs.base, pairs.head))
    return f"{pairs.name}, per {pairs.unit}", base, head, f"{pairs.ratio:.3f}", f"{low:.3f} to {high:.3f}", verdict


def plain(rows: Sequence[Sequence[str]]) -> str:
    """Return *rows* in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return *rows* as a table of Markdown."""
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, f"|{'---|' * len(rows[0])}", *rest])


def pairs_of(name: str, unit: str, rounds: Sequence[Mapping[str, float]], base: str, head: str) -> Pairs:
    """Return two sides of *rounds*, each of which has its microseconds by the side's name."""
    return Pairs(name=name, unit=unit, base=[each[base] for each in rounds], head=[each[head] for each in rounds])
