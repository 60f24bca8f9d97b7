from __future__ import annotations

import pytest

from korproxy.store.connection import Connection, StoreDown, Unwritable, snapshot, transaction
from korproxy.store.migrations import migrate
from tests.fakes.stores import Database

INSERT = "INSERT INTO meta (name, value) VALUES (?, ?)"


def names(connection: Connection) -> list[str]:
    return [each[0] for each in connection.execute("SELECT name FROM meta WHERE name <> 'version' ORDER BY name")]


def test_a_transaction_is_all_or_nothing(connection: Connection) -> None:
    def half() -> None:
        with transaction(connection):
            connection.execute(INSERT, ("a", "1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with transaction(connection):
        connection.execute(INSERT, ("b", "2"))
    assert names(connection) == ["b"]


def test_after_an_error_in_a_transaction_the_connection_is_as_good_as_new(connection: Connection) -> None:
    def wrong() -> None:
        with transaction(connection):
            connection.execute(INSERT, ("a", "1"))
            connection.execute("SELECT nothing FROM nowhere")

    with pytest.raises(StoreDown, match="says"):
        wrong()
    connection.execute(INSERT, ("b", "2"))
    assert names(connection) == ["b"]


def test_a_snapshot_does_not_change_whatever_others_write_and_is_over_when_it_fails(base: Database) -> None:
    one, other = base.connect(), base.connect()
    migrate(one)
    seen = []

    def look() -> None:
        with snapshot(one):
            seen.append(names(one))
            other.execute(INSERT, ("b", "2"))
            seen.append(names(one))
            raise ZeroDivisionError

    try:
        with pytest.raises(ZeroDivisionError):
            look()
        assert (seen, names(one)) == ([[], []], ["b"])
    finally:
        one.close()
        other.close()


@pytest.mark.parametrize("value", ["\ud800", None], ids=["half a character", "nothing where something must be"])
def test_a_value_that_cannot_be_stored_is_told_from_a_database_that_is_down(connection: Connection, value: str | None) -> None:
    with pytest.raises(Unwritable):
        connection.execute(INSERT, ("a", value))
    with pytest.raises(Unwritable), transaction(connection):
        connection.insert("meta", ("name", "value"), [("b", "2"), ("c", value)])
    assert names(connection) == []


def test_a_number_that_is_too_large_is_one_of_them(connection: Connection) -> None:
    with pytest.raises(Unwritable):
        connection.insert("totals", ("requests",), [(2**80,)])


def test_many_rows_arrive_whole_and_in_order(connection: Connection) -> None:
    for count in (0, 1, 31, 32, 33, 100):
        rows = [(f"{number:03}", "x") for number in range(count)]
        connection.insert("meta", ("name", "value"), rows)
        assert names(connection) == [name for name, _ in rows]
        connection.execute("DELETE FROM meta WHERE name <> 'version'")


def test_the_second_who_asks_for_a_lock_does_not_get_it(base: Database) -> None:
    if base.kind == "sqlite":
        pytest.skip("one daemon has the file")
    one, other = base.connect(), base.connect()
    try:
        with transaction(one):
            first = one.lock(5), other.lock(5)
        with transaction(other):
            assert (first, other.lock(5)) == ((True, False), True)
    finally:
        one.close()
        other.close()


def test_the_size_is_told_in_bytes(connection: Connection) -> None:
    before = connection.size()
    connection.insert("meta", ("name", "value"), [(f"{number:04}", "x" * 200) for number in range(3000)])
    assert 500_000 < connection.size() - before < 3_000_000


def test_where_nothing_is_free_nothing_is_given_back(connection: Connection) -> None:
    assert not connection.give_back(10)


def test_to_close_twice_is_no_mistake(connection: Connection) -> None:
    connection.close()
    connection.close()
    with pytest.raises(StoreDown):
        connection.execute("SELECT 1")
