from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from korproxy.cli.insight.rules import rules
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError
from tests.fakes.plugin_files import write_plugins
from tests.fakes.steered import cli, furnished

HIDES = """
import re
from korproxy.api import RegexRedaction, hookimpl

@hookimpl
def korproxy_redactions(settings):
    return [RegexRedaction(name="names", pattern=re.compile("hunter2"))]
"""
SECRET = "sk-ant-api03-" + "A1b2" * 20


def test_they_are_those_of_korproxy_with_the_settings_of_the_home(home: Path) -> None:
    furnished(home, "[log]\nkeep = 3\n")
    found = rules(cli(home))

    assert (found.settings.log.keep, found.redactor.redact(f"key {SECRET}")) == (3, "key ***REDACTED***")


def test_what_is_wrong_with_the_settings_keeps_nobody_from_looking(home: Path) -> None:
    furnished(home, "[log]\nlevel = 3\n")
    found = rules(cli(home))

    assert (found.settings, found.redactor.redact(f"key {SECRET}")) == (RootSettings(), "key ***REDACTED***")


def test_those_of_plugins_count_too(home: Path, tmp_path: Path) -> None:
    made = cli(home)
    made.chosen.plugin_dirs = (write_plugins(tmp_path, {"names": HIDES}),)
    made.chosen.no_plugins = False

    assert rules(made).redactor.redact("it is hunter2") == "it is ***REDACTED***"


def test_nothing_is_shown_where_a_plugin_that_hides_secrets_is_broken(home: Path, tmp_path: Path) -> None:
    made = cli(home)
    made.chosen.plugin_dirs = (write_plugins(tmp_path, {"names": "import nothing_of_that_name  # for a redaction\n"}),)
    made.chosen.no_plugins = False
    with pytest.raises(ConfigError):
        rules(made)


def test_neither_trio_nor_providers_are_imported_for_them(home: Path) -> None:
    furnished(home)
    source = (
        "import sys\nfrom korproxy.cli.context import Context\nfrom korproxy.cli.insight.rules import rules\n"
        "rules(Context())\nprint([each for each in ('trio', 'korproxy.builtin.providers.claude') if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=30)

    assert done.stdout == "[]\n"
