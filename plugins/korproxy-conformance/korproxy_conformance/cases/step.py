"""A step of a case: one thing that is checked in a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from korproxy_conformance.cell import Cell

Play: TypeAlias = Callable[[Cell, bool], None]


def _always(_cell: Cell) -> str | None:
    return None


@attrs.frozen(kw_only=True)
class Step:
    """One thing to check.

    Attributes:
        name: What is checked, in words.
        play: Raises ``Wrong`` if it is not as it has to be; is told whether to stream.
        streamed: The ways in which it is played.
        unfit: Says why it makes no sense in a cell, or None.
    """

    case: str
    name: str
    play: Play
    streamed: tuple[bool, ...] = (False, True)
    unfit: Callable[[Cell], str | None] = _always


WHOLE = (False,)
STREAMED = (True,)


def crossing_only(cell: Cell) -> str | None:
    """Say why a step about translating is not for *cell*."""
    return None if cell.crosses else "both formats are the same"


def passing_only(cell: Cell) -> str | None:
    """Say why a step about passing bytes is not for *cell*."""
    return "the formats differ, so the bytes cannot be the same" if cell.crosses else None
