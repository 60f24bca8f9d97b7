from __future__ import annotations

from errno import EACCES
from pathlib import Path

import pytest

from korproxy.cli.insight.disk import Disk
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError
from korproxy.models.searching import WantedRequests
from korproxy.store.place import InFile
from tests.fakes.steered import cli, furnished, run

BROKEN = 'version = 1\n[store]\ndays = "seven"\n'
HIDES = """
from korproxy.api import hookimpl

@hookimpl
def korproxy_redactions(settings):
    raise RuntimeError("broken")
"""


def test_settings_are_those_of_the_files(home: Path) -> None:
    furnished(home, "version = 1\n[store]\ndays = 3\n")

    assert Disk(cli(home)).settings.store.days == 3


def test_files_that_cannot_be_read_keep_nobody_from_looking(home: Path) -> None:
    disk = Disk(cli(furnished(home, BROKEN)))

    assert disk.settings == RootSettings()
    assert disk.clean({"text": "Bearer " + "a1B2" * 10}) == {"asked": "files", "text": "Bearer ***REDACTED***"}


def test_where_no_store_is_none_is_made(home: Path) -> None:
    furnished(home)
    found = Disk(cli(home)).ask(lambda store: store.requests(WantedRequests()), [{"nothing": True}])

    assert found == [{"nothing": True}]
    assert not list(home.glob("korproxy.db*"))


@pytest.mark.code("KP-SYS-533")
def test_a_damaged_store_is_an_error_and_stays_as_it_is(home: Path) -> None:
    furnished(home)
    (home / "korproxy.db").write_bytes(b"no database at all" * 999)
    done = run("requests")

    assert done.exit_code == 1
    assert done.stderr.startswith(f"error KP-SYS-533: {home / 'korproxy.db'} is damaged (")
    assert [each.name for each in home.glob("korproxy.db*")] == ["korproxy.db"]


@pytest.mark.code("KP-SYS-533")
def test_a_database_elsewhere_is_found_by_its_reference_and_one_that_is_not_there_is_told_without_it(home: Path) -> None:
    furnished(home, 'version = 1\n[store]\nurl = "env:STORE_URL"\n')
    unset = run("requests")
    silent = run("requests", env={"STORE_URL": "postgresql://me:hunter2-hunter2@127.0.0.1:1/x?connect_timeout=1"})

    assert (unset.exit_code, silent.exit_code) == (1, 1)
    assert unset.stderr.startswith("error KP-SYS-533: [store] url: ")
    assert silent.stderr.startswith("error KP-SYS-533: ")
    assert "hunter2" not in silent.stderr
    assert not list(home.glob("replica*"))


@pytest.mark.code("KP-CONF-210")
def test_a_rule_that_hides_secrets_and_is_broken_shows_nothing(home: Path, tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "mine.py").write_text(HIDES)
    asked = cli(furnished(home))
    asked.chosen.no_plugins, asked.chosen.plugin_dirs = False, (plugins,)

    with pytest.raises(ConfigError) as caught:
        Disk(asked).clean({})

    assert [each.code for each in caught.value.problems] == ["KP-CONF-210"]


@pytest.mark.code("KP-SYS-533")
def test_a_home_that_nobody_may_look_into_is_an_error_that_names_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exists(place: InFile) -> bool:
        raise PermissionError(EACCES, "Permission denied")  # to whoever runs the tests as root nothing is denied

    furnished(home)
    monkeypatch.setattr(InFile, "exists", exists)
    done = run("requests")

    assert (done.exit_code, done.stderr.splitlines()[0]) == (
        1,
        f"error KP-SYS-533: {home / 'korproxy.db'} cannot be read: Permission denied.",
    )
