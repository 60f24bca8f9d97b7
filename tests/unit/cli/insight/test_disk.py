from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.cli.insight.disk import Disk
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError
from korproxy.models.searching import WantedRequests
from tests.fakes.steered import cli, furnished

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
