from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from korproxy.store.connection import Damaged, StoreDown, transaction
from korproxy.store.migrations import migrate
from korproxy.store.sqlite_file import MOST_SET_ASIDE, SqliteConnection, open_file, open_to_read, set_aside

INSERT = "INSERT INTO meta (name, value) VALUES (?, ?)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "korproxy.db"


def made(path: Path) -> SqliteConnection:
    connection = open_file(path)
    migrate(connection)
    return connection


def modes(path: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}


def test_nobody_else_can_read_what_is_in_it_or_beside_it(path: Path) -> None:
    old = os.umask(0)
    try:
        connection = made(path)
    finally:
        os.umask(old)
    assert modes(path) == {"korproxy.db": 0o600, "korproxy.db-wal": 0o600, "korproxy.db-shm": 0o600}
    connection.close()
    path.chmod(0o644)
    open_file(path).close()
    assert modes(path) == {"korproxy.db": 0o600}


def test_who_reads_waits_for_nobody_and_sees_what_is_complete(path: Path) -> None:
    writer = made(path)
    reader = open_to_read(path)
    assert reader is not None
    with transaction(writer):
        writer.execute(INSERT, ("a", "1"))
        during = reader.execute("SELECT value FROM meta WHERE name = 'a'")
    assert (list(during), list(reader.execute("SELECT value FROM meta WHERE name = 'a'"))) == ([], [("1",)])
    reader.close()
    writer.close()


def test_to_look_leaves_no_trace(path: Path) -> None:
    assert open_to_read(path) is None
    made(path).close()
    before = path.read_bytes()
    reader = open_to_read(path)
    assert reader is not None
    with pytest.raises(StoreDown, match="readonly"):
        reader.execute(INSERT, ("a", "1"))
    reader.close()
    assert (path.read_bytes(), [each.name for each in path.parent.iterdir()]) == (before, ["korproxy.db"])


def test_after_a_crash_one_can_look_as_well(path: Path, tmp_path: Path) -> None:
    writer = made(path)
    writer.execute(INSERT, ("a", "1"))
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for end in ("", "-wal"):
        (crashed / f"korproxy.db{end}").write_bytes(path.with_name(f"korproxy.db{end}").read_bytes())
    reader = open_to_read(crashed / "korproxy.db")
    assert reader is not None
    assert list(reader.execute("SELECT value FROM meta WHERE name = 'a'")) == [("1",)]
    reader.close()
    writer.close()


@pytest.mark.parametrize("content", [b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000], ids=["text", "torn"])
def test_a_file_that_is_no_database_is_damaged(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for open_it in (open_file, open_to_read):
        with pytest.raises(Damaged):
            open_it(path)
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    made(path).close()
    assert path.stat().st_size > 0


def test_what_was_beside_a_file_that_somebody_deleted_does_not_get_into_a_new_one(path: Path) -> None:
    first = made(path)
    first.execute(INSERT, ("a", "1"))
    left = path.with_name("korproxy.db-wal").read_bytes()
    first.close()
    path.unlink()
    path.with_name("korproxy.db-wal").write_bytes(left)
    second = made(path)
    assert list(second.execute("SELECT name FROM meta")) == [("version",)]
    second.close()


def test_a_place_where_no_file_can_be_is_told_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(StoreDown, match="unable to open database file") as caught:
        open_file(folder)
    assert caught.value.code == "KP-SYS-533"
    with pytest.raises(StoreDown, match=r"nowhere/korproxy.db cannot be opened: No such file or directory\."):
        open_file(tmp_path / "nowhere" / "korproxy.db")


def test_a_hole_that_is_found_later_is_damage_too(path: Path) -> None:
    connection = made(path)
    connection.insert("meta", ("name", "value"), [(str(number), "x" * 500) for number in range(200)])
    connection.close()
    content = bytearray(path.read_bytes())
    content[-20_000:] = b"\xff" * 20_000
    path.write_bytes(content)
    again = open_file(path)
    with pytest.raises(Damaged):
        again.execute("SELECT count(value) FROM meta WHERE value LIKE '%y%'")
    again.close()


def test_what_is_set_aside_keeps_its_companions_and_only_the_last_few_stay(path: Path) -> None:
    for number in range(MOST_SET_ASIDE + 2):
        for end in ("", "-wal", "-shm"):
            path.with_name(f"korproxy.db{end}").write_text(f"{number}")
        aside = set_aside(path, f"2026010{number}T120000")
    assert aside == path.with_name("korproxy.db.damaged-20260104T120000")
    kept = [f"korproxy.db.damaged-2026010{number}T120000{end}" for number in (2, 3, 4) for end in ("", "-shm", "-wal")]
    assert sorted(each.name for each in path.parent.iterdir()) == kept


def test_while_somebody_else_writes_it_is_not_damaged_but_busy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("korproxy.store.sqlite_file.PATIENCE", 0.01)
    made(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    connection = open_file(path)
    with pytest.raises(StoreDown, match="locked"), transaction(connection):
        pass
    other.close()
    connection.close()


def test_free_pages_are_given_back_step_by_step_but_for_some_that_will_be_used(path: Path) -> None:
    connection = made(path)
    connection.insert("meta", ("name", "value"), [(f"{number}", "x" * 1000) for number in range(1000)])
    connection.execute("DELETE FROM meta")
    before = connection.size()
    steps = 1
    while connection.give_back(60):
        steps += 1
    free, size = connection.execute("PRAGMA freelist_count")[0][0], connection.size()
    assert 0 <= free <= 60
    assert steps == (before - size) // 4096 // 60 > 2
    connection.close()


def test_plain_execute_gives_back_a_single_page(path: Path) -> None:
    connection = made(path)
    connection.insert("meta", ("name", "value"), [(f"{number}", "x" * 1000) for number in range(100)])
    connection.execute("DELETE FROM meta")
    before = connection.size()
    connection.raw.execute("PRAGMA incremental_vacuum(10)").fetchall()
    assert before - connection.size() == 4096
    connection.close()


def test_a_look_that_is_only_read_only_leaves_files_behind(path: Path) -> None:
    made(path).close()
    sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True).execute("SELECT * FROM meta").connection.close()
    assert len(list(path.parent.iterdir())) == 3


def test_it_writes_ahead(path: Path) -> None:
    connection = made(path)
    assert connection.execute("PRAGMA journal_mode") == [("wal",)]
    connection.close()
