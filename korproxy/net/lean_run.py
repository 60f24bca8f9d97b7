"""A run of Trio whose turns cost less: a clock and a table of instruments that are C where Trio's are Python.

Trio asks its clock six times per request, and looks another six times whether somebody measures it.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import attrs
import trio
from trio.lowlevel import Task


@attrs.frozen
class PlainClock(trio.abc.Clock):
    """Python's own monotonic clock, without the offset by which Trio's tells that somebody has mixed up the two."""

    current_time = staticmethod(perf_counter)

    def start_clock(self) -> None:
        """Nothing is to be done."""

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Return the seconds until *deadline*."""
        return deadline - perf_counter()


def lean() -> None:
    """Make the table of instruments of this run of Trio a plain dictionary; it still takes and lets go of instruments."""
    runner = _runner()
    try:
        from trio._core._instrumentation import Instruments

        if type(runner.instruments) is Instruments:
            runner.instruments = _quick(Instruments, runner.instruments.data)
    except (ImportError, AttributeError):  # another Trio, which may have none
        return


def waker() -> Callable[[Task, Any], None]:
    """Return ``trio.lowlevel.reschedule`` for this run only, which then is not looked up for each call."""
    found: Callable[[Task, Any], None] = getattr(_runner(), "reschedule", trio.lowlevel.reschedule)
    return found


def _runner() -> Any:
    return getattr(trio.lowlevel.current_task(), "_runner", None)


def _quick(instruments: type[Any], known: dict[str, Any]) -> Any:
    class Quick(dict[str, Any], instruments):  # type: ignore[misc]
        """Trio's ``Instruments``, whose own ``data`` it is."""

        __init__ = dict.__init__
        data = property(lambda self: self)

    return Quick(known)
