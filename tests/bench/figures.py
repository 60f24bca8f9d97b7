"""What is measured, what it may be at most, and how it is shown. Nothing here measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

import attrs


@attrs.frozen(kw_only=True)
class Measure:
    """One thing to measure.

    Attributes:
        name: Its key in the JSON.
        bar: What the median has to stay under, in *unit*; None: it is only shown.
    """

    name: str
    label: str
    unit: str
    bar: float | None = None


MEASURES = (
    Measure(name="version_ms", label="korproxy --version", unit="ms", bar=200),
    Measure(name="ready_ms", label="ready: exec to the first answer of /healthz", unit="ms", bar=700),
    Measure(name="ready_cpu_ms", label="CPU until then", unit="ms"),
    Measure(name="idle_memory_mb", label="idle memory, a second after the first chat", unit="MB", bar=65),
    Measure(name="cpu_us", label="CPU per request, unchanged, 1 connection", unit="us"),
    Measure(name="translated_cpu_us", label="CPU per request, Messages client, Chat provider", unit="us"),
    Measure(name="event_cpu_us", label="CPU per streamed event, unchanged", unit="us"),
    Measure(name="translated_event_cpu_us", label="CPU per streamed event, translated", unit="us"),
    Measure(name="added_p50_us", label="added p50 latency, 1 connection", unit="us"),
    Measure(name="requests_per_second", label="requests per second, 10 connections", unit="1/s"),
    Measure(name="busy_memory_mb", label="memory after all these requests", unit="MB"),
)


@attrs.frozen(kw_only=True)
class Figure:
    """What came out for one measure, run by run."""

    measure: Measure
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure that counts: one run that was disturbed does not move it."""
        return median(self.values)

    @property
    def missed(self) -> bool:
        """Whether there is a bar and the median is not under it."""
        return self.measure.bar is not None and self.median >= self.measure.bar


def figures_of(runs: Sequence[Mapping[str, float]], measures: Iterable[Measure] = MEASURES) -> list[Figure]:
    """Return one figure for each measure; each of the *runs* has its value by the measure's name."""
    return [Figure(measure=each, values=tuple(run[each.name] for run in runs)) for each in measures]


def exit_code(figures: Iterable[Figure]) -> int:
    """Return 1 where a bar was missed, else 0."""
    return int(any(each.missed for each in figures))


def table(figures: Iterable[Figure]) -> str:
    """Return a line for each figure, with the lowest and highest run beside the median."""
    lines = [f"{'':<46}{'median':>9}{'lowest':>9}{'highest':>9}  bar"]
    for each in figures:
        numbers = "".join(f"{_short(value):>9}" for value in (each.median, min(each.values), max(each.values)))
        lines.append(f"{each.measure.label:<46}{numbers}  {_verdict(each)}".rstrip())
    return "\n".join(lines)


def _verdict(figure: Figure) -> str:
    unit, bar = figure.measure.unit, figure.measure.bar
    return unit if bar is None else f"{unit} < {bar:g} {'MISSED' if figure.missed else 'ok'}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


def as_json(figures: Iterable[Figure], about: Mapping[str, object]) -> dict[str, object]:
    """Return what ``--json`` writes: *about* the machine, then every single value."""
    figures = list(figures)
    shown = {
        each.measure.name: {
            "label": each.measure.label,
            "unit": each.measure.unit,
            "median": each.median,
            "values": list(each.values),
            "bar": each.measure.bar,
            "missed": each.missed,
        }
        for each in figures
    }
    return {"about": dict(about), "figures": shown, "missed": bool(exit_code(figures))}
