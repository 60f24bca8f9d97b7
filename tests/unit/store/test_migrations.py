from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from korproxy.models.searching import WantedRequests
from korproxy.store.connection import Connection, StoreDown, StoreNewer, transaction
from korproxy.store.migrations import MIGRATIONS, Migration, migrate, readable, version
from korproxy.store.place import InFile
from tests.fakes.stores import NOON, Database, opened

DATABASES = Path(__file__).with_name("databases")
FIRST = Migration(1, "a table", ("CREATE TABLE one (id SERIAL, weight FLOAT)", "INSERT INTO one (weight) VALUES (1.5)"))
SECOND = Migration(2, "a column", ("ALTER TABLE one ADD COLUMN name TEXT", "UPDATE one SET name = 'x'"))
BROKEN = Migration(2, "half", ("UPDATE one SET weight = 9", "CREATE TABLE one (id SERIAL)"))


def test_steps_are_taken_in_order_and_once(empty: Connection) -> None:
    migrate(empty, [FIRST])
    migrate(empty, [FIRST])
    migrate(empty, [FIRST, SECOND])
    assert (version(empty), list(empty.execute("SELECT id, weight, name FROM one"))) == (2, [(1, 1.5, "x")])


def test_a_step_that_fails_leaves_everything_as_the_one_before_left_it(empty: Connection) -> None:
    with pytest.raises(StoreDown, match="one"):
        migrate(empty, [FIRST, BROKEN])
    assert (version(empty), list(empty.execute("SELECT weight FROM one"))) == (1, [(1.5,)])


def test_a_step_that_is_missing_is_an_error(empty: Connection) -> None:
    with pytest.raises(StoreDown) as caught:
        migrate(empty, [FIRST, Migration(3, SECOND.what, SECOND.statements)])
    assert (caught.value.detail, version(empty)) == ("There is no step from version 1 of the database to the next.", 1)


def test_a_newer_database_is_left_alone(empty: Connection) -> None:
    migrate(empty, [FIRST, SECOND])
    with pytest.raises(StoreNewer) as caught:
        migrate(empty, [FIRST])
    text = "The database has version 2, and this KorProxy knows those up to 1: it belongs to a newer one."
    assert (caught.value.code, caught.value.detail, version(empty)) == ("KP-SYS-532", text, 2)


def test_who_only_looks_wants_the_very_version(empty: Connection) -> None:
    assert not readable(empty, 2)
    migrate(empty, [FIRST])
    assert readable(empty, 1)
    with pytest.raises(StoreDown, match=r"has version 1, and this KorProxy wants 2: `korproxy run` prepares it\."):
        readable(empty, 2)
    with pytest.raises(StoreNewer):
        readable(empty, 0)


def test_two_daemons_do_not_prepare_the_same_database_at_once(base: Database) -> None:
    if base.kind == "sqlite":
        pytest.skip("one daemon has the file")
    one, other = base.connect(), base.connect()
    try:
        with transaction(one):
            assert one.lock(1337_001)
            with pytest.raises(StoreDown, match="Another daemon prepares"):
                migrate(other)
        migrate(other)
        assert version(one) == len(MIGRATIONS)
    finally:
        one.close()
        other.close()


@pytest.mark.parametrize("path", sorted(DATABASES.iterdir()), ids=lambda each: each.name)
def test_a_database_of_each_version_becomes_one_of_today(path: Path, tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "korproxy.db")
    old.executescript(path.read_text())
    old.close()
    with opened(InFile(tmp_path / "korproxy.db")) as store:
        rows = [(each["correlation_id"], each["outcome"], each["provider"]) for each in store.requests(WantedRequests())]
        counted = sorted((key.outcome, totals.requests, totals.seconds.count) for key, totals in store.counted(0, 2 * NOON))
        whole = sorted((key.outcome, totals.requests) for key, totals in store.totals())
        assert store.facts()["version"] == len(MIGRATIONS)
    assert rows == [("c-2", "failed", None), ("c-1", "ok", "openai")]
    assert counted == [("failed", 1, 1), ("ok", 1, 1)]
    assert whole == [("failed", 1), ("ok", 1)]


def test_there_is_a_database_of_each_version() -> None:
    """Make one as its version has left it (``sqlite3 korproxy.db .dump``) before the next step is written."""
    assert sorted(each.name for each in DATABASES.iterdir()) == [f"{each.number}.sql" for each in MIGRATIONS]


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert [each.number for each in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
