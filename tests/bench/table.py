"""The figures for people and for programs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import median

from tests.bench.figures import Figure, NotMeasured, Round
from tests.bench.gateways import KORPROXY

ROWS = (
    ("chats per second, 1 connection", "chat_1.answers_per_second"),
    ("chats per second, 10 connections", "chat_10.answers_per_second"),
    ("chats per second, 64 connections", "chat_64.answers_per_second"),
    ("CPU us per chat, 1 connection", "chat_1.cpu_us"),
    ("CPU us per chat, 10 connections", "chat_10.cpu_us"),
    ("CPU us per chat, 64 connections", "chat_64.cpu_us"),
    ("p50 us, 1 connection", "chat_1.p50"),
    ("p95 us, 1 connection", "chat_1.p95"),
    ("first byte of a stream, p50 us", "first_byte.first_p50"),
    ("events per second, 10 streams", "stream.events_per_second"),
    ("CPU us per event of them", "stream.event_cpu_us"),
    ("200 paced streams, % in time", "paced.percent"),
    ("CPU us per event of them", "paced.event_cpu_us"),
    ("CPU us, body of 124 KB", "large.cpu_us"),
    ("CPU us, body of 8 MB", "huge.cpu_us"),
    ("memory for a body of 8 MB, MB", "huge.memory_mb"),
    ("CPU us per translated chat", "translated.cpu_us"),
    ("CPU us per translated event", "translated_stream.event_cpu_us"),
    ("client gone to closed, p99 ms", "cancel.p99_ms"),
)


def middle(rounds: Sequence[Round], gateway: str, name: str) -> float | None:
    """Return the median of what *gateway* had; None: it had none."""
    values = []
    for each in rounds:
        try:
            values.append(each(gateway, name))
        except NotMeasured:
            continue
    return median(values) if values else None


def comparison(rounds: Sequence[Round], gateways: Sequence[str]) -> str:
    """Return a table with a column for each gateway."""
    lines = [f"{'medians':<36}" + "".join(f"{each:>12}" for each in gateways)]
    for label, name in ROWS:
        cells = [_cell(middle(rounds, each, name)) for each in gateways]
        lines.append(f"{label:<36}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(lines)


def bars(figures: Iterable[Figure], asked: Collection[str]) -> str:
    """Return a line for each figure, with the lowest and highest round beside the median.

    Args:
        asked: The peers that were to be measured.
    """
    lines = [f"{'korproxy':<46}{'median':>9}{'lowest':>9}{'highest':>9}  bar"]
    for each in figures:
        if each.values:
            numbers = "".join(f"{_cell(value):>9}" for value in (each.median, min(each.values), max(each.values)))
        else:
            numbers = f"{'-':>9}{'':>18}"
        lines.append(f"{each.measure.label:<46}{numbers}  {_verdict(each, asked)}".rstrip())
    return "\n".join(lines)


def _verdict(figure: Figure, asked: Collection[str]) -> str:
    measure = figure.measure
    unit = measure.unit or "times"
    if not figure.values:
        known = figure.lacks == KORPROXY or figure.lacks in asked
        return f"{unit} {figure.lacks} NOT MEASURED" if known else f"{unit} {figure.lacks} was not asked for"
    return unit if measure.bar is None else f"{unit} {measure.sense} {measure.bar:g} {'MISSED' if figure.missed else 'ok'}"


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


def summary(figures: Sequence[Figure], not_measured: Mapping[str, str]) -> str:
    """Return the last lines: how many bars hold, which do not, and what was not measured and why."""
    barred = [each for each in figures if each.measure.bar is not None and (each.values or each.missed)]
    missed = [each.measure.name for each in barred if each.missed]
    lines = [f"NOT MEASURED: {name}: {why}" for name, why in not_measured.items()]
    named = f"; missed: {', '.join(missed)}" if missed else ""
    return "\n".join([*lines, f"{len(barred) - len(missed)} of {len(barred)} bars hold{named}"])


def as_json(
    about: Mapping[str, object], figures: Iterable[Figure], rounds: Iterable[Round], not_measured: Mapping[str, str]
) -> dict[str, object]:
    """Return what ``--json`` writes: *about* the machine and the run, then every single value."""
    figures = list(figures)
    shown = {
        each.measure.name: {
            "label": each.measure.label,
            "unit": each.measure.unit,
            "median": each.median if each.values else None,
            "values": list(each.values),
            "bar": each.measure.bar,
            "sense": each.measure.sense,
            "missed": each.missed,
        }
        for each in figures
    }
    return {
        "about": dict(about),
        "figures": shown,
        "rounds": [each.values for each in rounds],
        "not_measured": dict(not_measured),
        "missed": [each.measure.name for each in figures if each.missed],
    }
