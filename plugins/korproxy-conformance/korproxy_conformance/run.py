"""Play the steps in the cells, one after the other: what the mock received since a step began is that step's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import httpx

from korproxy_conformance.cases import STEPS
from korproxy_conformance.cases.step import Step
from korproxy_conformance.cell import Cell, Target
from korproxy_conformance.clients import CLIENTS
from korproxy_conformance.mock import Mock
from korproxy_conformance.names import CASES, FORMATS
from korproxy_conformance.results import FAIL, NOT_APPLICABLE, PASS, CellResult, Results, StepResult
from korproxy_conformance.wire import Line
from korproxy_conformance.wrong import Wrong


@attrs.frozen(kw_only=True)
class Wanted:
    """Which part of the table to play."""

    clients: Sequence[str] = FORMATS
    providers: Sequence[str] = FORMATS
    cases: Sequence[str] = CASES

    def places(self) -> list[tuple[str, str, str]]:
        """Return case, client, provider. Case by case: what may upset a gateway comes last, for all of them."""
        return [(case, client, provider) for case in self.cases for client in self.clients for provider in self.providers]


def run(
    target: Target, mock: Mock, line: Line, wanted: Wanted, tell: Callable[[int, int, str], None] = lambda *_: None
) -> Results:
    """Play all of *wanted* against *target*.

    *tell* is called before each cell with its number, their number and its name, and at the end with the number after the last.
    """
    found: dict[tuple[str, str, str], CellResult] = {}
    places = wanted.places()
    for number, (case, client, provider) in enumerate(places, 1):
        tell(number, len(places), f"{client} > {provider}, {case}")
        cell = Cell(client=CLIENTS[client], provider=provider, target=target, line=line, mock=mock)
        steps = [_play(step, cell, streamed) for step in STEPS if step.case == case for streamed in step.streamed]
        found[client, provider, case] = CellResult(client=client, provider=provider, case=case, steps=steps)
    tell(len(places) + 1, len(places), "")
    rows = [(client, provider, case) for client in wanted.clients for provider in wanted.providers for case in wanted.cases]
    return Results(target=target.url, cells=[found[each] for each in rows])


def _play(step: Step, cell: Cell, streamed: bool) -> StepResult:
    reason = step.unfit(cell)
    if reason is not None:
        return StepResult(name=step.name, streamed=streamed, outcome=NOT_APPLICABLE, why=reason)
    cell.target.wake(cell.provider)
    cell.mock.forget()
    try:
        step.play(cell, streamed)
    except Wrong as wrong:
        return _failed(step, streamed=streamed, wrong=wrong)
    except httpx.HTTPError as exc:
        lost = Wrong("an answer", f"{type(exc).__name__}: {exc}", "the connection")
        return _failed(step, streamed=streamed, wrong=lost)
    return StepResult(name=step.name, streamed=streamed, outcome=PASS)


def _failed(step: Step, *, streamed: bool, wrong: Wrong) -> StepResult:
    return StepResult(
        name=step.name,
        streamed=streamed,
        outcome=FAIL,
        why=str(wrong),
        expected=wrong.expected,
        came=wrong.came,
        at=wrong.at,
    )
