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
        line = _GAP.join(click.style(f"{outcome:{len(case)}}", fg=_COLOURS.get(outcome)) for case, outcome in outcomes)
        yield f"{client:{first}} > {provider:{second}}{_GAP}{line}".rstrip()


def _left_out(cells: Sequence[CellResult]) -> Iterator[str]:
    """Tell why a cell is n/a; a step that is left out of a cell that passes is told, too, once for all cells."""
    cells_left = [each for each in cells if each.outcome == NOT_APPLICABLE]
    if cells_left:
        yield ""
    for cell in cells_left:
        reasons = dict.fromkeys(step.why for step in cell.steps)
        yield f"{NOT_APPLICABLE}  {cell.name}: {'; '.join(reasons)}"


def _failures(cells: Sequence[CellResult]) -> Iterator[str]:
    failed = [cell for cell in cells if cell.outcome == FAIL]
    if failed:
        yield ""
    for cell in failed:
        for step in cell.of(FAIL):
            yield f"{click.style(FAIL, fg='red')}  {cell.name}: {step.title}: {step.why}"
