from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from korproxy.cli.main import korproxy
from tests.fakes.plugin_files import plugin_text, write_plugins


def plugins(*args: str | Path) -> Result:
    return CliRunner().invoke(korproxy, ["plugins", *map(str, args)])


def by_name(done: Result) -> dict[str, dict[str, object]]:
    return {each["name"]: each for each in json.loads(done.stdout)["plugins"]}


def test_the_built_in_plugins_are_loaded() -> None:
    done = plugins("--no-plugins", "--json")
    states = by_name(done)

    assert done.exit_code == 0
    assert states["commands.status"] == {
        "name": "commands.status",
        "origin": "builtin",
        "version": "0.1.0",
        "location": "korproxy.builtin.commands.status",
        "state": "loaded",
        "hooks": ["korproxy_commands"],
        "code": None,
        "reason": "",
    }
    assert {each["state"] for each in states.values()} == {"loaded"}


def test_people_get_a_table(tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"alpha": plugin_text("alpha", ["korproxy_commands", "korproxy_sinks"])})
    done = plugins("--plugins-dir", folder)
    lines = [line.split() for line in done.stdout.splitlines()]

    assert lines[0] == ["NAME", "ORIGIN", "VERSION", "STATE", "HOOKS"]
    assert lines[-1] == ["alpha", "file", "?", "loaded", "commands,", "sinks"]


@pytest.mark.code("KP-CONF-209")
@pytest.mark.parametrize("hook", ["korproxy_commands", "korproxy_providers", "korproxy_sinks", "korproxy_collectors"])
def test_a_plugin_that_raises_in_a_hook_is_listed_as_broken(tmp_path: Path, hook: str) -> None:
    folder = write_plugins(tmp_path, {"alpha": plugin_text("alpha", [hook], raises_in=hook)})
    done = plugins("--plugins-dir", folder, "--json")
    alpha = by_name(done)["alpha"]

    assert done.exit_code == 1
    assert (alpha["state"], alpha["code"]) == ("broken", "KP-CONF-209")
    assert alpha["reason"] == f"{hook}: RuntimeError: no alpha today"


def test_a_broken_redaction_is_listed_like_any_other(tmp_path: Path) -> None:
    hook = "korproxy_redactions"
    done = plugins("--plugins-dir", write_plugins(tmp_path, {"alpha": plugin_text("alpha", [hook], raises_in=hook)}), "--json")

    assert (done.exit_code, by_name(done)["alpha"]["state"]) == (1, "broken")


def test_a_command_that_cannot_be_imported_is_listed(tmp_path: Path) -> None:
    text = plugin_text("alpha", ["korproxy_commands"]).replace('click.Command("alpha")', "no_such_name")
    done = plugins("--plugins-dir", write_plugins(tmp_path, {"alpha": text}))

    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == (
        '    [KP-CONF-209] The command "alpha" of plugin alpha cannot be loaded: '
        "NameError: name 'no_such_name' is not defined"
    )


def test_a_command_that_the_core_has_is_listed_and_nothing_is_broken(tmp_path: Path) -> None:
    text = plugin_text("alpha", ["korproxy_commands"]).replace('"alpha"', '"check"')
    done = plugins("--plugins-dir", write_plugins(tmp_path, {"alpha": text}))

    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == ('    [KP-CONF-208] its command "check" is left out: KorProxy has one of that name')


def test_wrong_settings_do_not_hide_the_plugins(home: Path) -> None:
    home.mkdir()
    (home / "korproxy.toml").write_text("[server]\nport = 'none'\n")
    done = plugins("--no-plugins", "--json")

    assert done.exit_code == 0
    assert "commands.status" in by_name(done)
    assert done.stderr == "Plugins are asked with default settings: korproxy.toml is wrong [KP-CONF-202]; see korproxy check\n"
