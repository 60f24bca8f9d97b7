from __future__ import annotations

import logging
import math
from functools import partial
from itertools import pairwise
from typing import NoReturn

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from korproxy.errors.exceptions import CannotStart
from korproxy.runtime.supervise import Restart, ServiceState, described, start_within, supervise, unwrap

Logs = list[logging.LogRecord]


@attrs.define
class Life:
    """A task whose lives are told before: how many seconds each takes to be useful, and how many until it crashes."""

    lives: list[tuple[float, float]]
    started_at: list[float] = attrs.field(factory=list)

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        self.started_at.append(trio.current_time())
        until_useful, until_crash = self.lives.pop(0) if self.lives else (0, math.inf)
        await trio.sleep(until_useful)
        task_status.started()
        await trio.sleep(until_crash)
        raise ValueError("no more")


async def times_of_starts(lives: list[tuple[float, float]], span: float = 10_000) -> list[float]:
    """Return when a task with these *lives* is started, seconds from the first start, in the first *span* seconds."""
    life, state = Life(lives), ServiceState(name="x")
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(supervise, life.run, state, restart=Restart()))
        await trio.sleep(span)
        nursery.cancel_scope.cancel()
    return [each - began for each in life.started_at]


async def test_pauses_double_from_one_second_to_a_minute(autojump_clock: MockClock, expected_logs: Logs) -> None:
    starts = await times_of_starts([(0, 0)] * 9)

    assert [later - earlier for earlier, later in pairwise(starts)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert [each.getMessage() for each in expected_logs[:2]] == [
        "x crashed: ValueError: no more; it starts again in 1 s",
        "x crashed: ValueError: no more; it starts again in 2 s",
    ]


async def test_five_healthy_minutes_are_a_clean_slate(autojump_clock: MockClock, expected_logs: Logs) -> None:
    starts = await times_of_starts([(0, 0), (0, 0), (0, 300), (0, 0)])

    assert starts == [0, 1, 3, 304, 306]
    assert [each.getMessage().rpartition(" in ")[2] for each in expected_logs] == ["1 s", "2 s", "1 s", "2 s"]


async def test_less_than_five_healthy_minutes_are_not(autojump_clock: MockClock, expected_logs: Logs) -> None:
    starts = await times_of_starts([(0, 0), (0, 0), (0, 299), (0, 0)])

    assert starts == [0, 1, 3, 306, 314]
    assert len(expected_logs) == 4


async def test_the_time_until_it_is_useful_is_not_health(autojump_clock: MockClock, expected_logs: Logs) -> None:
    starts = await times_of_starts([(0, 0), (0, 0), (400, 0), (0, 0)])

    assert starts == [0, 1, 3, 407, 415]
    assert len(expected_logs) == 4


@given(st.floats(0.001, 10), st.floats(0.001, 1000), st.integers(1, 10_000))
def test_no_pause_is_shorter_than_the_one_before_or_longer_than_the_longest(first: float, longest: float, crashes: int) -> None:
    restart = Restart(first_pause=first, longest_pause=longest)
    pauses = [restart.pause(each) for each in (crashes, crashes + 1)]

    assert 0 < pauses[0] <= pauses[1] <= longest
    assert restart.pause(1) == min(first, longest)


async def test_a_crash_before_it_was_useful_is_its_starters_problem(autojump_clock: MockClock) -> None:
    async def stillborn(*, task_status: trio.TaskStatus[None]) -> None:
        raise PermissionError("no right")

    async with trio.open_nursery() as nursery:
        with pytest.RaisesGroup(PermissionError, flatten_subgroups=True):
            await nursery.start(partial(supervise, stillborn, ServiceState(name="x"), restart=Restart()))

    assert trio.current_time() < 1


async def test_a_return_before_it_was_useful_is_its_starters_problem() -> None:
    async def lazy(*, task_status: trio.TaskStatus[None]) -> None: ...

    async with trio.open_nursery() as nursery:
        with pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="started"), flatten_subgroups=True):
            await nursery.start(partial(supervise, lazy, ServiceState(name="x"), restart=Restart()))


async def test_a_crash_at_a_later_start_is_only_another_crash(autojump_clock: MockClock, expected_logs: Logs) -> None:
    begun: list[float] = []

    async def sickly(*, task_status: trio.TaskStatus[None]) -> None:
        begun.append(trio.current_time())
        if len(begun) in (2, 3):
            raise OSError("not yet")
        task_status.started()
        await trio.sleep(math.inf if len(begun) > 1 else 0)
        raise ValueError

    state = ServiceState(name="x")
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(supervise, sickly, state, restart=Restart()))
        await trio.sleep(1000)
        assert (state.state, state.restarts, state.last_error) == ("running", 3, "OSError: not yet")
        nursery.cancel_scope.cancel()

    assert [each - begun[0] for each in begun] == [0, 1, 3, 7]
    assert len(expected_logs) == 3


async def test_a_task_that_returns_has_ended_and_is_left_alone(autojump_clock: MockClock) -> None:
    async def short(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await trio.sleep(5)

    state = ServiceState(name="x")
    with trio.fail_after(6):
        await supervise(short, state, restart=Restart())

    assert state.to_dict() == {"name": "x", "state": "ended", "restarts": 0, "last_error": None}


async def test_the_state_tells_what_goes_on(autojump_clock: MockClock, expected_logs: Logs) -> None:
    state = ServiceState(name="x")
    seen: list[tuple[float, str, int, str | None]] = []

    async def look() -> NoReturn:
        while True:
            seen.append((trio.current_time() - began, state.state, state.restarts, state.last_error))
            await trio.sleep(1)

    life = Life([(1, 2), (2, 100)])
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(supervise, life.run, state, restart=Restart(first_pause=2)))
        await trio.sleep(0.5)
        began = trio.current_time()
        nursery.start_soon(look)
        await trio.sleep(7.1)
        nursery.cancel_scope.cancel()

    wrong = "ValueError: no more"
    assert seen == [
        (0, "starting", 0, None),
        (1, "running", 0, None),
        (2, "running", 0, None),
        (3, "waiting to restart", 0, wrong),
        (4, "waiting to restart", 0, wrong),
        (5, "starting", 1, wrong),
        (6, "starting", 1, wrong),
        (7, "running", 1, wrong),
    ]
    assert len(expected_logs) == 1


async def test_the_traceback_of_a_crash_is_in_the_log_at_debug(
    autojump_clock: MockClock, expected_logs: Logs, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "korproxy.runtime"):
        await times_of_starts([(0, 0)], span=5)

    [traceback] = [each for each in caplog.records if each.exc_info]
    assert (traceback.levelname, traceback.getMessage()) == ("DEBUG", "x crashed here:")
    assert len(expected_logs) == 1


@pytest.mark.parametrize("lived", [0.5, 1.5, 2.5])
async def test_it_can_be_cancelled_while_it_starts_while_it_runs_and_while_it_rests(
    autojump_clock: MockClock, expected_logs: Logs, lived: float
) -> None:
    life = Life([(1, 1)])
    with trio.move_on_after(lived) as scope:
        await supervise(life.run, ServiceState(name="x"), restart=Restart())

    assert (scope.cancelled_caught, trio.current_time() % 1, len(life.started_at)) == (True, 0.5, 1)
    assert len(expected_logs) == (lived == 2.5)


async def test_what_fails_while_it_is_cancelled_is_neither_restarted_nor_lost(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def sore_loser(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("goodbye failed")

    with caplog.at_level(logging.INFO, "korproxy.runtime"), trio.move_on_after(1) as scope:
        await supervise(sore_loser, ServiceState(name="x"), restart=Restart())

    assert scope.cancelled_caught
    assert [each.getMessage() for each in caplog.records] == ["x failed while it was being stopped: ValueError: goodbye failed"]


async def test_a_crash_that_comes_together_with_a_cancellation_takes_nobody_along(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("one of two")

    async def two(*, task_status: trio.TaskStatus[None]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails)
            task_status.started()
            await trio.sleep_forever()

    with caplog.at_level(logging.INFO, "korproxy.runtime"), trio.move_on_after(1) as scope:
        await supervise(two, ServiceState(name="x"), restart=Restart())

    assert scope.cancelled_caught
    assert [each.getMessage() for each in caplog.records] == ["x failed while it was being stopped: ValueError: one of two"]


async def test_a_task_that_calls_exit_has_crashed(autojump_clock: MockClock, expected_logs: Logs) -> None:
    async def leaves(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        raise SystemExit(3)

    state = ServiceState(name="x")
    with trio.move_on_after(0.5):
        await supervise(leaves, state, restart=Restart())

    assert (state.state, state.last_error) == ("waiting to restart", "SystemExit: 3")
    assert len(expected_logs) == 1


async def test_an_interrupt_is_nobodys_crash() -> None:
    async def interrupted(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        raise KeyboardInterrupt

    with pytest.RaisesGroup(KeyboardInterrupt):
        await supervise(interrupted, ServiceState(name="x"), restart=Restart())


async def test_closing_ends_a_pause_and_makes_the_next_crash_the_last(autojump_clock: MockClock, expected_logs: Logs) -> None:
    life, state, closing = Life([(0, 0)] * 5), ServiceState(name="x"), trio.Event()
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(supervise, life.run, state, restart=Restart(first_pause=30), closing=closing))
        await trio.sleep(5)
        closing.set()

    assert (trio.current_time() - began, state.state, state.restarts) == (5, "ended", 1)
    assert [each.getMessage() for each in expected_logs] == [
        "x crashed: ValueError: no more; it starts again in 30 s",
        "x crashed: ValueError: no more; KorProxy stops, so it does not start again",
    ]


async def test_a_task_that_starts_in_time_is_left_running(autojump_clock: MockClock) -> None:
    async def slow(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep(9)
        task_status.started()
        await trio.sleep(9)
        ended.append(trio.current_time())

    ended: list[float] = []
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        reason = await start_within(10, nursery, slow, stop=trio.Event())
        assert (reason, trio.current_time() - began) == (None, 9)

    assert ended == [began + 18]


async def test_a_task_that_does_not_start_in_time_is_cancelled(autojump_clock: MockClock) -> None:
    async def never(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        reason = await start_within(10, nursery, never)

    assert reason == "it was not ready within 10 s"


@pytest.mark.parametrize(
    ("exc", "reason"),
    [
        (PermissionError("no right"), "PermissionError: no right"),
        (SystemExit(3), "SystemExit: 3"),
        (CannotStart("KP-SYS-515", "No such address."), "[KP-SYS-515] No such address."),
    ],
)
async def test_why_a_task_did_not_start_is_told_in_words(exc: BaseException, reason: str) -> None:
    async def stillborn(*, task_status: trio.TaskStatus[None]) -> None:
        raise exc

    async with trio.open_nursery() as nursery:
        assert await start_within(10, nursery, stillborn) == reason


async def test_a_stop_ends_the_waiting_for_a_start(autojump_clock: MockClock) -> None:
    async def never(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep_forever()

    stop = trio.Event()
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 3)
        nursery.start_soon(_set_after, stop, 2)
        reason = await start_within(10, nursery, never, stop=stop)
        took = trio.current_time() - began

    assert (reason is None, took) == (False, 2)


async def _set_after(event: trio.Event, seconds: float) -> None:
    await trio.sleep(seconds)
    event.set()


async def test_what_cancels_its_starter_cancels_the_start(autojump_clock: MockClock) -> None:
    async def never(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep_forever()

    reached = False
    with trio.move_on_after(1):
        async with trio.open_nursery() as nursery:
            await start_within(10, nursery, never)
            reached = True

    assert not reached


class Mute(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("exc", "text"),
    [
        (ValueError("a\n  b"), "ValueError: a b"),
        (ValueError(), "ValueError"),
        (ExceptionGroup("outer", [ExceptionGroup("inner", [KeyError("k")])]), "KeyError: 'k'"),
        (ExceptionGroup("two", [ValueError(), KeyError()]), "ExceptionGroup: two (2 sub-exceptions)"),
        (Mute(), "Mute: (and its text cannot be had: ZeroDivisionError)"),
        (CannotStart("KP-SYS-502", "Port 1 is taken."), "[KP-SYS-502] Port 1 is taken."),
    ],
)
def test_an_exception_is_described_on_one_line(exc: BaseException, text: str) -> None:
    assert described(exc) == text


def test_a_page_of_text_is_cut() -> None:
    assert described(ValueError("x " * 1000)) == "ValueError: " + "x " * 143 + "x…"


def test_only_single_things_are_unwrapped() -> None:
    one, two = ValueError(), KeyError()
    both = ExceptionGroup("", [one, two])

    assert unwrap(one) is one
    assert unwrap(ExceptionGroup("", [ExceptionGroup("", [one])])) is one
    assert unwrap(ExceptionGroup("", [both])) is both
