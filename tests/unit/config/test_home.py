from __future__ import annotations

import os
from pathlib import Path

import pytest

from korproxy.config.home import Home, find_home, prepare
from korproxy.errors.exceptions import CannotStart

not_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")


def test_what_the_command_line_says_beats_the_environment(tmp_path: Path) -> None:
    assert find_home(tmp_path / "a", {"KORPROXY_HOME": str(tmp_path / "b")}).path == tmp_path / "a"


def test_the_environment_beats_the_system(tmp_path: Path) -> None:
    assert find_home(None, {"KORPROXY_HOME": str(tmp_path / "b")}).path == tmp_path / "b"


def test_the_process_has_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KORPROXY_HOME", str(tmp_path))

    assert find_home() == Home(path=tmp_path)


def test_without_both_it_is_where_the_system_keeps_a_users_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    home = find_home("", {"KORPROXY_HOME": ""})

    assert home.path.name == "korproxy"
    assert home.path.is_absolute()


def test_a_relative_home_and_a_tilde_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))

    found = [find_home("here", {}).path, find_home("~/kp", {}).path, find_home("~nobody-of-this-name/kp", {}).path]

    assert found == [tmp_path / "here", tmp_path / "me" / "kp", tmp_path / "~nobody-of-this-name" / "kp"]


def test_names_in_the_home_are_those_of_the_interface() -> None:
    home = Home(path=Path("/h"))

    names = {
        str(each.relative_to("/h"))
        for each in (
            home.toml,
            home.accounts,
            home.routing,
            home.secrets,
            home.client_key,
            home.management_key,
            home.database,
            home.reasoning,
            home.logs,
            home.last_good,
            home.lock,
            home.daemon,
        )
    }

    assert names == {
        "korproxy.toml",
        "accounts.toml",
        "routing.toml",
        "secrets",
        "secrets/client.key",
        "secrets/management.key",
        "korproxy.db",
        "reasoning.table",
        "logs",
        "last-good",
        "daemon.lock",
        "daemon.json",
    }


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")
def test_directories_are_made_for_the_user_only(tmp_path: Path) -> None:
    home = Home(path=tmp_path / "a" / "home")

    prepare(home)
    prepare(home)  # a second start finds them

    assert [each.stat().st_mode & 0o777 for each in (home.path, home.secrets, home.logs, home.last_good)] == [0o700] * 4


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")
def test_a_home_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    prepare(Home(path=tmp_path))

    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.code("KP-SYS-504")
@pytest.mark.parametrize("taken", [".", "secrets", "logs", "last-good"])
def test_a_file_in_the_way_is_named(tmp_path: Path, taken: str) -> None:
    (tmp_path / "home").mkdir()
    file = tmp_path / "home" / taken
    if taken == ".":
        file.rmdir()
    file.write_text("")

    with pytest.raises(CannotStart) as caught:
        prepare(Home(path=tmp_path / "home"))

    assert caught.value.code == "KP-SYS-504"
    assert str(file) in caught.value.detail


def test_a_file_above_the_home_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CannotStart) as caught:
        prepare(Home(path=tmp_path / "file" / "a" / "home"))

    assert f"{tmp_path / 'file'} is none" in caught.value.detail


def test_a_link_to_nowhere_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to(tmp_path / "nowhere")

    with pytest.raises(CannotStart) as caught:
        prepare(Home(path=tmp_path / "home"))

    assert f"{tmp_path / 'home'} is none" in caught.value.detail


@pytest.mark.code("KP-SYS-504")
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a place where even root may not write")
def test_a_place_that_takes_no_directories_is_named() -> None:
    with pytest.raises(CannotStart) as caught:
        prepare(Home(path=Path("/proc/korproxy")))

    assert caught.value.code == "KP-SYS-504"
    assert "'/proc/korproxy' cannot be made: " in caught.value.detail


def test_a_name_that_no_file_can_have_is_told() -> None:
    with pytest.raises(CannotStart) as caught:
        prepare(Home(path=Path("/tmp/a\0b")))

    assert "cannot be made: " in caught.value.detail


@not_root
@pytest.mark.code("KP-SYS-504")
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    prepare(Home(path=tmp_path))
    (tmp_path / "logs").chmod(0o500)

    with pytest.raises(CannotStart) as caught:
        prepare(Home(path=tmp_path))

    assert caught.value.code == "KP-SYS-504"
    assert f"may not write to {tmp_path / 'logs'}" in caught.value.detail


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")
def test_a_home_that_everybody_may_write_is_refused_before_anything_is_put_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)

    with pytest.raises(CannotStart) as caught:
        prepare(Home(path=tmp_path))

    assert caught.value.code == "KP-SYS-504"
    assert f"chmod 700 {tmp_path}" in caught.value.detail
    assert list(tmp_path.iterdir()) == []
