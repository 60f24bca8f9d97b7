from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import pytest

from korproxy.cli import daemon
from korproxy.errors.exceptions import CannotStart
from korproxy.runtime import presence
from korproxy.runtime.presence import announced, sole_daemon, write_privately
from korproxy.version import VERSION
from tests.fakes.daemon import describe, held


@pytest.fixture
def lock(home: Path) -> Path:
    home.mkdir()
    return home / "daemon.lock"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_lock_is_held_for_the_block_and_no_longer(lock: Path) -> None:
    with sole_daemon(lock, lock.with_name("daemon.json")):
        during = daemon.is_locked(lock)

    assert (during, daemon.is_locked(lock)) == (True, False)


def test_the_lock_is_let_go_of_when_the_block_fails(lock: Path) -> None:
    with pytest.raises(KeyError), sole_daemon(lock, lock.with_name("daemon.json")):
        raise KeyError

    assert not daemon.is_locked(lock)


@pytest.mark.code("KP-SYS-503")
def test_of_two_daemons_the_second_is_told_who_the_first_is(lock: Path) -> None:
    with held(lock):
        describe(lock.parent, pid=4711, urls=["http://127.0.0.1:1337", "http://[::1]:1337"])
        with pytest.raises(CannotStart) as caught, sole_daemon(lock, lock.with_name("daemon.json")):
            pass

    assert caught.value.code == "KP-SYS-503"
    assert caught.value.detail == (
        f"{lock.parent} is used by the KorProxy with pid 4711 at http://127.0.0.1:1337, http://[::1]:1337."
        " `korproxy stop` ends it; `--home DIR` uses another home."
    )


@pytest.mark.code("KP-SYS-503")
@pytest.mark.parametrize("said", [None, "", "{", "[1]", '{"urls": null}', '{"urls": [1]}', '"text"'])
def test_a_daemon_that_has_not_said_who_it_is_is_another_korproxy(lock: Path, said: str | None) -> None:
    if said is not None:
        lock.with_name("daemon.json").write_text(said)
    with held(lock), pytest.raises(CannotStart) as caught, sole_daemon(lock, lock.with_name("daemon.json")):
        pass

    assert caught.value.code == "KP-SYS-503"
    assert caught.value.detail.startswith(f"{lock.parent} is used by another KorProxy. ")


def test_whoever_only_looks_at_the_lock_does_not_pass_for_a_daemon(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    take = presence._take

    def busy_once(file: IO[bytes]) -> None:
        looked.append(1)
        if len(looked) == 1:
            with held(lock):
                take(file)
        take(file)

    monkeypatch.setattr(presence, "_take", busy_once)
    with sole_daemon(lock, lock.with_name("daemon.json")):
        during = daemon.is_locked(lock)

    assert (during, len(looked)) == (True, 2)


def test_a_daemon_does_not_wait_long_for_another(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(threading.Event, "wait", lambda _, seconds: waited.append(seconds))
    with held(lock), pytest.raises(CannotStart), sole_daemon(lock, lock.with_name("daemon.json")):
        pass

    assert waited == [0.02, 0.02, 0.02]


@pytest.mark.code("KP-SYS-504")
def test_a_file_system_without_locks_is_not_another_daemon(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(CannotStart) as caught, sole_daemon(lock, lock.with_name("daemon.json")):
        pass

    assert caught.value.code == "KP-SYS-504"
    assert caught.value.detail == f"Cannot lock {lock}: No locks available. Choose another place with --home."


@pytest.mark.code("KP-SYS-504")
def test_a_lock_that_cannot_be_made_is_named(lock: Path) -> None:
    lock.mkdir()
    with pytest.raises(CannotStart) as caught, sole_daemon(lock, lock.with_name("daemon.json")):
        pass

    assert (caught.value.code, caught.value.detail) == ("KP-SYS-504", f"Cannot write {lock}: Is a directory.")


@pytest.mark.code("KP-SYS-504")
def test_a_description_that_cannot_be_removed_is_named(lock: Path) -> None:
    said = lock.with_name("daemon.json")
    said.mkdir()
    with pytest.raises(CannotStart) as caught, sole_daemon(lock, said):
        pass

    assert caught.value.code == "KP-SYS-504"
    assert caught.value.detail.startswith(f"Cannot remove the old {said}: ")
    assert not daemon.is_locked(lock)


@pytest.mark.parametrize("there_before", [True, False])
def test_only_the_owner_can_open_the_lock(lock: Path, there_before: bool) -> None:
    umask = os.umask(0)
    try:
        if there_before:
            lock.touch(0o666)
        with sole_daemon(lock, lock.with_name("daemon.json")):
            pass
    finally:
        os.umask(umask)

    assert mode(lock) == 0o600


def test_what_a_killed_daemon_said_is_gone_as_soon_as_the_next_one_has_the_lock(lock: Path) -> None:
    describe(lock.parent, pid=os.getpid())
    with sole_daemon(lock, lock.with_name("daemon.json")):
        found = daemon.read(lock.with_name("daemon.json"), lock)  # `korproxy stop` would signal its pid

    assert found is None
    assert not lock.with_name("daemon.json").exists()


def test_the_lock_of_a_killed_daemon_is_free(lock: Path) -> None:
    script = (
        "import sys, pathlib; from korproxy.runtime.presence import sole_daemon\n"
        "with sole_daemon(*map(pathlib.Path, sys.argv[1:])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(lock), str(lock.with_name("daemon.json"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            during = daemon.is_locked(lock)
        finally:
            process.kill()

    assert (during, daemon.is_locked(lock)) == (True, False)


def test_a_daemon_says_where_it_is_for_the_block_and_no_longer(tmp_path: Path) -> None:
    file = tmp_path / "daemon.json"
    with announced(file, ["http://127.0.0.1:1337"], demo=True) as about:
        said, private = json.loads(file.read_text()), mode(file) == 0o600

    assert said == about
    assert said.pop("started_at").endswith("Z")
    assert said == {"pid": os.getpid(), "urls": ["http://127.0.0.1:1337"], "version": VERSION, "demo": True}
    assert (private, file.exists()) == (True, False)


def test_a_description_that_somebody_removed_is_nobodys_problem(tmp_path: Path) -> None:
    with announced(tmp_path / "daemon.json", [], demo=False):
        (tmp_path / "daemon.json").unlink()

    assert list(tmp_path.iterdir()) == []


def test_a_description_that_cannot_be_removed_any_more_does_not_change_how_the_daemon_ends(tmp_path: Path) -> None:
    with announced(tmp_path / "daemon.json", [], demo=False):
        (tmp_path / "daemon.json").unlink()
        (tmp_path / "daemon.json").mkdir()

    assert (tmp_path / "daemon.json").is_dir()


@pytest.mark.code("KP-SYS-504")
def test_a_description_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "absent" / "daemon.json"
    with pytest.raises(CannotStart) as caught, announced(file, [], demo=False):
        pass

    assert (caught.value.code, caught.value.detail) == ("KP-SYS-504", f"Cannot write {file}: No such file or directory.")


def test_a_private_file_replaces_what_was_there_and_what_was_left_over(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("before")
    file.chmod(0o644)
    (tmp_path / "x.new").write_text("of a crash")
    write_privately(file, b"after")

    assert (file.read_bytes(), mode(file), [each.name for each in tmp_path.iterdir()]) == (b"after", 0o600, ["x"])


def test_a_private_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "x").write_bytes(b"before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_privately(tmp_path / "x", b"after")

    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("x", b"before")]
