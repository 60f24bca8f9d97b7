from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import attrs
import pytest
import trio
from trio.testing import MockClock

from korproxy.models.measures import HOUR, MINUTE
from korproxy.store.aging import DAY
from korproxy.store.connection import StoreDown
from korproxy.store.services import EVERY, MetricsFlush, Purge
from korproxy.store.store import Store
from tests.fakes.stores import NOON, Database, finished, opened

T = TypeVar("T")


@attrs.define
class InLine:
    """A recorder that asks at once and in no thread, so that time can be virtual."""

    store: Store
    flushed: list[float] = attrs.field(factory=list)
    down: bool = False
    many: trio.Event = attrs.field(factory=trio.Event)

    async def flush(self) -> None:
        self.flushed.append(trio.current_time())

    async def until_many(self) -> None:
        await self.many.wait()
        self.many = trio.Event()

    async def work(self, action: Callable[[Store], T]) -> T:
        if self.down:
            raise StoreDown("KP-SYS-533", "Not now.")
        await trio.lowlevel.checkpoint()
        return action(self.store)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store.open(tmp_path / "korproxy.db")
    yield found
    found.close()


async def test_it_is_written_every_few_seconds(store: Store, autojump_clock: MockClock) -> None:
    recorder = InLine(store)
    with trio.move_on_after(7):
        await MetricsFlush(recorder, 2.0).run(task_status=trio.TASK_STATUS_IGNORED)
    assert recorder.flushed == [2, 4, 6]


async def test_much_is_written_at_once(store: Store, autojump_clock: MockClock) -> None:
    recorder = InLine(store)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: MetricsFlush(recorder, 60.0).run(task_status=trio.TASK_STATUS_IGNORED))
        await trio.sleep(5)
        recorder.many.set()
        await trio.sleep(61)
        nursery.cancel_scope.cancel()
    assert recorder.flushed == [5, 65]


async def test_ten_days_of_traffic_leave_seven_days_and_a_bounded_file(
    store: Store, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "korproxy.store")
    every, step = 15 * MINUTE, 5  # some requests every quarter of an hour, and more at each full hour
    sizes: list[int] = []
    oldest: list[float] = []

    def now() -> float:
        return NOON + trio.current_time()

    async def traffic() -> None:
        while trio.current_time() < 10 * DAY:
            second = int(trio.current_time())
            models = [f"model-{number}" for number in range(step if second % HOUR else 4 * step)]
            store.write([finished(second, upstream_model=each) for each in models])
            (request,) = store.connection.execute("SELECT min(at) FROM requests")[0]
            (bucket,) = store.connection.execute("SELECT min(start) FROM buckets")[0]
            oldest.append(now() - min(request, bucket))
            sizes.append(store.connection.size())
            await trio.sleep(every)

    async with trio.open_nursery() as nursery:
        purge = Purge(InLine(store), days=7, most=1_000_000, now=now, first=10)
        nursery.start_soon(lambda: purge.run(task_status=trio.TASK_STATUS_IGNORED))
        await traffic()
        nursery.cancel_scope.cancel()

    assert 7 * DAY < max(oldest) <= 7 * DAY + HOUR
    assert sum(each.message.startswith("purged:") for each in caplog.records) == 10  # at the start, and each day
    assert max(sizes) < 1.1 * max(sizes[: len(sizes) * 8 // 10])  # from the eighth day on it grows no more
    minutes = store.connection.execute("SELECT count(*) FROM buckets WHERE span = ? AND start < ?", (MINUTE, now() - 27 * HOUR))
    assert minutes == [(0,)]
    per_day = 24 * 4 * step + 24 * 3 * step
    kept = sum(totals.requests for _, totals in store.counted(now() - 7 * DAY, now()))
    assert 6.9 * per_day < kept <= 7 * per_day
    assert sum(totals.requests for _, totals in store.totals()) == 10 * per_day


async def test_it_begins_soon_after_the_start_and_makes_no_store(store: Store, autojump_clock: MockClock) -> None:
    asked: list[float] = []

    def exists() -> bool:
        asked.append(trio.current_time())
        return False

    with trio.move_on_after(10 + 2 * EVERY + 1):
        recorder = InLine(store, down=True)
        await Purge(recorder, days=7, most=10, exists=exists).run(task_status=trio.TASK_STATUS_IGNORED)
    assert asked == [10, 10 + EVERY, 10 + 2 * EVERY]


async def test_a_store_that_is_down_is_tidied_up_later(store: Store, autojump_clock: MockClock) -> None:
    store.write([finished(0)])
    recorder = InLine(store, down=True)
    async with trio.open_nursery() as nursery:
        purge = Purge(recorder, days=1, most=10, now=lambda: NOON + 5 * DAY)
        nursery.start_soon(lambda: purge.run(task_status=trio.TASK_STATUS_IGNORED))
        await trio.sleep(30)
        recorder.down = False
        await trio.sleep(60)
        nursery.cancel_scope.cancel()
    assert store.facts()["requests"] == 0


async def test_it_is_the_same_on_every_database(base: Database) -> None:
    with opened(base.place) as store:
        store.write([finished(number * HOUR) for number in range(60)])
        purge = Purge(InLine(store), days=1, most=10, now=lambda: NOON + 60 * HOUR)
        done = await purge.purge()
        assert (done.requests, done.buckets, store.facts()["requests"], purge.tidied) == (50, 36, 10, NOON + 60 * HOUR)
