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
        with grace.interruptible() as scope:
            await trio.sleep_forever()
        ended.append((scope.cancelled_caught, trio.current_time()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        nursery.start_soon(work)
        await trio.sleep(5)
        grace.end()

    assert ended == [(True, 5), (True, 5)]


async def test_work_that_ends_in_time_is_not_interrupted() -> None:
    grace = Grace()
    with grace.interruptible() as scope:
        await trio.lowlevel.checkpoint()
    grace.end()

    assert (scope.cancel_called, scope.cancelled_caught) == (False, False)


async def test_what_begins_after_the_grace_is_interrupted_at_its_first_wait() -> None:
    grace = Grace()
    grace.end()
    reached: list[str] = []
    with grace.interruptible() as scope:
        reached.append("began")
        await trio.lowlevel.checkpoint()
        reached.append("went on")

    assert (scope.cancelled_caught, grace.over, reached) == (True, True, ["began"])


async def test_work_that_no_longer_waits_when_the_grace_ends_counts_as_done() -> None:
    grace = Grace()
    with grace.interruptible() as scope:
        grace.end()

    assert (scope.cancel_called, scope.cancelled_caught) == (True, False)


async def test_of_nested_work_the_outer_one_is_what_was_interrupted() -> None:
    grace = Grace()
    reached: list[str] = []
    with grace.interruptible() as outer:
        with grace.interruptible() as inner:
            grace.end()
            await trio.lowlevel.checkpoint()
        reached.append("between")
        await trio.lowlevel.checkpoint()

    assert (outer.cancelled_caught, inner.cancelled_caught, reached) == (True, False, [])


async def test_inner_work_that_is_over_leaves_the_outer_one_interruptible() -> None:
    grace = Grace()
    with grace.interruptible() as outer:
        with grace.interruptible() as inner:
            pass
        grace.end()
        await trio.lowlevel.checkpoint()

    assert (outer.cancelled_caught, inner.cancel_called) == (True, False)


async def test_the_cancellation_of_somebody_else_passes_through() -> None:
    grace = Grace()
    with trio.CancelScope() as others:
        with grace.interruptible() as scope:
            others.cancel()
            await trio.lowlevel.checkpoint()

    assert (others.cancelled_caught, scope.cancelled_caught) == (True, False)


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
            most = len(grace._scopes)
        with pytest.raises(LookupError), grace.interruptible():
            raise LookupError
    with grace.interruptible():
        grace.end()
        await trio.lowlevel.checkpoint()

    assert (most, len(grace._scopes)) == (1, 0)


async def test_the_grace_may_end_twice() -> None:
    grace = Grace()
    with grace.interruptible() as scope:
        grace.end()
        grace.end()
        await trio.lowlevel.checkpoint()

    assert scope.cancelled_caught
