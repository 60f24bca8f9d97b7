"""The cases that are played in every cell of the table: both SDKs, five types of provider.

A case is an async function of a cell. It asserts what the SDK returned and what the provider received.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import TypeAlias

import attrs

from tests.e2e.cells import BOTH, MODELS, PROVIDERS, SDKS, Cell, Way
from tests.e2e.stage import Model, Stage

Play: TypeAlias = Callable[[Cell], Awaitable[None]]

# The rows of the table, in its order. Several cases may share one.
ROWS = (
    "chat",
    "stream",
    "tool round trip",
    "parallel tools",
    "three rounds of tools",
    "no-argument tool",
    "image",
    "image in a tool result",
    "reasoning",
    "structured output",
    "length stop",
    "refusal",
    "usage with cache",
    "multi-byte splits",
    "429",
    "500",
    "provider refuses our key",
    "cut stream",
    "cancel",
)
MODULES = tuple(f"tests.e2e.cases_{each}" for each in ("talking", "tools", "reasoning", "failing"))


@attrs.frozen(kw_only=True)
class Case:
    """A case, and where it is played."""

    row: str
    play: Play
    ways: Sequence[Way]
    cells: Sequence[tuple[str, str]]


@attrs.frozen(kw_only=True)
class Run:
    """A case in one cell."""

    case: Case
    sdk: str
    model: Model
    way: Way

    def __str__(self) -> str:
        return f"{self.case.play.__name__}-{self.sdk}-{self.model.provider}-{self.way}"

    async def play(self, stage: Stage) -> None:
        """Play it on *stage*."""
        await self.case.play(Cell(stage=stage, sdk=self.sdk, model=self.model, way=self.way))


_CASES: list[Case] = []


def case(
    row: str,
    *,
    ways: Sequence[Way] = BOTH,
    sdks: Sequence[str] = SDKS,
    providers: Sequence[str] = PROVIDERS,
    where: Callable[[str, str], bool] = lambda _sdk, _provider: True,
) -> Callable[[Play], Play]:
    """Register a function as a case of *row*, played in all cells of *sdks* and *providers* for which *where* holds."""
    assert row in ROWS

    def register(play: Play) -> Play:
        cells = [(sdk, provider) for sdk in sdks for provider in providers if where(sdk, provider)]
        _CASES.append(Case(row=row, play=play, ways=ways, cells=cells))
        return play

    return register


def runs() -> list[Run]:
    """Return all cases in all their cells, row by row."""
    for each in MODULES:
        import_module(each)
    models = {each.provider: each for each in MODELS}
    return [
        Run(case=each, sdk=sdk, model=models[provider], way=way)
        for each in sorted(_CASES, key=lambda each: ROWS.index(each.row))
        for sdk, provider in each.cells
        for way in each.ways
    ]
