"""A pause waits, is woken, cancelled and made anew, as Trio's own waiting is."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from outcome import Error
from trio.lowlevel import Abort, RaiseCancelT, Task, current_task, reschedule

from korproxy.net.waking import WOKEN, pause, plea_to_trio


def _give_up(_: RaiseCancelT) -> Abort:
    return Abort.SUCCEEDED


async def test_a_pause_ends_when_its_task_is_woken() -> None:
    plea, waiting, woken = plea_to_trio(_give_up), list[Task](), list[int]()

    async def wait(times: int) -> None:
        for number in range(times):
            waiting.append(current_task())
            await pause(plea)
            woken.append(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait, 3)
        for _ in range(3):
            await trio.testing.wait_all_tasks_blocked()
            reschedule(waiting.pop(), WOKEN)
    assert woken == [0, 1, 2]


async def test_a_pause_whose_task_is_cancelled_ends_as_trio_wants_it() -> None:
    plea, ended = plea_to_trio(_give_up), False
    with trio.move_on_after(0) as scope:
        try:
            await pause(plea)
        except trio.Cancelled:
            ended = True
            raise
    assert (ended, scope.cancelled_caught) == (True, True)


async def test_a_pause_raises_what_its_task_is_sent() -> None:
    plea, waiting = plea_to_trio(_give_up), list[Task]()

    async def wait() -> None:
        waiting.append(current_task())
        with pytest.raises(trio.BrokenResourceError):
            await pause(plea)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        reschedule(waiting.pop(), Error(trio.BrokenResourceError()))
