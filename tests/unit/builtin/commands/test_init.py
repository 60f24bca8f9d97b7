from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from korproxy.cli.main import korproxy


def init(*args: str | Path) -> Result:
    return CliRunner().invoke(korproxy, ["init", *map(str, args)])


def test_the_paths_and_the_next_steps_are_printed(home: Path) -> None:
    done = init()
    lines = done.stdout.splitlines()

    assert done.exit_code == 0
    assert lines[:4] == [
        f"home            {home}",
        f"settings        {home}/korproxy.toml",
        f"client key      {home}/secrets/client.key",
        f"management key  {home}/secrets/management.key",
    ]
    assert lines[5:7] == ["Next:", f"  1. Open {home}/korproxy.toml and take the # away from a provider you use."]


def test_what_is_made_is_right(home: Path) -> None:
    init()
    done = CliRunner().invoke(korproxy, ["check", "--no-plugins"])

    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, f"{home}/korproxy.toml is right.")


def test_json_has_the_paths_and_no_key(tmp_path: Path) -> None:
    done = init("--json", "--home", tmp_path / "other")

    assert json.loads(done.stdout) == {
        "home": f"{tmp_path}/other",
        "settings": f"{tmp_path}/other/korproxy.toml",
        "client_key": f"{tmp_path}/other/secrets/client.key",
        "management_key": f"{tmp_path}/other/secrets/management.key",
    }


@pytest.mark.code("KP-CONF-216")
def test_settings_that_are_there_stay(home: Path) -> None:
    init()
    (home / "korproxy.toml").write_text("version = 1\n")
    done = init()

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-CONF-216: ")
    assert (home / "korproxy.toml").read_text() == "version = 1\n"


def test_force_sets_them_aside(home: Path) -> None:
    init()
    (home / "korproxy.toml").write_text("version = 1\n")
    done = init("--force")

    assert done.exit_code == 0
    assert (home / "korproxy.toml.old").read_text() == "version = 1\n"
    assert "[server]" in (home / "korproxy.toml").read_text()


@pytest.mark.code("KP-SYS-504")
def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = init("--home", tmp_path / "file" / "home")

    assert done.exit_code == 1
    assert done.stderr.startswith("error KP-SYS-504: ")
