from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from korproxy.config import durable
from korproxy.config.home import Home, prepare
from korproxy.config.pending import NAMES, commit, finish, pending, state_of
from korproxy.config.reading import contents
from tests.fakes.recorder import recorded_calls

OLD = {"korproxy.toml": b"# old\n", "accounts.toml": b"version = 1\n"}
NEW = {"korproxy.toml": b"# new\n", "accounts.toml": b"version = 1\n# new\n", "routing.toml": b"version = 1\n"}


class Killed(BaseException):
    pass


@pytest.fixture
def place(home: Path) -> Home:
    found = Home(path=home)
    prepare(found)
    for name, data in OLD.items():
        (home / name).write_bytes(data)
    return found


def there(place: Home) -> dict[str, object]:
    return {name: data for name, data in contents(place).items() if data is not None}


def test_several_files_are_changed_and_nothing_is_left_over(place: Home) -> None:
    commit(place, NEW)

    assert there(place) == NEW
    assert sorted(each.name for each in place.path.iterdir() if each.is_file()) == sorted(NAMES)


def test_all_is_on_the_disk_in_one_file_before_the_first_one_is_replaced(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = recorded_calls(monkeypatch)

    commit(place, {"korproxy.toml": b"1", "routing.toml": b"2"})

    assert recorded == [
        *("write draft of pending", "fsync draft of pending", "replace draft of pending pending.json", "fsync home"),
        *("write draft of korproxy", "fsync draft of korproxy", "replace draft of korproxy korproxy.toml", "fsync home"),
        *("write draft of routing", "fsync draft of routing", "replace draft of routing routing.toml", "fsync home"),
        *("unlink pending.json", "fsync home"),
    ]


def test_one_file_needs_no_second_one(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = durable.write

    def writing(path: Path, data: bytes) -> None:
        written.append(path.name)
        write(path, data)

    monkeypatch.setattr(durable, "write", writing)

    commit(place, {"routing.toml": b"x"})
    commit(place, {})

    assert written == ["routing.toml"]


def test_only_files_of_the_configuration_can_be_written(place: Home) -> None:
    with pytest.raises(ValueError, match="secrets"):
        commit(place, {"secrets": b"", "routing.toml": b""})


def test_a_writer_killed_at_any_step_leaves_all_old_or_all_new_and_the_next_one_goes_on(
    place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    write, unlink = durable.write, Path.unlink
    for survives in itertools.count():
        for name in NAMES:
            (place.path / name).unlink(missing_ok=True)
        for name, data in OLD.items():
            (place.path / name).write_bytes(data)
        steps = itertools.count()

        def alive(steps: itertools.count[int] = steps, survives: int = survives) -> None:
            if next(steps) >= survives:
                raise Killed

        def writing(path: Path, data: bytes) -> None:
            alive()
            write(path, data)

        def unlinking(path: Path, *, missing_ok: bool = False) -> None:
            alive()
            unlink(path, missing_ok=missing_ok)

        try:
            with monkeypatch.context() as patched:
                patched.setattr(durable, "write", writing)
                patched.setattr(Path, "unlink", unlinking)
                commit(place, NEW)
        except Killed:
            seen.append(there(place))
            finish(place)
            assert there(place) == seen[-1]
            assert pending(place) == {}
        else:
            break

    assert seen == [OLD, NEW, NEW, NEW, NEW]


@pytest.mark.parametrize("raw", [b"", b"[", b"[]", b"5", b'{"korproxy.toml": 5}', b'{"x": "y"}', b"[" * 100_000, b"\xff"])
def test_what_korproxy_never_wrote_there_changes_nothing(place: Home, raw: bytes) -> None:
    (place.path / "pending.json").write_bytes(raw)

    assert there(place) == OLD
    finish(place)
    assert there(place) == OLD
    assert not (place.path / "pending.json").exists()


def test_the_state_changes_with_every_file_of_the_configuration_and_only_with_them(place: Home) -> None:
    states = [state_of(place)]
    for name in (*NAMES, "pending.json"):
        durable.write(place.path / name, b"# another\n")
        states.append(state_of(place))
    place.management_key.write_bytes(b"x")

    assert len(set(states)) == 5
    assert state_of(place) == states[-1]
