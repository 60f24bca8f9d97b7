"""The cases that are played in every cell of the table: four SDKs, all types of providers.

A case is an async function of a cell. It asserts what the SDK returned and what the provider received.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import TypeAlias

import attrs

from tests.e2e.cells import BOTH, COLUMNS, MODELS, SDKS, Cell, Way, is_often
from tests.e2e.stage import Stage

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
_WITH_TOOLS = ROWS[ROWS.index("tool round trip") : ROWS.index("no-argument tool") + 1]
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
    column: str
    way: Way

    def __str__(self) -> str:
        return f"{self.case.play.__name__}-{self.sdk}-{self.column}-{self.way}"

    @property
    def is_often(self) -> bool:
        """Whether the suite itself plays it."""
        return is_often(self.sdk, self.column)

    async def play(self, stage: Stage) -> None:
        """Play it on *stage*."""
        await self.case.play(Cell(stage=stage, sdk=self.sdk, column=self.column, model=MODELS[self.column], way=self.way))


_CASES: list[Case] = []


def case(
    row: str,
    *,
    ways: Sequence[Way] = BOTH,
    sdks: Sequence[str] = tuple(SDKS),
    columns: Sequence[str] = COLUMNS,
    where: Callable[[str, str], bool] = lambda _sdk, _column: True,
) -> Callable[[Play], Play]:
    """Register a function as a case of *row*, played in all cells of *sdks* and *columns* for which *where* holds."""
    assert row in ROWS

    def register(play: Play) -> Play:
        cells = [(sdk, column) for sdk in sdks for column in columns if _is_there(row, sdk, column) and where(sdk, column)]
        _CASES.append(Case(row=row, play=play, ways=ways, cells=cells))
        return play

    return register


def runs() -> list[Run]:
    """Return all cases in all their cells, row by row."""
    for each in MODULES:
        import_module(each)
    return [
        Run(case=each, sdk=sdk, column=column, way=way)
        for each in sorted(_CASES, key=lambda each: ROWS.index(each.row))
        for sdk, column in each.cells
        for way in each.ways
    ]


def _is_there(row: str, sdk: str, column: str) -> bool:
    """Tell whether a column has that cell: of ``sol`` it is what makes it another than ``codex``, tools in Chat."""
    return column != "sol" or (sdk == "openai" and row in _WITH_TOOLS)
