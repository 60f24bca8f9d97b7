"""The queue in front of a sink: bounded, in order, and nobody is held up by it."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from korproxy.models.outcome import Finished
from korproxy.runtime.event_queue import AT_ONCE, TURN, EventQueue, Intake, QueueReader


def event(number: int) -> Finished:
    return Finished(
        id=str(number), correlation_id="c", key_name="client", dialect="d", model="m", outcome="ok", at=0.0, seconds=0.0
    )


def filled(count: int, most: int = 1000) -> EventQueue:
    queue = queue_of(most)
    put(queue, *range(count))
    return queue


def queue_of(most: int) -> EventQueue:
    queue = EventQueue(most, Intake())
    queue._intake.queues.append(queue)
    return queue


def put(queue: EventQueue, *numbers: int) -> None:
    for number in numbers:
        queue._intake.put(event(number))


async def everything(queue: EventQueue, taken: list[int]) -> None:
    async for each in QueueReader(queue):
        taken.append(int(each.id))  # noqa: PERF401 -- others look at it meanwhile


@given(st.lists(st.one_of(st.integers(1, 9), st.just(0)), max_size=30), st.integers(1, 12))
def test_what_was_put_in_comes_out_in_order_and_what_did_not_fit_was_refused(steps: list[int], most: int) -> None:
    """So many events come at once; 0 stands for a moment in which the sink runs."""
    there, taken = list[int](), list[int]()

    async def play() -> None:
        queue, number = queue_of(most), 0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(everything, queue, taken)
            for step in steps:
                for _ in range(step):
                    number += 1
                    before = queue.lost
                    put(queue, number)
                    held = len(queue)  # which puts in what has come
                    if queue.lost == before:
                        there.append(number)
                    else:
                        assert held == most
                if not step:
                    await wait_all_tasks_blocked()
                    assert (len(queue), taken) == (0, there)
            queue.close()

    trio.run(play, clock=MockClock(autojump_threshold=0))

    assert taken == there


async def test_many_events_are_handed_out_in_one_turn_and_then_others_get_theirs() -> None:
    count = 3 * TURN
    queue, taken, seen = filled(count), list[int](), set[int]()

    async def others() -> None:
        while len(taken) < count:
            seen.add(len(taken))
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(everything, queue, taken)
        nursery.start_soon(others)
        queue.close()

    assert seen <= {0, TURN, 2 * TURN}
    assert seen & {TURN, 2 * TURN}  # which of the two tasks goes first in a turn is chance
    assert taken == list(range(count))


async def test_of_a_closed_queue_the_rest_can_be_taken_and_nothing_is_put_in() -> None:
    queue = filled(2)
    queue.close()

    put(queue, 3)
    assert (len(queue), queue.lost) == (2, 1)
    assert [int((await queue.get()).id) for _ in range(2)] == [0, 1]
    with pytest.raises(trio.EndOfChannel):
        await queue.get()
    with pytest.raises(trio.EndOfChannel):
        queue.get_nowait()


async def test_whoever_waits_is_told_of_the_end() -> None:
    queue, taken = queue_of(5), list[int]()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(everything, queue, taken)
        await wait_all_tasks_blocked()
        queue.close()

    assert taken == []


def test_what_is_abandoned_is_counted() -> None:
    queue = filled(3)

    put(queue, 3)
    queue.abandon()
    before = queue.lost
    put(queue, 4)
    queue.abandon()

    assert (before, len(queue), queue.lost) == (4, 0, 5)


async def test_whoever_is_cancelled_while_it_waits_takes_nothing_away() -> None:
    queue = queue_of(5)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(everything, queue, [])
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        put(queue, 7)

    assert (await queue.get()).id == "7"


async def test_a_reader_takes_what_is_there_without_waiting() -> None:
    reader = QueueReader(filled(1))

    assert reader.receive_nowait().id == "0"
    with pytest.raises(trio.WouldBlock):
        reader.receive_nowait()


async def test_a_reader_that_was_closed_takes_nothing_and_the_queue_lives_on() -> None:
    queue = filled(1)
    async with QueueReader(queue) as reader:
        pass

    with pytest.raises(trio.ClosedResourceError):
        reader.receive_nowait()
    with pytest.raises(trio.ClosedResourceError):
        await reader.receive()
    assert (await QueueReader(queue).receive()).id == "0"
    with pytest.raises(trio.ClosedResourceError):
        await reader.receive_many(5)


async def test_many_are_taken_at_once_and_no_more_than_wanted() -> None:
    queue = filled(5)
    reader = QueueReader(queue)
    taken = [[int(each.id) for each in await reader.receive_many(most)] for most in (2, 9)]
    queue.close()

    assert taken == [[0, 1], [2, 3, 4]]
    with pytest.raises(trio.EndOfChannel):
        await reader.receive_many(1)


async def test_whoever_waits_for_many_gets_the_first_at_once() -> None:
    queue, taken = queue_of(5), list[list[str]]()

    async def take() -> None:
        taken.append([each.id for each in await queue.get_many(5)])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        await wait_all_tasks_blocked()
        put(queue, 1, 2)

    assert taken == [["1", "2"]]


def test_all_queues_get_all_and_what_one_has_no_room_for_is_lost_for_that_only() -> None:
    intake = Intake()
    one, two = EventQueue(AT_ONCE + 1, intake), EventQueue(AT_ONCE - 1, intake)
    intake.queues += one, two
    for number in range(AT_ONCE + 1):
        intake.put(event(number))

    assert [(len(each), each.lost) for each in (one, two)] == [(AT_ONCE + 1, 0), (AT_ONCE - 1, 2)]


def test_what_nobody_waits_for_is_put_in_some_at_a_time() -> None:
    queue = queue_of(1000)
    put(queue, *range(AT_ONCE - 1))
    before = len(queue._events)
    put(queue, AT_ONCE)

    assert (before, len(queue._events)) == (0, AT_ONCE)
