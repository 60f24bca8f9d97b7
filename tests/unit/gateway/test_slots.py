from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from korproxy.errors.exceptions import Busy
from korproxy.gateway.slots import Slots
from korproxy.models.providers import Limits


def slots(running: int, waiting: int) -> Slots:
    return Slots("one", Limits(max_concurrency=running, max_queue=waiting))


async def test_so_many_run_as_the_limit_says_and_the_next_one_waits(autojump_clock: MockClock) -> None:
    places = slots(2, 5)
    entered: list[str] = []

    async def enter(who: str) -> None:
        await places.enter(who, 60)
        entered.append(who)

    async with trio.open_nursery() as nursery:
        for who in ("a", "b", "c", "d"):
            nursery.start_soon(enter, who)
            await wait_all_tasks_blocked()
        assert (entered, places.running, places.waiting) == (["a", "b"], 2, 2)
        places.leave("a")
        await wait_all_tasks_blocked()
        assert (entered, places.running, places.waiting) == (["a", "b", "c"], 2, 1)
        places.leave("b")

    assert (entered, places.running, places.waiting) == (["a", "b", "c", "d"], 2, 0)


@pytest.mark.code("KP-RATE-402")
async def test_whoever_finds_the_queue_full_is_sent_away_at_once() -> None:
    places = slots(1, 1)
    await places.enter("runs", 60)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(places.enter, "waits", 60)
        await wait_all_tasks_blocked()
        with pytest.raises(Busy) as caught:
            await places.enter("too many", 60)
        counts = (places.running, places.waiting)
        nursery.cancel_scope.cancel()

    assert (caught.value.code, counts) == ("KP-RATE-402", (1, 1))
    assert caught.value.detail == (
        "one has 1 requests running and 1 waiting: no room for more (max_concurrency = 1, max_queue = 1)."
    )


async def test_without_a_queue_nobody_waits() -> None:
    places = slots(1, 0)
    await places.enter("runs", 60)

    with pytest.raises(Busy, match=r"1 requests running and 0 waiting"):
        await places.enter("too many", 60)


@pytest.mark.code("KP-RATE-404")
async def test_patience_has_an_end(autojump_clock: MockClock) -> None:
    places = slots(1, 5)
    await places.enter("runs", 60)
    began = trio.current_time()
    with pytest.raises(Busy) as caught:
        await places.enter("waits", 7)

    assert (caught.value.code, caught.value.retry_after) == ("KP-RATE-404", 5.0)
    assert trio.current_time() - began == pytest.approx(7)
    assert caught.value.detail == "No place at one became free within 7 s (1 requests running, 0 others waiting)."
    assert (places.running, places.waiting) == (1, 0)


async def test_no_patience_at_all_still_takes_a_free_place() -> None:
    places = slots(1, 5)
    await places.enter("runs", 0)

    with pytest.raises(Busy, match="within 0 s"):
        await places.enter("waits", 0)


async def test_who_is_cancelled_while_waiting_leaves_nothing_behind() -> None:
    places = slots(1, 5)
    await places.enter("runs", 60)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(places.enter, "waits", 60)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert (places.running, places.waiting) == (1, 0)

    places.leave("runs")
    await places.enter("later", 0)
    assert (places.running, places.waiting) == (1, 0)


async def test_a_place_that_was_never_taken_cannot_be_given_back() -> None:
    with pytest.raises(RuntimeError):
        slots(1, 1).leave("nobody")


async def play(limits: Limits, script: list[tuple[float, float, float]], look: Callable[[Slots], None]) -> Slots:
    """Let requests come at their time, with their patience, and stay for their time; *look* after every step of any."""
    places = Slots("one", limits)

    async def request(at: float, patience: float, stay: float) -> None:
        await trio.sleep(at)
        who = object()
        with trio.move_on_after(patience * 1.5):  # some clients leave, among them such as still wait
            try:
                await places.enter(who, patience)
            except Busy:
                look(places)
                return
            try:
                look(places)
                await trio.sleep(stay)
            finally:
                places.leave(who)
                look(places)

    async with trio.open_nursery() as nursery:
        for each in script:
            nursery.start_soon(request, *each)
    return places


TIMES = st.integers(0, 8).map(float)


@given(st.integers(1, 3), st.integers(0, 3), st.lists(st.tuples(TIMES, TIMES, TIMES), max_size=12))
def test_limits_hold_at_every_moment_and_in_the_end_nobody_is_counted(
    running: int, waiting: int, script: list[tuple[float, float, float]]
) -> None:
    seen: list[tuple[int, int]] = []
    limits = Limits(max_concurrency=running, max_queue=waiting)

    def look(places: Slots) -> None:
        seen.append((places.running, places.waiting))

    places = trio.run(play, limits, script, look, clock=MockClock(autojump_threshold=0))

    assert all(0 <= run <= running and 0 <= wait <= waiting for run, wait in seen)
    assert (places.running, places.waiting) == (0, 0)


@attrs.frozen(eq=False)
class Who:
    """Somebody who is at an account."""

    account: str


async def test_what_runs_and_waits_is_told_by_account(autojump_clock: MockClock) -> None:
    places = slots(2, 4)
    assert places.take(Who("a"))
    assert places.take(Who("b"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(places.enter, Who("a"), 60.0)
        nursery.start_soon(places.enter, "nobody's", 60.0)
        await wait_all_tasks_blocked()
        assert (places.load("a"), places.load("b"), places.load("c")) == ((1, 1), (1, 0), (0, 0))
        nursery.cancel_scope.cancel()
