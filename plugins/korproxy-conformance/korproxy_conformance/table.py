"""The results for people: the table, what is left out of it and why, what failed and how. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from korproxy_conformance.names import CASES
from korproxy_conformance.results import FAIL, NOT_APPLICABLE, PASS, CellResult, Results

_COLOURS = {PASS: "green", FAIL: "red", NOT_APPLICABLE: "bright_black"}
_GAP = "  "


def text(results: Results) -> str:
    """Return all lines; colours are taken out again where the output is no terminal."""
    return "\n".join([*_rows(results.cells), *_left_out(results.cells), *_failures(results.cells), "", results.summary])


def _rows(cells: Sequence[CellResult]) -> Iterator[str]:
    cases = [each for each in CASES if any(cell.case == each for cell in cells)]
    rows = list(dict.fromkeys((cell.client, cell.provider) for cell in cells))
    found = {(cell.client, cell.provider, cell.case): cell.outcome for cell in cells}
    first = max((len(client) for client, _ in rows), default=0)
    second = max((len(provider) for _, provider in rows), default=0)
    yield f"{'client':{first}} > {'provider':{second}}{_GAP}{_GAP.join(cases)}"
    for client, provider in rows:
        outcomes = [(case, found.get((client, provider, case), "")) for case in cases]
        line = _GAP.join(f"{_coloured(outcome)}{' ' * (len(case) - len(outcome))}" for case, outcome in outcomes)
        yield f"{client:{first}} > {provider:{second}}{_GAP}{line}".rstrip()


def _coloured(outcome: str) -> str:
    return click.style(outcome, fg=_COLOURS[outcome]) if outcome else ""


def _left_out(cells: Sequence[CellResult]) -> Iterator[str]:
    """Tell why cells are n/a; and what is left out of others, once for all of them."""
    lines = [
        f"{NOT_APPLICABLE}  {cell.name}: {'; '.join(dict.fromkeys(step.why for step in cell.steps))}"
        for cell in cells
        if cell.outcome == NOT_APPLICABLE
    ]
    inside: dict[str, set[str]] = {}
    for cell in cells:
        for step in cell.of(NOT_APPLICABLE) if cell.outcome != NOT_APPLICABLE else ():
            inside.setdefault(f"{cell.case}: {step.name}: {step.why}", set()).add(cell.name)
    lines += [f"left out of {len(names)} of the cells: {what}" for what, names in inside.items()]
    yield from ["", *lines] if lines else ()


def _failures(cells: Sequence[CellResult]) -> Iterator[str]:
    failed = [cell for cell in cells if cell.outcome == FAIL]
    if failed:
        yield ""
    for cell in failed:
        for step in cell.of(FAIL):
            yield f"{_coloured(FAIL)}  {cell.name}: {step.title}: {step.why}"
