from __future__ import annotations

import logging
from collections.abc import Callable

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from korproxy.contracts import Events
from korproxy.errors.exceptions import CannotStart
from korproxy.models.outcome import Finished
from korproxy.runtime.bus import DRAIN, LAST_MOMENT, QUEUE, Bus, open_bus
from korproxy.runtime.supervise import Restart

Logs = list[logging.LogRecord]


def event(number: int) -> Finished:
    return Finished(
        id=str(number), correlation_id="c", key_name="client", dialect="d", model="m", outcome="ok", at=0.0, seconds=0.0
    )


def emit(bus: Bus, *numbers: int) -> None:
    for number in numbers:
        bus.emit(event(number))


@attrs.define
class Recorder:
    """Takes events, each in *pace* seconds; crashes when it was handed one of *crashes_at*, each time but once."""

    name: str = "recorder"
    pace: float = 0
    crashes_at: set[int] = attrs.field(factory=set)
    taken: list[int] = attrs.field(factory=list)

    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        async for each in events:
            number = int(each.id)
            if number in self.crashes_at:
                self.crashes_at.remove(number)
                raise ValueError(f"cannot take {number}")
            await trio.sleep(self.pace)
            self.taken.append(number)


@attrs.define
class Quick:
    """Takes what it gets and waits for nothing."""

    taken: list[int]
    name: str = "quick"

    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        async for each in events:
            self.taken.append(int(each.id))


@attrs.define
class Asleep:
    """Never takes anything."""

    name: str = "asleep"

    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:  # noqa: ARG002
        task_status.started()
        await trio.sleep_forever()


async def test_every_sink_gets_every_event() -> None:
    one, two = Recorder("one"), Recorder("two")
    async with open_bus([one, two]) as bus:
        emit(bus, 1, 2, 3)

    assert (one.taken, two.taken, dict(bus.dropped)) == ([1, 2, 3], [1, 2, 3], {})


async def test_without_sinks_events_go_nowhere() -> None:
    async with open_bus([]) as bus:
        emit(bus, 1)

    assert (bus.states, dict(bus.dropped)) == ([], {})


@given(st.lists(st.one_of(st.integers(0, 10**9), st.just(None)), max_size=60), st.floats(0, 1))
def test_a_healthy_sink_gets_every_event_in_order(steps: list[int | None], pace: float) -> None:
    """None stands for a moment in which others run."""
    sink, asleep = Recorder(pace=0), Asleep()

    async def feed() -> None:
        async with open_bus([asleep, sink]) as bus:
            for step in steps:
                if step is None:
                    await trio.sleep(pace)
                else:
                    emit(bus, step)
            await trio.testing.wait_all_tasks_blocked()
            assert sink.taken == [step for step in steps if step is not None]

    logging.getLogger("korproxy.runtime").disabled = True  # what the sleeper loses is no matter here
    try:
        trio.run(feed, clock=MockClock(autojump_threshold=0))
    finally:
        logging.getLogger("korproxy.runtime").disabled = False


async def test_emitting_never_waits_and_what_does_not_fit_is_counted(autojump_clock: MockClock, expected_logs: Logs) -> None:
    began = trio.current_time()
    async with open_bus([Asleep(), Recorder()]) as bus:
        await trio.testing.wait_all_tasks_blocked()
        for number in range(QUEUE + 7):
            bus.emit(event(number))
            if number % 1000 == 0:
                await trio.testing.wait_all_tasks_blocked()  # the other sink takes what it has
        assert trio.current_time() == began
        assert dict(bus.dropped) == {"asleep": 7}

    assert dict(bus.dropped) == {"asleep": 7 + QUEUE}
    assert [each.getMessage() for each in expected_logs] == [
        "the sink asleep does not take its events as they come: some are lost",
        f"the sink asleep lost {7 + QUEUE} events in all",
    ]


async def test_a_quick_sink_loses_nothing_however_many_requests_end_in_one_turn() -> None:
    sink = Quick([])

    async with open_bus([sink]) as bus:
        for turn in range(4 * QUEUE // 50):
            emit(bus, *range(50 * turn, 50 * turn + 50))
            await trio.lowlevel.checkpoint()

    assert (sink.taken, dict(bus.dropped)) == (list(range(len(sink.taken))), {})
    assert len(sink.taken) == 4 * QUEUE // 50 * 50


async def test_a_slow_sink_costs_the_others_nothing(autojump_clock: MockClock, expected_logs: Logs) -> None:
    quick = Recorder("quick")
    async with open_bus([Recorder("slow", pace=3600), quick]) as bus:
        emit(bus, *range(5))
        await trio.testing.wait_all_tasks_blocked()
        taken = list(quick.taken)

    assert (taken, dict(bus.dropped)) == ([0, 1, 2, 3, 4], {"slow": 4})  # the fifth it had in hand
    assert len(expected_logs) == 2


async def test_a_sink_that_crashed_finds_its_queue_as_it_left_it(autojump_clock: MockClock, expected_logs: Logs) -> None:
    sink = Recorder(crashes_at={2})
    async with open_bus([sink]) as bus:
        emit(bus, 1, 2, 3)
        await trio.testing.wait_all_tasks_blocked()
        assert (bus.states[0].state, sink.taken) == ("waiting to restart", [1])
        emit(bus, 4)
        await trio.sleep(1.1)
        assert bus.states[0].to_dict() == {
            "name": "sink recorder",
            "state": "running",
            "restarts": 1,
            "last_error": "ValueError: cannot take 2",
        }

    assert (sink.taken, dict(bus.dropped)) == ([1, 3, 4], {})
    assert len(expected_logs) == 1


async def test_while_a_sink_waits_to_restart_its_queue_grows_no_further_than_any(
    autojump_clock: MockClock, expected_logs: Logs
) -> None:
    sink = Recorder(crashes_at={0})
    async with open_bus([sink], Restart(first_pause=60)) as bus:
        emit(bus, 0)
        await trio.testing.wait_all_tasks_blocked()
        emit(bus, *range(1, QUEUE + 11))

    assert (len(sink.taken), sink.taken[-1], dict(bus.dropped)) == (QUEUE, QUEUE, {"recorder": 10})
    assert len(expected_logs) == 3


async def test_at_the_end_sinks_take_what_is_queued(autojump_clock: MockClock) -> None:
    sink = Recorder(pace=0.4)
    began = trio.current_time()
    async with open_bus([sink]) as bus:
        emit(bus, *range(10))

    assert (sink.taken, dict(bus.dropped)) == (list(range(10)), {})
    assert trio.current_time() - began == pytest.approx(4)


async def test_at_the_end_sinks_get_five_seconds_and_what_is_left_then_is_counted(
    autojump_clock: MockClock, expected_logs: Logs
) -> None:
    sink = Recorder(pace=2)
    began = trio.current_time()
    async with open_bus([sink]) as bus:
        emit(bus, *range(10))

    assert trio.current_time() - began == DRAIN == 5
    assert (sink.taken, dict(bus.dropped)) == ([0, 1], {"recorder": 7})
    assert expected_logs[-1].getMessage() == "the sink recorder lost 7 events in all"


async def test_at_the_end_a_sink_that_rests_after_a_crash_is_woken_to_take_what_is_queued(
    autojump_clock: MockClock, expected_logs: Logs
) -> None:
    sink = Recorder(crashes_at={0})
    began = trio.current_time()
    async with open_bus([sink], Restart(first_pause=60)) as bus:
        emit(bus, 0, 1, 2)
        await trio.sleep(1)

    assert trio.current_time() - began == 1
    assert (sink.taken, dict(bus.dropped)) == ([1, 2], {})
    assert len(expected_logs) == 1


async def test_at_the_end_a_sink_that_crashes_again_and_again_does_not_hold_up_anybody(
    autojump_clock: MockClock, expected_logs: Logs
) -> None:
    sink = Recorder(crashes_at={0, 1, 2, 3})
    began = trio.current_time()
    async with open_bus([sink], Restart(first_pause=60)) as bus:
        emit(bus, 0, 1, 2, 3)
        await trio.sleep(1)

    assert trio.current_time() - began == 1
    assert (sink.taken, dict(bus.dropped)) == ([], {"recorder": 2})
    assert len(expected_logs) == 4


async def test_after_the_end_events_are_only_counted(expected_logs: Logs) -> None:
    async with open_bus([Recorder()]) as bus:
        pass
    emit(bus, 1, 2)

    assert dict(bus.dropped) == {"recorder": 2}
    assert len(expected_logs) == 1


async def test_a_sink_that_returns_has_ended_and_its_events_are_counted(expected_logs: Logs) -> None:
    class Short:
        name = "short"

        async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:
            task_status.started()
            await events.receive()

    async with open_bus([Short()]) as bus:
        emit(bus, 1, 2)
        await trio.testing.wait_all_tasks_blocked()
        emit(bus, 3)

    assert (bus.states[0].state, dict(bus.dropped)) == ("ended", {"short": 2})
    assert len(expected_logs) == 2


async def test_a_cancelled_bus_still_gives_its_sinks_a_moment(autojump_clock: MockClock) -> None:
    sink = Recorder(pace=0.1)
    began = trio.current_time()
    with trio.move_on_after(1) as scope:
        async with open_bus([sink]) as bus:
            await trio.sleep(0.95)
            emit(bus, 1, 2, 3)
            await trio.sleep_forever()

    assert (scope.cancelled_caught, sink.taken) == (True, [1, 2, 3])
    assert trio.current_time() - began == pytest.approx(1.25)


async def test_a_cancelled_bus_waits_no_longer_than_a_moment(autojump_clock: MockClock, expected_logs: Logs) -> None:
    began = trio.current_time()
    with trio.move_on_after(1):
        async with open_bus([Asleep()]) as bus:
            emit(bus, 1)
            await trio.sleep_forever()

    assert trio.current_time() - began == 1 + LAST_MOMENT
    assert dict(bus.dropped) == {"asleep": 1}
    assert len(expected_logs) == 2


async def test_a_cancellation_shortens_the_end_that_is_under_way(autojump_clock: MockClock, expected_logs: Logs) -> None:
    began = trio.current_time()
    with trio.move_on_after(2):
        async with open_bus([Asleep()]) as bus:
            emit(bus, 1)

    assert trio.current_time() - began == 2 + LAST_MOMENT
    assert len(expected_logs) == 2


async def test_sinks_take_what_is_queued_when_the_block_fails(autojump_clock: MockClock) -> None:
    sink = Recorder(pace=0.1)
    with pytest.RaisesGroup(KeyError):
        async with open_bus([sink]) as bus:
            emit(bus, 1, 2, 3)
            raise KeyError

    assert sink.taken == [1, 2, 3]


def sink_that(start: Callable[[], None] | None) -> Recorder:
    """Return a sink that fails at its start, or with None never comes to its end."""

    @attrs.define
    class Stillborn(Recorder):
        async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:  # noqa: ARG002
            if start is None:
                await trio.sleep_forever()
            else:
                start()

    return Stillborn("stillborn")


def fail() -> None:
    raise PermissionError("no right")


@pytest.mark.code("KP-SYS-513")
@pytest.mark.parametrize(("start", "reason"), [(fail, "PermissionError: no right"), (None, "it was not ready within 10 s")])
async def test_a_sink_that_does_not_start_fails_its_starter(
    autojump_clock: MockClock, start: Callable[[], None] | None, reason: str
) -> None:
    with pytest.RaisesGroup(CannotStart) as caught:
        async with open_bus([Recorder(), sink_that(start)]):
            pass

    [error] = caught.value.exceptions
    assert isinstance(error, CannotStart)
    assert (error.code, error.detail) == ("KP-SYS-513", f"The sink 'stillborn' did not start: {reason}.")


async def test_the_bus_does_without_a_sink_where_its_starter_can() -> None:
    told: list[tuple[str, str]] = []
    sink = Recorder()
    without = sink_that(fail)
    async with open_bus([without, sink], not_started=lambda each, why: told.append((each.name, why))) as bus:
        emit(bus, 1)

    assert (told, sink.taken, [each.name for each in bus.states]) == (
        [("stillborn", "PermissionError: no right")],
        [1],
        ["sink recorder"],
    )


async def test_a_stop_ends_the_waiting_for_sinks(autojump_clock: MockClock) -> None:
    stop, told = trio.Event(), list[str]()
    stop.set()
    began = trio.current_time()
    async with open_bus([sink_that(None), sink_that(None)], not_started=lambda _, why: told.append(why), stop=stop):
        pass

    assert (len(told), trio.current_time()) == (2, began)


async def test_a_cancellation_during_the_start_reaches_sinks_that_have_not_started(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    with trio.move_on_after(3):
        async with open_bus([Recorder(), sink_that(None)]):
            pass

    assert trio.current_time() == began + 3
