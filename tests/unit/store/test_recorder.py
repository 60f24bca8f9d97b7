from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from korproxy.models.outcome import Finished, Usage
from korproxy.models.searching import WantedRequests
from korproxy.store import recorder as module
from korproxy.store import sqlite_file
from korproxy.store.connection import Damaged, StoreBusy, StoreDown, StoreNewer
from korproxy.store.place import InFile, Place
from korproxy.store.recorder import Recorder
from korproxy.store.store import Store
from tests.fakes.events import open_events
from tests.fakes.stores import NOON, Database, finished, opened

Logs = list[logging.LogRecord]
ALL = WantedRequests(most=1000)


def ids(store: Store) -> list[str]:
    return [each["correlation_id"] for each in reversed(store.requests(ALL))]


def said(logs: Logs) -> list[str]:
    return [each.getMessage() for each in logs]


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def run(recorder: Recorder, events: Sequence[Finished]) -> None:
    """Run *recorder* as the sink that it is, to its end."""
    sender, receiver = open_events(100)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: recorder.run(receiver, task_status=trio.TASK_STATUS_IGNORED))
        for each in events:
            await sender.send(each)
        await sender.aclose()


@attrs.frozen
class Unreliable(InFile):
    """A place that cannot be opened as often as there are entries in ``failures``."""

    failures: list[int] = attrs.field(factory=list)

    def open(self) -> Store:
        if self.failures:
            self.failures.pop()
            raise StoreDown("KP-SYS-533", "Not now.")
        return super().open()


async def test_whoever_asks_sees_all_that_has_happened_so_far(base: Database) -> None:
    recorder = Recorder(base.place)
    recorder.take(finished(1))
    recorder.take(finished(2))
    assert await recorder.ask(ids) == ["c-1", "c-2"]
    recorder.take(finished(3))
    assert (recorder.waiting, recorder.dropped) == (1, 0)
    await recorder.flush()
    assert (recorder.waiting, await recorder.ask(ids)) == (0, ["c-1", "c-2", "c-3"])
    await run(recorder, [])


async def test_the_last_requests_are_written_at_the_end_and_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "korproxy.db"
    await run(Recorder(path), [finished(1), finished(2)])
    assert names(tmp_path) == ["korproxy.db"]
    with opened(InFile(path)) as store:
        assert ids(store) == ["c-1", "c-2"]


async def test_nothing_is_opened_before_something_happens(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "korproxy.db")
    await recorder.flush()
    await run(recorder, [])
    assert names(tmp_path) == []


async def test_where_neither_history_nor_metrics_are_wanted_nothing_is_kept(tmp_path: Path) -> None:
    await run(Recorder(tmp_path / "korproxy.db", history=False, metrics=False), [finished(1)])
    assert names(tmp_path) == []


async def test_names_that_callers_chose_are_redacted(tmp_path: Path) -> None:
    recorder = Recorder(
        tmp_path / "korproxy.db",
        harmless=lambda text: "hunter2" not in text,
        redact=lambda text: text.replace("hunter2", "***"),
    )
    recorder.take(finished(1, model="hunter2", upstream_model="x-hunter2", correlation_id="hunter2"))
    (row,) = await recorder.ask(lambda store: store.requests(ALL))
    totals = await recorder.ask(lambda store: [key.model for key, _ in store.totals()])
    assert (row["model"], row["upstream_model"], row["correlation_id"], totals) == ("***", "x-***", "***", ["x-***"])
    await run(recorder, [])
    assert b"hunter2" not in (tmp_path / "korproxy.db").read_bytes()


@pytest.mark.code("KP-SYS-533")
async def test_while_the_store_is_down_everything_is_kept_and_tried_again_later(
    tmp_path: Path, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [1, 2]
    recorder = Recorder(Unreliable(tmp_path / "korproxy.db", failures))
    recorder.take(finished(1))
    await recorder.flush()
    recorder.take(finished(2))
    await recorder.flush()  # not yet
    assert (recorder.waiting, len(failures), str(recorder.down)) == (2, 1, "Not now.")
    told = await recorder.ask(lambda store: (ids(store), str(store.unwritten)))
    assert (told, len(failures)) == (([], "Not now."), 1)  # who asks so soon after that does not wait for another try
    monkeypatch.setattr(module, "REST", 0)
    assert await recorder.ask(ids) == []
    assert await recorder.ask(ids) == ["c-1", "c-2"]
    assert (recorder.waiting, recorder.dropped, await recorder.ask(lambda _: recorder.down)) == (0, 0, None)
    text = "KP-SYS-533: the store cannot be written to: Not now. What happens is kept in memory for now"
    assert said(expected_logs) == [text]
    await run(recorder, [])


def test_the_pauses_between_tries_grow(tmp_path: Path, expected_logs: Logs) -> None:
    failures, tries = list(range(100)), list[float]()
    clock = MockClock()

    async def flush_every_second() -> None:
        begin = trio.current_time()
        recorder = Recorder(Unreliable(tmp_path / "korproxy.db", failures))
        recorder.take(finished(1))
        for _ in range(65):
            before = len(failures)
            await recorder.flush()
            if len(failures) < before:
                tries.append(trio.current_time() - begin)
            clock.jump(1)

    trio.run(flush_every_second, clock=clock)
    assert tries == [0, 2, 6, 14, 29, 59]


@pytest.mark.code("KP-SYS-530")
async def test_what_there_is_no_room_for_is_counted_and_said_once(
    tmp_path: Path, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    recorder = Recorder(tmp_path / "korproxy.db")
    for number in range(5):
        recorder.take(finished(number))
    assert (recorder.dropped, recorder.lost) == (2, {"store down": 2})
    assert await recorder.ask(ids) == ["c-0", "c-1", "c-2"]
    text = "KP-SYS-530: requests get lost that should be in the history and the metrics: store down"
    assert said(expected_logs) == [text]
    await run(recorder, [])


async def test_a_disk_that_is_full_costs_nothing_once_there_is_room(
    tmp_path: Path, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REST", 0)
    place = Full(tmp_path / "korproxy.db")
    recorder = Recorder(place)
    recorder.take(finished(0))
    await recorder.ask(hang_up)
    place.full.set()
    for number in range(1, 500):
        recorder.take(finished(number))
    assert (await recorder.ask(ids), recorder.waiting) == (["c-0"], 499)  # what was written can still be read
    place.full.clear()
    assert (len(await recorder.ask(ids)), recorder.dropped) == (500, 0)
    assert ["database or disk is full" in each for each in said(expected_logs)] == [True]
    await run(recorder, [])


@attrs.frozen
class Full(InFile):
    """A place on a disk that has no room once ``full`` is set."""

    full: threading.Event = attrs.field(factory=threading.Event)

    def open(self) -> Store:
        store = super().open()
        if self.full.is_set():
            store.connection.execute("PRAGMA max_page_count = 1")
        return store


async def test_so_many_that_they_are_to_be_written_at_once_are_told(
    tmp_path: Path, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 3)
    failures = list[int]()
    recorder = Recorder(Unreliable(tmp_path / "korproxy.db", failures))
    recorder.take(finished(1), finished(2))
    with trio.move_on_after(0.01) as too_few:
        await recorder.until_many()
    recorder.take(finished(3))
    await recorder.until_many()
    failures += [1]
    monkeypatch.setattr(module, "REST", 0)
    await recorder.flush()
    recorder.take(finished(4))
    with trio.move_on_after(0.01) as while_it_is_down:
        await recorder.until_many()
    assert (too_few.cancelled_caught, while_it_is_down.cancelled_caught) == (True, True)
    assert await recorder.ask(ids) == ["c-1", "c-2", "c-3", "c-4"]
    await run(recorder, [])


@pytest.mark.code("KP-SYS-531")
async def test_a_file_that_is_no_database_is_put_aside(tmp_path: Path, expected_logs: Logs) -> None:
    path = tmp_path / "korproxy.db"
    path.write_bytes(b"no database at all" * 100)
    recorder = Recorder(path, now=lambda: NOON)
    recorder.take(finished(1))
    assert await recorder.ask(ids) == ["c-1"]
    aside = tmp_path / "korproxy.db.damaged-20270115T080000"
    text = f"KP-SYS-531: the database was damaged (file is not a database): it is {aside} now, and KorProxy begins a new one"
    assert (said(expected_logs), aside.read_bytes()) == ([text], b"no database at all" * 100)
    await run(recorder, [])


async def test_holes_that_are_found_while_it_runs_cost_only_the_past(tmp_path: Path, expected_logs: Logs) -> None:
    path = tmp_path / "korproxy.db"
    recorder = Recorder(path)
    recorder.take(finished(1))
    await recorder.ask(lambda store: store.connection.execute("UPDATE totals SET seconds = ?", (b"garbage",)))
    recorder.take(finished(2))
    assert await recorder.ask(ids) == ["c-2"]
    assert [each.partition(" (")[0] for each in said(expected_logs)] == ["KP-SYS-531: the database was damaged"]
    await run(recorder, [])


async def test_whoever_deletes_the_file_while_it_is_in_use_gets_a_new_one(tmp_path: Path, expected_logs: Logs) -> None:
    path = tmp_path / "korproxy.db"
    recorder = Recorder(path)
    recorder.take(finished(1))
    await recorder.flush()
    path.unlink()
    recorder.take(finished(2))
    assert await recorder.ask(ids) == ["c-2"]
    assert [each[:24] for each in said(expected_logs)] == ["the database was deleted"]
    await run(recorder, [])
    assert names(tmp_path) == ["korproxy.db"]
    with opened(InFile(path)) as store:
        assert (ids(store), store.connection.execute("PRAGMA integrity_check")) == (["c-2"], [("ok",)])


@pytest.mark.code("KP-SYS-532")
async def test_a_newer_database_is_not_touched(tmp_path: Path, expected_logs: Logs) -> None:
    path = tmp_path / "korproxy.db"
    with opened(InFile(path)) as store:
        store.connection.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    before = path.read_bytes()
    recorder = Recorder(path)
    recorder.take(finished(1))
    await recorder.flush()
    with pytest.raises(StoreNewer):
        await recorder.ask(ids)
    recorder.take(finished(2), finished(3))
    assert (recorder.waiting, recorder.lost) == (0, {"store refused": 3})  # they would be kept for nothing
    await run(recorder, [])
    assert path.read_bytes() == before
    assert [each[:10] for each in said(expected_logs)] == ["KP-SYS-532", "KP-SYS-530"]
    assert said(expected_logs)[0].endswith("it belongs to a newer one. What happens is not kept")


async def test_once_a_newer_database_is_out_of_the_way_a_new_one_begins(
    tmp_path: Path, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSES", (0.0,))
    path = tmp_path / "korproxy.db"
    with opened(InFile(path)) as store:
        store.connection.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    recorder = Recorder(path)
    recorder.take(finished(1))
    await recorder.flush()
    path.rename(tmp_path / "other.db")
    await recorder.flush()  # though nothing waits
    recorder.take(finished(2))
    assert (await recorder.ask(ids), recorder.down, recorder.dropped) == (["c-2"], None, 1)
    await run(recorder, [])


@pytest.mark.code("KP-SYS-533")
async def test_while_somebody_else_has_the_file_for_himself_who_asks_hears_what_is_in_it(
    tmp_path: Path, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "PATIENCE", 0.1)
    path = tmp_path / "korproxy.db"
    recorder = Recorder(path)
    recorder.take(finished(1))
    await recorder.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        recorder.take(finished(2))
        locked = f"Another program has {path} for itself: SQLite says: database is locked."
        for _ in range(2):
            assert await recorder.ask(lambda store: (ids(store), str(store.unwritten))) == (["c-1"], locked)
        assert recorder.waiting == 1
        other.execute("ROLLBACK")
    monkeypatch.setattr(module, "REST", 0)
    assert (await recorder.ask(ids), recorder.down) == (["c-1", "c-2"], None)
    assert said(expected_logs) == [
        f"KP-SYS-533: the store cannot be written to: {locked} What happens is kept in memory for now"
    ]
    await run(recorder, [])


async def test_while_the_store_is_busy_who_asks_is_answered_by_another_connection(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TURN", 0.01)
    recorder = Recorder(base.place)
    recorder.take(finished(1))
    await recorder.flush()
    recorder.take(finished(2))
    begun, go_on = threading.Event(), threading.Event()

    def long(store: Store) -> None:
        begun.set()
        go_on.wait(10)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(recorder.work, long)
        await trio.to_thread.run_sync(begun.wait)
        assert await recorder.ask(lambda store: (ids(store), str(store.unwritten))) == (["c-1"], "The store is busy.")
        go_on.set()
    assert await recorder.ask(lambda store: (ids(store), store.unwritten)) == (["c-1", "c-2"], None)
    await run(recorder, [])


async def test_who_asks_a_database_that_says_nothing_is_told_so_soon(
    tmp_path: Path, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SOON", 0.02)
    go_on = threading.Event()
    recorder = Recorder(Hanging(tmp_path / "korproxy.db", go_on.wait))
    with pytest.raises(StoreDown, match=r"The database has not answered for 0\.02 seconds\."):
        await recorder.ask(ids)
    go_on.set()
    await run(recorder, [])
    assert str(recorder.down) == "At last."


async def test_whoever_is_cancelled_does_not_wait_and_nothing_is_lost(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "korproxy.db")
    recorder.take(finished(1))
    begun, go_on = threading.Event(), threading.Event()

    def slow(store: Store) -> None:
        begun.set()
        go_on.wait(10)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(recorder.ask, slow)
        await trio.to_thread.run_sync(begun.wait)
        nursery.cancel_scope.cancel()
    recorder.take(finished(2))
    go_on.set()
    assert await recorder.ask(ids) == ["c-1", "c-2"]
    await run(recorder, [])


async def test_a_stop_does_not_wait_for_a_database_that_hangs(tmp_path: Path, expected_logs: Logs) -> None:
    go_on = threading.Event()
    recorder = Recorder(Hanging(tmp_path / "korproxy.db", go_on.wait))
    with trio.move_on_after(0.05) as scope:
        await run(recorder, [finished(1)])
    assert scope.cancelled_caught
    text = "KP-SYS-530: KorProxy stops, and 1 requests are in neither the history nor the metrics"
    assert said(expected_logs) == [text]
    go_on.set()
    with recorder._alone:
        pass  # the thread has ended, before another test hears of it


@attrs.frozen
class Hanging(InFile):
    """A place that takes its time."""

    wait: Callable[[float], object]

    def open(self) -> Store:
        self.wait(10)
        raise StoreDown("KP-SYS-533", "At last.")


async def test_a_database_that_says_nothing_is_down_until_it_says_something(
    tmp_path: Path, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.02)
    recorder = Recorder(tmp_path / "korproxy.db")
    go_on = threading.Event()
    recorder.take(finished(1))
    with pytest.raises(StoreDown, match=r"The database has not answered for 0\.02 seconds\."):
        await recorder.work(lambda _: go_on.wait(10))
    await recorder.flush()
    down = recorder.down
    monkeypatch.setattr(module, "PATIENCE", 10)
    monkeypatch.setattr(module, "REST", 0)
    go_on.set()
    assert (await recorder.ask(ids), recorder.down) == (["c-1"], None)
    assert str(down) == "The database has not answered for 0.02 seconds."
    assert [each.startswith("KP-SYS-533: the store cannot be written to") for each in said(expected_logs)] == [True]
    await run(recorder, [])


async def test_a_connection_that_broke_is_made_anew_and_nothing_is_written_twice(base: Database) -> None:
    if base.kind == "sqlite":
        pytest.skip("a file has no connection to lose")
    recorder = Recorder(base.place)
    for number in range(3):
        recorder.take(finished(number))
        await recorder.ask(hang_up)
    assert await recorder.ask(ids) == ["c-0", "c-1", "c-2"]
    assert (recorder.down, recorder.dropped) == (None, 0)
    await run(recorder, [])


async def test_daemons_that_share_a_database_do_not_get_in_each_others_way(base: Database) -> None:
    if base.kind == "sqlite":
        pytest.skip("one daemon has the file")
    recorders = [Recorder(place) for place in (base.place, base.another)]

    async def work(recorder: Recorder, first: int) -> None:
        for number in range(first, first + 200, 10):
            recorder.take(
                *[finished(each, upstream_model=f"m{each % 37}", status=200 + each % 7) for each in range(number, number + 10)]
            )
            await recorder.flush()

    await recorders[0].ask(ids)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work, recorders[0], 0)
        nursery.start_soon(work, recorders[1], 1000)
    told = await recorders[0].ask(lambda store: store.counted(NOON, NOON + 3600))
    own = [await each.ask(lambda store: sum(totals.requests for _, totals in store.totals())) for each in recorders]
    assert (sum(totals.requests for _, totals in told), own) == (400, [200, 200])
    for each in recorders:
        await run(each, [])


def hang_up(store: Store) -> None:
    store.connection.close()


async def test_an_event_that_no_database_takes_costs_nobody_else(base: Database) -> None:
    recorder = Recorder(base.place, harmless=lambda _: True)
    strange: list[dict[str, Any]] = [
        {"model": "\ud800"},
        {"model": ["m"]},
        {"upstream_model": {}},
        {"code": 5},
        {"key_name": b"client"},
        {"usage": cast("Any", Usage)("12", 12.5)},
        {"usage": None},
        {"at": None, "attempts": None},
        {"at": 1e300, "status": 10**12, "bytes_in": 10**400},
    ]
    for number, each in enumerate(strange):
        recorder.take(finished(2 * number), finished(2 * number + 1, **each))
        await recorder.ask(ids)
    assert await recorder.ask(ids) == [f"c-{number}" for number in range(2 * len(strange))]
    assert (recorder.dropped, await recorder.ask(lambda store: store.unwritable)) == (0, 0)
    await run(recorder, [])


@attrs.define
class Moody:
    """A place, its store and its connection in one, that fail as they are told; what was written is in ``rows``."""

    moods: list[str]
    rows: list[str] = attrs.field(factory=list)
    mark: str = ""
    unwritable: int = 0
    unwritten: object = None

    def _mood(self) -> str:
        mood = self.moods.pop() if self.moods else "well"
        match mood:
            case "down":
                raise StoreDown("KP-SYS-533", "Not now.")
            case "busy":
                raise StoreBusy("KP-SYS-533", "Somebody else's.")
            case "damaged":
                raise Damaged("a hole")
        return mood

    def open(self) -> Moody:
        self._mood()
        return self

    def look(self) -> Moody:
        return self.open()

    def write(self, events: Sequence[Finished], *, mark: str, again: bool, **_: object) -> None:
        mood = self._mood()
        if not (again and mark == self.mark):
            self.rows += [each.correlation_id for each in events]
        self.mark = mark
        if mood == "silent":  # it is done, but nobody hears of that
            raise StoreDown("KP-SYS-533", "Hung up.")

    def exists(self) -> bool:
        return True

    def set_aside(self, now: float) -> Path | None:
        return None if self.moods and self.moods.pop() == "down" else Path(str(now))

    @property
    def connection(self) -> Moody:
        return self

    def is_in_place(self) -> bool:
        return True

    def close(self) -> None:
        pass


def known(recorder: Recorder, place: Moody) -> set[str]:
    with recorder._alone:  # whoever left has left a thread behind
        batch = recorder._batch
        return {*place.rows, *[each.correlation_id for each in [*(batch.events if batch else ()), *recorder._waiting]]}


def look_at(store: Store) -> int:
    return len(cast("Moody", store).rows)


@given(
    st.lists(st.sampled_from(["take", "flush", "ask", "work", "leave", "many"]), max_size=12),
    st.lists(st.sampled_from(["well", "down", "busy", "silent", "damaged"]), max_size=12),
)
def test_whatever_fails_each_request_is_written_once_or_waits(steps: list[str], moods: list[str]) -> None:
    place = Moody(moods)
    taken: list[str] = []

    async def go() -> None:
        recorder = Recorder(cast("Place", place), harmless=lambda _: True)

        async def flush() -> None:
            recorder._next_try = 0.0
            await recorder.flush()

        async def quietly(how: Callable[[], Awaitable[object]]) -> None:
            with suppress(StoreDown):
                await how()

        ask, work = partial(recorder.ask, look_at), partial(recorder.work, look_at)
        does: dict[str, list[Callable[[], Awaitable[object]]]] = {
            "flush": [flush],
            "ask": [ask],
            "work": [work],
            "leave": [ask, flush],
            "many": [ask, flush, work, ask],
        }
        for number, step in enumerate(steps):
            if step == "take":
                taken.append(f"c-{number}")
                recorder.take(finished(number))
                continue
            async with trio.open_nursery() as nursery:
                for each in does[step]:
                    nursery.start_soon(quietly, each)
                await trio.lowlevel.checkpoint()
                if step == "leave":
                    await trio.lowlevel.checkpoint()
                    nursery.cancel_scope.cancel()
        assert known(recorder, place) == {*taken}
        moods.clear()
        await run(recorder, [])
        assert (place.rows, recorder.waiting, recorder.dropped) == (taken, 0, 0)

    logging.getLogger("korproxy.store").disabled = True
    try:
        trio.run(go)
    finally:
        logging.getLogger("korproxy.store").disabled = False
