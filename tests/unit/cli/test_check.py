from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from korproxy.cli.main import korproxy
from tests.fakes.plugin_files import plugin_text, write_plugins

CLAUDE = """
[providers.claude]
type = "claude"
[[providers.claude.accounts]]
name = "work"
key = "env:CLAUDE_OF_THIS_TEST"
[[providers.claude.accounts]]
name = "callers"
credential = "client"
"""


def check(home: Path, settings: str | None, *args: str | Path) -> Result:
    if settings is not None:
        home.mkdir(exist_ok=True)
        (home / "korproxy.toml").write_text(settings)
    plugins = args if "--plugins-dir" in args else ("--no-plugins", *args)
    return CliRunner().invoke(korproxy, ["check", *map(str, plugins)], env={"CLAUDE_OF_THIS_TEST": "sk-of-this-test"})


def found(home: Path, settings: str | None, *args: str | Path) -> tuple[int, dict[str, Any]]:
    done = check(home, settings, "--json", *args)
    return done.exit_code, json.loads(done.stdout)


def places(problems: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(each["code"], each["path"]) for each in problems]


def test_what_is_configured_is_told(home: Path) -> None:
    done = check(home, CLAUDE)
    lines = done.stdout.splitlines()

    assert done.exit_code == 0
    assert lines[0] == f"{home}/korproxy.toml is right."
    assert lines[1] == "provider claude (type claude), accounts: work, callers"
    assert lines[2].startswith("plugins: ")
    assert len(lines) == 3


def test_json_tells_the_same(home: Path) -> None:
    code, data = found(home, CLAUDE)
    plugins = data.pop("plugins")

    assert "commands.status" in plugins
    assert (code, data) == (
        0,
        {
            "ok": True,
            "settings": f"{home}/korproxy.toml",
            "problems": [],
            "warnings": [],
            "providers": [{"id": "claude", "type": "claude", "accounts": ["work", "callers"]}],
        },
    )


def test_without_settings_all_is_right_and_the_next_step_is_told(home: Path) -> None:
    done = check(home, None)

    assert done.exit_code == 0
    assert done.stdout.splitlines()[:2] == [
        f"There is no {home}/korproxy.toml, so everything has its default: korproxy init writes one.",
        "No provider is configured: add one to korproxy.toml, or try `korproxy run --demo`.",
    ]


def test_checking_writes_nothing(home: Path) -> None:
    check(home, None)

    assert not home.exists()


@pytest.mark.code("KP-CONF-202")
def test_every_mistake_is_listed_with_its_place(home: Path) -> None:
    done = check(home, "[server]\nport = 99999\ngrace = -1.0\n[log]\nlevel = 'loud'\n")
    lines = done.stdout.splitlines()

    assert done.exit_code == 1
    assert [line.split(": ")[:2] for line in lines[:3]] == [
        ["error KP-CONF-202", "$.server.port"],
        ["error KP-CONF-202", "$.server.grace"],
        ["error KP-CONF-202", "$.log.level"],
    ]
    assert lines[3:] == ["  help: korproxy errors KP-CONF-202", "3 mistakes found."]


@pytest.mark.code("KP-CONF-203")
def test_a_type_that_nobody_knows_is_a_mistake(home: Path) -> None:
    code, data = found(home, CLAUDE.replace('"claude"', '"clude"'))

    assert (code, data["ok"], places(data["problems"])) == (1, False, [("KP-CONF-203", "$.providers.claude.type")])
    assert 'did you mean "claude"?' in data["problems"][0]["message"]


@pytest.mark.code("KP-CONF-205")
def test_a_secret_that_is_not_there_is_a_mistake(home: Path) -> None:
    code, data = found(home, CLAUDE.replace("CLAUDE_OF_THIS_TEST", "NOBODY_SET_THIS"))

    assert (code, places(data["problems"])) == (1, [("KP-CONF-205", "$.providers.claude.accounts[0].key")])


@pytest.mark.code("KP-CONF-206")
def test_a_key_that_others_can_read_is_a_mistake(home: Path) -> None:
    CliRunner().invoke(korproxy, ["key", "show", "client"])
    (home / "secrets" / "client.key").chmod(0o644)
    code, data = found(home, None)

    assert (code, places(data["problems"])) == (1, [("KP-CONF-206", f"{home}/secrets/client.key")])


def test_a_key_that_cannot_be_read_is_a_mistake(home: Path) -> None:
    (home / "secrets" / "client.key").mkdir(parents=True)
    code, data = found(home, None)

    assert (code, places(data["problems"])) == (1, [("KP-SYS-504", f"{home}/secrets")])


@pytest.mark.code("KP-CONF-215")
def test_the_table_of_an_absent_plugin_is_a_warning(home: Path) -> None:
    done = check(home, "[plugin.absent]\na = 1\n")
    data = found(home, None)[1]

    assert done.exit_code == 0
    assert done.stdout.startswith("warning KP-CONF-215: $.plugin.absent: ")
    assert places(data["warnings"]) == [("KP-CONF-215", "$.plugin.absent")]


@pytest.mark.code("KP-CONF-202")
def test_a_mistake_in_a_plugin_s_own_table_has_its_place(home: Path, tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"alpha": plugin_text("alpha", ["korproxy_settings"])})
    code, data = found(home, "[plugin.alpha]\nsize = 'big'\n", "--plugins-dir", folder)

    assert (code, places(data["problems"])) == (1, [("KP-CONF-202", "$.plugin.alpha.size")])


@pytest.mark.code("KP-CONF-208")
def test_two_plugins_that_offer_one_name_are_a_mistake(home: Path, tmp_path: Path) -> None:
    hook = ["korproxy_sinks"]
    later = plugin_text("beta", hook).replace('name = "beta"', 'name = "alpha"')
    folder = write_plugins(tmp_path, {"alpha": plugin_text("alpha", hook), "beta": later})
    code, data = found(home, None, "--plugins-dir", folder)

    assert (code, places(data["problems"])) == (1, [("KP-CONF-208", "plugin beta")])


@pytest.mark.code("KP-CONF-209")
def test_a_broken_plugin_and_a_broken_command_are_mistakes(home: Path, tmp_path: Path) -> None:
    command = plugin_text("beta", ["korproxy_commands"]).replace('click.Command("beta")', "no_such_name")
    folder = write_plugins(tmp_path, {"alpha": "raise ValueError", "beta": command})
    code, data = found(home, None, "--plugins-dir", folder)

    assert (code, sorted(places(data["problems"]))) == (1, [("KP-CONF-209", "plugin alpha"), ("KP-CONF-209", "plugin beta")])


@pytest.mark.code("KP-CONF-210")
def test_a_plugin_that_hides_secrets_and_is_broken_is_a_mistake(home: Path, tmp_path: Path) -> None:
    hook = "korproxy_redactions"
    folder = write_plugins(tmp_path, {"alpha": plugin_text("alpha", [hook], raises_in=hook)})
    code, data = found(home, None, "--plugins-dir", folder)

    assert (code, places(data["problems"])) == (1, [("KP-CONF-210", "plugin alpha")])
    assert data["plugins"] == []


def test_wrong_settings_do_not_hide_wrong_plugins(home: Path, tmp_path: Path) -> None:
    folder = write_plugins(tmp_path, {"alpha": "raise ValueError"})
    code, data = found(home, "[server\n", "--plugins-dir", folder)

    assert (code, [each["code"] for each in data["problems"]]) == (1, ["KP-CONF-201", "KP-CONF-209"])


def test_one_mistake_is_one() -> None:
    from korproxy.cli.check import Findings, plain
    from korproxy.cli.context import Context
    from korproxy.errors.exceptions import Problem

    problem = Problem(code="KP-CONF-201", path="a", message="b")
    lines = plain(Context(), Findings(problems=[problem], warnings=[], composed=None)).splitlines()

    assert lines[-1] == "1 mistake found."


@pytest.mark.code("KP-CONF-220")
@pytest.mark.code("KP-CONF-222")
def test_all_three_files_are_checked(home: Path) -> None:
    home.mkdir()
    (home / "accounts.toml").write_text("version = 1\n[[providers.gone.accounts]]\nname = 'a'\n")
    (home / "routing.toml").write_text("version = 1\nprofile = 'nowhere'\n")

    code, data = found(home, CLAUDE)

    assert (code, places(data["problems"])) == (1, [("KP-CONF-220", "routing.toml:$.profile")])
    (home / "routing.toml").write_text("version = 1\n[groups.g]\nmembers = [{ provider = 'claude', account = 'lost' }]\n")
    code, data = found(home, None)
    assert (code, data["problems"], places(data["warnings"])) == (
        0,
        [],
        [("KP-CONF-222", "accounts.toml:$.providers.gone"), ("KP-CONF-222", "routing.toml:$.groups.g.members[0]")],
    )


def test_accounts_that_were_added_by_command_are_told_too(home: Path) -> None:
    home.mkdir()
    (home / "accounts.toml").write_text("version = 1\n[[providers.claude.accounts]]\nname = 'more'\ncredential = 'client'\n")

    _, data = found(home, CLAUDE)

    assert data["providers"][0]["accounts"] == ["work", "callers", "more"]
