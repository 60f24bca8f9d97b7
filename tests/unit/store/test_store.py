from __future__ import annotations

import sys
from pathlib import Path

import pytest

from korproxy.models.outcome import Usage
from korproxy.models.searching import WantedRequests
from korproxy.store import aging
from korproxy.store.connection import Damaged, StoreDown, StoreNewer
from korproxy.store.store import Store
from tests.fakes.stores import NOON, Database, finished, opened

ALL = WantedRequests(most=1000)
FOREVER = (0.0, 2 * NOON)


def ids(store: Store) -> list[str]:
    return [each["correlation_id"] for each in reversed(store.requests(ALL))]


def counts(store: Store) -> int:
    return sum(totals.requests for _, totals in store.counted(*FOREVER))


def test_rows_and_counts_come_in_one_piece(store: Store) -> None:
    store.write([finished(1), finished(2)])
    assert (ids(store), counts(store), sum(each.requests for _, each in store.totals())) == (["c-1", "c-2"], 2, 2)


@pytest.mark.parametrize(("history", "metrics"), [(True, False), (False, True), (False, False)])
def test_each_of_both_can_be_left_out(store: Store, history: bool, metrics: bool) -> None:
    store.write([finished(1)], history=history, metrics=metrics)
    assert (len(ids(store)), counts(store)) == (history, metrics)


def test_nothing_of_a_batch_is_written_where_a_part_cannot_be(store: Store) -> None:
    store.write([finished(1)])
    store.connection.execute("DROP TABLE totals")
    with pytest.raises(StoreDown):
        store.write([finished(2)])
    assert (ids(store), counts(store)) == (["c-1"], 1)


def test_what_no_database_takes_is_changed_until_one_does(store: Store) -> None:
    store.write([finished(1), finished(2, model="\ud800\0", usage=Usage(2**80)), finished(3, seconds=float("nan"))])
    assert (ids(store), store.unwritable) == (["c-1", "c-2", "c-3"], 0)
    assert [each["model"] for each in store.requests(ALL)] == ["gpt-5", "??", "gpt-5"]
    assert counts(store) == 3


def test_a_series_that_was_rolled_back_is_made_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(store.connection.__class__, "insert", broken)
        with pytest.raises(StoreDown):
            store.write([finished(1)])
    store.write([finished(1)])
    assert [key.model for key, _ in store.totals()] == ["gpt-5-2026"]


def broken(*args: object) -> None:
    raise StoreDown("KP-SYS-533", "No.")


def test_a_batch_that_was_written_already_is_not_written_again(base: Database) -> None:
    if base.kind == "sqlite":
        pytest.skip("a file is written to, or it is not")
    with opened(base.place) as one:
        one.write([finished(1)], mark="a")
    with opened(base.place) as again:
        again.write([finished(1)], mark="a", again=True)
        again.write([finished(2)], mark="b", again=True)
        assert (ids(again), counts(again)) == (["c-1", "c-2"], 2)


def test_daemons_that_share_a_database_tell_their_counts_apart(base: Database) -> None:
    if base.kind == "sqlite":
        pytest.skip("one daemon has the file")
    with opened(base.place) as one, opened(base.another) as other:
        one.write([finished(1), finished(2)])
        other.write([finished(3)])
        one.write([finished(4)])
        own = [sum(totals.requests for _, totals in each.totals()) for each in (one, other)]
        assert (own, counts(one), ids(other)) == ([3, 1], 4, ["c-1", "c-2", "c-3", "c-4"])


def test_another_daemon_may_forget_a_series_that_this_one_knows(base: Database) -> None:
    if base.kind == "sqlite":
        pytest.skip("one daemon has the file")
    with opened(base.place) as one, opened(base.another) as other:
        one.write([finished(1)])
        while other.age(aging.Plan(rolled=0, gone=NOON + 3600, most=0)):
            pass
        other.tidy(NOON)
        with pytest.raises(StoreDown, match="foreign key"):
            one.write([finished(2)])
        one.write([finished(2)])
        assert (ids(one), counts(one)) == (["c-2"], 1)


def test_a_reader_sees_what_the_daemon_has_written(base: Database) -> None:
    with opened(base.place) as daemon:
        daemon.write([finished(1)])
        reader = base.place.look()
        daemon.write([finished(2)])
        assert (ids(reader), counts(reader), len(reader.totals())) == (["c-1", "c-2"], 2, 1)
        reader.close()


def test_a_reader_of_nothing_gets_nothing(base: Database) -> None:
    reader = base.place.look()
    assert (ids(reader), counts(reader), reader.totals(), reader.facts()["requests"]) == ([], 0, [], 0)
    reader.close()


def test_what_is_told_of_the_store_itself(store: Store) -> None:
    store.write([finished(90), finished(100)])
    store.tidy(NOON + 200)
    facts = store.facts()
    assert facts.pop("bytes") > 10_000
    assert facts == {
        "kind": store.connection.kind,
        "version": 1,
        "requests": 2,
        "oldest_request": NOON + 90,
        "metrics_since": NOON + 60,
        "tidied": NOON + 200,
    }


def test_the_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "korproxy.db"
    store = Store.open(path)
    store.connection.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    store.close()
    before = path.read_bytes()
    for open_it in (Store.open, Store.open_readonly):
        with pytest.raises(StoreNewer, match="version 99"):
            open_it(path)
    assert path.read_bytes() == before


def test_writing_needs_no_peewee(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [each for each in sys.modules if each in ("korproxy.store.tables", "korproxy.store.reading", "peewee")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "peewee", None)
    store = Store.open(tmp_path / "korproxy.db")
    store.write([finished(1)])
    store.age(aging.plan(NOON, 7, 10))
    store.tidy(NOON)
    assert store.facts()["requests"] == 1
    store.close()


def test_a_file_with_holes_is_damaged_and_not_down(tmp_path: Path) -> None:
    path = tmp_path / "korproxy.db"
    path.write_bytes(b"x" * 10_000)
    for open_it in (Store.open, Store.open_readonly):
        with pytest.raises(Damaged):
            open_it(path)
