from __future__ import annotations

from time import perf_counter
from typing import Any

import attrs
import pytest
import trio
from trio.lowlevel import Task

from korproxy.net import lean_run
from korproxy.net.lean_run import PlainClock, lean, waker
from korproxy.net.waking import WOKEN, pause, plea_to_trio


@attrs.define(eq=False)
class Steps(trio.abc.Instrument):
    """Counts the steps that tasks make."""

    count: int = 0

    def before_task_step(self, task: Task) -> None:  # noqa: ARG002
        self.count += 1


def instruments() -> Any:
    return lean_run._runner().instruments


async def test_nobody_is_asked_in_python_whether_somebody_measures() -> None:
    lean()

    assert type(instruments()).__contains__ is dict.__contains__


async def test_who_measures_is_told_and_can_stop_whether_it_came_before_or_after() -> None:
    before, after = Steps(), Steps()
    trio.lowlevel.add_instrument(before)
    lean()
    trio.lowlevel.add_instrument(after)
    await trio.lowlevel.checkpoint()
    for each in (before, after):
        trio.lowlevel.remove_instrument(each)
    counts = before.count, after.count
    await trio.lowlevel.checkpoint()

    assert (min(counts) > 0, (before.count, after.count)) == (True, counts)


async def test_once_is_enough() -> None:
    lean()
    first = instruments()
    lean()

    assert instruments() is first


async def test_another_trio_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lean_run, "_runner", lambda: None)
    lean()

    assert waker() is trio.lowlevel.reschedule


async def test_who_is_woken_goes_on() -> None:
    task, wake = trio.lowlevel.current_task(), waker()
    trio.lowlevel.current_trio_token().run_sync_soon(wake, task, WOKEN)

    await pause(plea_to_trio(lambda _: trio.lowlevel.Abort.FAILED))


def test_the_plain_clock_is_pythons_and_wakes_in_time() -> None:
    async def main() -> tuple[float, float]:
        began, clock = perf_counter(), trio.current_time()
        await trio.sleep(0.01)
        return perf_counter() - began, clock - began

    slept, apart = trio.run(main, clock=PlainClock())

    assert 0.01 <= slept < 10
    assert 0 <= apart < 10
