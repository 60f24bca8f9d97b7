"""Plots as SVG, for pages: horizontal bars with their numbers. A reader without the numbers would see only who is slow."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from tests.bench.figures import Round
from tests.bench.table import middle

ROW, LABEL, BAR, NUMBER = 28, 110, 420, 110  # pixels: the height of a bar's row, and the widths of its parts
PLOTS = (
    ("cpu-per-chat", "CPU per chat, 64 connections (µs, less is better)", "chat_64.cpu_us"),
    ("chats-per-second", "Chats per second, 64 connections (more is better)", "chat_64.answers_per_second"),
    ("events-per-second", "Events per second, 10 streams at full speed (more is better)", "stream.events_per_second"),
)


def write(folder: Path, rounds: Sequence[Round], gateways: Sequence[str]) -> list[Path]:
    """Write all plots into *folder*; return them. Who has no value for a plot is not in it."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, title, value in PLOTS:
        found = [(each, middle(rounds, each, value)) for each in gateways]
        path = folder / f"{name}.svg"
        path.write_text(bars(title, [(each, number) for each, number in found if number]), encoding="utf-8")
        written.append(path)
    return written


def bars(title: str, values: Sequence[tuple[str, float]]) -> str:
    """Return one plot: a bar for each of *values*, the longest over the whole width."""
    longest = max((value for _, value in values), default=1.0)
    rows = [_row(number, name, value, value / longest) for number, (name, value) in enumerate(values)]
    width, height = LABEL + BAR + NUMBER, ROW * (len(values) + 2)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="13">'
    ground = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join([head, ground, f'<text x="8" y="20" font-weight="bold">{escape(title)}</text>', *rows, "</svg>", ""])


def _row(number: int, name: str, value: float, share: float) -> str:
    top = ROW * (number + 1) + 6
    length = max(share * BAR, 1.0)
    colour = "#1f6feb" if name == "korproxy" else "#8b949e"
    shown = f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
    return (
        f'<text x="8" y="{top + 14}">{escape(name)}</text>'
        f'<rect x="{LABEL}" y="{top}" width="{length:.1f}" height="{ROW - 8}" fill="{colour}"/>'
        f'<text x="{LABEL + length + 6:.1f}" y="{top + 14}">{shown}</text>'
    )
