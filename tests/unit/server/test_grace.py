"""The grace: what runs when it ends is interrupted, and what begins afterwards at once."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from korproxy.server.grace import Grace


async def test_work_is_interrupted_when_the_grace_ends(autojump_clock: MockClock) -> None:
    grace = Grace()
    ended: list[tuple[bool, float]] = []

    async def work() -> None:
        with grace.interruptible() as work:
            await trio.sleep_forever()
        ended.append((work.interrupted, trio.current_time()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        nursery.start_soon(work)
        await trio.sleep(5)
        grace.end()

    assert ended == [(True, 5), (True, 5)]


async def test_work_that_ends_in_time_is_not_interrupted() -> None:
    grace = Grace()
    with grace.interruptible() as work:
        await trio.lowlevel.checkpoint()
    grace.end()

    assert not work.interrupted


async def test_what_begins_after_the_grace_is_interrupted_at_its_first_wait() -> None:
    grace = Grace()
    grace.end()
    reached: list[str] = []
    with grace.interruptible() as work:
        reached.append("began")
        await trio.lowlevel.checkpoint()
        reached.append("went on")

    assert (work.interrupted, grace.over, reached) == (True, True, ["began"])


async def test_work_that_no_longer_waits_when_the_grace_ends_counts_as_done() -> None:
    grace = Grace()
    with grace.interruptible() as work:
        grace.end()

    assert not work.interrupted


async def test_of_nested_work_the_outer_one_is_what_was_interrupted() -> None:
    grace = Grace()
    reached: list[str] = []
    with grace.interruptible() as outer:
        with grace.interruptible() as inner:
            grace.end()
            await trio.lowlevel.checkpoint()
        reached.append("between")
        await trio.lowlevel.checkpoint()

    assert (outer.interrupted, inner.interrupted, reached) == (True, False, [])


async def test_inner_work_that_is_over_leaves_the_outer_one_interruptible() -> None:
    grace = Grace()
    with grace.interruptible() as outer:
        with grace.interruptible() as inner:
            pass
        grace.end()
        await trio.lowlevel.checkpoint()

    assert (outer.interrupted, inner.interrupted) == (True, False)


async def test_the_cancellation_of_somebody_else_passes_through() -> None:
    grace = Grace()
    with trio.CancelScope() as others:
        with grace.interruptible() as work:
            others.cancel()
            await trio.lowlevel.checkpoint()

    assert (others.cancelled_caught, work.interrupted) == (True, False)


async def test_goodbyes_can_be_said_after_an_interruption() -> None:
    grace = Grace()
    with grace.interruptible():
        grace.end()
        await trio.lowlevel.checkpoint()
    with trio.move_on_after(1) as after:
        await trio.lowlevel.checkpoint()

    assert not after.cancelled_caught


async def test_no_work_is_remembered_after_its_end() -> None:
    grace = Grace()
    for _ in range(100):
        with grace.interruptible():
            most = len(grace.running)
        with pytest.raises(LookupError), grace.interruptible():
            raise LookupError
    with grace.interruptible():
        grace.end()
        await trio.lowlevel.checkpoint()

    assert (most, len(grace.running)) == (1, 0)


async def test_the_grace_may_end_twice() -> None:
    grace = Grace()
    with grace.interruptible() as work:
        grace.end()
        grace.end()
        await trio.lowlevel.checkpoint()

    assert work.interrupted


async def test_work_in_the_scope_of_its_caller_is_interrupted_by_cancelling_that() -> None:
    grace = Grace()
    reached: list[str] = []
    with trio.CancelScope() as theirs:
        with grace.interruptible(theirs) as work:
            grace.end()
            await trio.lowlevel.checkpoint()
        reached.append("goodbye")
        with trio.CancelScope(shield=True):
            await trio.lowlevel.checkpoint()
        reached.append("said")
        await trio.lowlevel.checkpoint()
        reached.append("went on")

    assert (work.interrupted, theirs.cancelled_caught, reached) == (True, True, ["goodbye", "said"])


async def test_what_is_wrong_with_work_in_the_scope_of_its_caller_comes_out_of_it() -> None:
    grace = Grace()
    theirs = trio.CancelScope()
    grace.end()
    with pytest.raises(LookupError), grace.interruptible(theirs) as work:
        raise LookupError

    assert (theirs.cancel_called, work.interrupted) == (True, False)


async def test_whoever_is_cancelled_by_their_own_scope_was_not_interrupted() -> None:
    grace = Grace()
    with trio.CancelScope() as theirs:
        with grace.interruptible(theirs) as work:
            theirs.cancel()
            await trio.lowlevel.checkpoint()

    assert (work.interrupted, theirs.cancelled_caught, grace.over) == (False, True, False)


async def test_work_of_several_tasks_is_interrupted_as_one() -> None:
    grace = Grace()
    with trio.CancelScope() as theirs:
        with grace.interruptible(theirs) as work:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                grace.end()
                await trio.sleep_forever()

    assert work.interrupted
