from __future__ import annotations

import stat
from pathlib import Path

import pytest

from korproxy.errors.exceptions import ConfigError
from korproxy.store.connection import StoreDown
from korproxy.store.place import InFile, InPostgres, place_of
from tests.fakes.stores import NOON, Database, finished, opened, schema


def test_to_look_makes_nothing(base: Database, tmp_path: Path) -> None:
    base.place.look().close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_there_once_it_was_opened(tmp_path: Path) -> None:
    place = place_of(tmp_path / "korproxy.db")
    before = place.exists()
    place.open().close()
    assert (before, place.exists()) == (False, True)


def test_what_may_not_be_looked_for_may_be_there(tmp_path: Path) -> None:
    assert InFile(tmp_path / ("x" * 300)).exists()


def test_what_is_damaged_is_put_aside_under_the_time(tmp_path: Path) -> None:
    path = tmp_path / "korproxy.db"
    path.write_text("no database")
    assert InFile(path).set_aside(NOON) == tmp_path / "korproxy.db.damaged-20270115T080000"
    assert not path.exists()


def test_nobody_puts_a_postgresql_aside(tmp_path: Path) -> None:
    place = InPostgres(lambda: "", tmp_path / "replica.id")
    assert (place.set_aside(NOON), place.exists()) == (None, True)


def test_the_name_of_a_daemon_stays_the_same_and_only_its_user_may_write_it(tmp_path: Path) -> None:
    replica = tmp_path / "replica.id"
    with schema() as url:
        place = InPostgres(lambda: url, replica)
        with opened(place) as one, opened(place) as again:
            assert one.connection.replica == again.connection.replica == replica.read_text().strip()
    assert (len(replica.read_text()), stat.S_IMODE(replica.stat().st_mode)) == (17, 0o600)


def test_to_look_as_a_daemon_is_to_see_its_counts(tmp_path: Path) -> None:
    with schema() as url:
        place = InPostgres(lambda: url, tmp_path / "replica.id")
        with opened(place) as store:
            store.write([finished(1)])
        reader = place.look()
        assert [totals.requests for _, totals in reader.totals()] == [1]
        reader.close()


@pytest.mark.parametrize("content", ["", "two words", "../x", "\udcff"], ids=repr)
def test_a_name_that_is_none_is_not_used(tmp_path: Path, content: str) -> None:
    replica = tmp_path / "replica.id"
    replica.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(StoreDown, match=r"replica\.id (does not hold a name|cannot be read)"):
        InPostgres(lambda: "postgresql://h/d", replica).open()


def test_an_address_that_cannot_be_had_says_why(tmp_path: Path) -> None:
    def url() -> str:
        raise ConfigError("KP-CONF-205", "The environment variable DB is not set or empty.")

    with pytest.raises(StoreDown) as caught:
        InPostgres(url, tmp_path / "replica.id").open()
    assert caught.value.detail == "[store] url: The environment variable DB is not set or empty."
