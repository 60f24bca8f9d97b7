from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from korproxy.config import durable
from korproxy.config.home import Home, prepare
from korproxy.config.last_good import keep_last_good, newest
from korproxy.errors.exceptions import CommandFailed
from tests.fakes.recorder import recorded_calls

ONE = {"korproxy.toml": b"version = 1\n", "routing.toml": b"# 1\n"}
TWO = {"korproxy.toml": b"version = 1\n# 2\n"}


def names_in(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


@pytest.fixture
def place(home: Path) -> Home:
    found = Home(path=home)
    prepare(found)
    return found


def test_nothing_is_kept_at_first(home: Path) -> None:
    assert newest(Home(path=home)) is None


def test_the_newest_is_what_was_kept_last_and_the_only_one(place: Home) -> None:
    keep_last_good(place, ONE)
    keep_last_good(place, TWO)

    kept = newest(place)

    assert kept is not None
    assert (kept.files, kept.path) == (TWO, place.last_good / "000002")
    assert names_in(place.last_good) == ["000002"]


def test_a_set_gets_its_name_once_all_of_it_is_on_the_disk(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = recorded_calls(monkeypatch)

    keep_last_good(place, {"routing.toml": b"1"})

    directory = recorded[3].removeprefix("fsync ")
    assert directory.startswith("draft of ")
    assert recorded == [
        *("write draft of routing", "fsync draft of routing", "replace draft of routing routing.toml"),
        *(f"fsync {directory}", f"rename {directory} 000001", "fsync last-good"),
    ]


def test_what_is_kept_already_is_not_written_again(place: Home) -> None:
    keep_last_good(place, ONE)
    before = (place.last_good / "000001").stat().st_mtime_ns
    keep_last_good(place, ONE)

    assert (names_in(place.last_good), (place.last_good / "000001").stat().st_mtime_ns) == (["000001"], before)


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing there")
def test_only_the_owner_can_read_what_is_kept(place: Home) -> None:
    keep_last_good(place, ONE)

    modes = [stat.S_IMODE(each.stat().st_mode) for each in [place.last_good / "000001", *place.last_good.glob("*/*")]]
    assert modes == [0o700, 0o600, 0o600]


def test_a_writer_that_is_killed_leaves_the_old_set_and_its_rest_is_swept(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_last_good(place, ONE)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", die)
        patched.setattr("shutil.rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            keep_last_good(place, TWO)
    left = newest(place)
    keep_last_good(place, TWO)

    assert left is not None
    assert left.files == ONE
    assert names_in(place.last_good) == ["000002"]


@pytest.mark.code("KP-CONF-229")
def test_what_cannot_be_kept_is_said_and_the_old_set_stays(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_last_good(place, ONE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "_write_all", full)
    with pytest.raises(CommandFailed, match="No space left") as caught:
        keep_last_good(place, TWO)

    kept = newest(place)
    assert caught.value.code == "KP-CONF-229"
    assert kept is not None
    assert kept.files == ONE


def test_what_others_put_there_is_let_alone(place: Home) -> None:
    (place.last_good / "notes.txt").write_bytes(b"mine")
    keep_last_good(place, ONE)
    keep_last_good(place, TWO)

    assert names_in(place.last_good) == ["000002", "notes.txt"]
