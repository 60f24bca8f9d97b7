from __future__ import annotations

import pytest

from korproxy.store.connection import Connection, StoreDown, StoreNewer, transaction
from korproxy.store.migrations import MIGRATIONS, Migration, migrate, readable, version
from tests.fakes.stores import Database

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
        migrate(empty, [FIRST, attrs_evolved(SECOND, 3)])
    assert (caught.value.detail, version(empty)) == ("There is no step from version 1 of the database to the next.", 1)


def attrs_evolved(step: Migration, number: int) -> Migration:
    return Migration(number, step.what, step.statements)


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


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert [each.number for each in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
