"""Waiting in Trio without what ``wait_task_rescheduled`` makes anew for each wait: five objects, and twice the steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import coroutine

from outcome import Outcome, Value
from trio.lowlevel import Abort, RaiseCancelT, wait_task_rescheduled

WOKEN: Outcome[None] = Value(None)  # what whoever is in ``pause`` has to be rescheduled with: one for all, which nobody unwraps


def plea_to_trio(abort: Callable[[RaiseCancelT], Abort]) -> object:
    """Return what ``wait_task_rescheduled(abort)`` yields to Trio. It may be yielded again for every wait with that *abort*."""
    waiting = wait_task_rescheduled(abort)  # noqa: ASYNC105 -- only begun, to see what it says
    plea: object = waiting.send(None)
    waiting.close()
    return plea


@coroutine
def pause(plea: object) -> Generator[object, Outcome[None], None]:
    """Wait as ``wait_task_rescheduled`` does, until the task is rescheduled with ``WOKEN``; raises where it is cancelled."""
    woken = yield plea
    if woken is not WOKEN:
        woken.unwrap()
