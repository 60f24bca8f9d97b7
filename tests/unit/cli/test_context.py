from __future__ import annotations

import json
from pathlib import Path

import pytest

from korproxy.cli.context import Context
from korproxy.errors.exceptions import CommandFailed
from tests.fakes.daemon import answering, describe, held, holding_process
from tests.fakes.plugin_files import plugin_text, write_plugins
from tests.fakes.steered import furnished

ALPHA_TYPE = """
from korproxy.api import OpenAICompatible, from_settings, hookimpl


@hookimpl
def korproxy_providers(settings):
    for table in settings.providers("alpha"):
        yield from_settings(table, OpenAICompatible(id=table.id, base_url="http://127.0.0.1:1"))
"""


def context(**said: object) -> Context:
    made = Context()
    for name, value in said.items():
        setattr(made.chosen, name, value)
    return made


def test_the_home_is_what_was_chosen(tmp_path: Path, home: Path) -> None:
    assert context(home=tmp_path / "other").home == tmp_path / "other"
    assert context().home == home


def test_people_get_text_and_programs_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"name": "Jürgen", "path": Path("/a")}
    context().show("It is Jürgen.", data)
    context(as_json=True).show("It is Jürgen.", data)
    lines = capsys.readouterr().out.splitlines()

    assert lines == ["It is Jürgen.", "{", '  "name": "Jürgen",', '  "path": "/a"', "}"]


def test_verbose_is_what_was_chosen() -> None:
    assert (context().verbose, context(verbose=True).verbose) == (False, True)


def test_codes_are_those_of_the_core_and_of_plugins(tmp_path: Path) -> None:
    codes = context(plugin_dirs=(write_plugins(tmp_path, {"alpha": plugin_text("alpha", number=585)}),)).codes()

    assert {"KP-SYS-501", "KP-SYS-585"} < {each.code for each in codes}


def test_running_says_what_the_daemon_said(home: Path) -> None:
    before = context().running()
    said = describe(home, urls=["http://127.0.0.1:1"])
    stale = context().running()
    with held(home / "daemon.lock"):
        now = context().running()

    assert (before, stale, now) == (None, None, said)


def test_ask_uses_the_key_of_the_home(home: Path) -> None:
    cli = context()
    key = cli.key("management")
    with answering(home, b'{"a": 1}') as asked:
        got = cli.ask("/v1/a")

    assert got == {"a": 1}
    assert [(each.path, each.headers["x-management-key"]) for each in asked] == [("/v1/a", key)]


def test_post_sends_json(home: Path) -> None:
    with answering(home, b'{"a": 1}') as asked:
        got = context().post("/v1/a", {"b": 2})

    assert got == {"a": 1}
    assert [(each.method, each.path, each.json) for each in asked] == [("POST", "/v1/a", {"b": 2})]


def test_the_running_daemon_is_asked_where_a_request_would_go(home: Path) -> None:
    with answering(home, b'{"decision": null}') as asked:
        got = context().foresee({"body": {}})

    assert got == {"asked": "daemon", "decision": None}
    assert [(each.path, each.json) for each in asked] == [("/v1/routing/test", {"body": {}})]


def test_without_one_the_files_say_where_a_request_would_go(home: Path) -> None:
    furnished(home)
    got = context(no_plugins=True).foresee({"body": {"model": "gpt-4o", "messages": []}})
    secret = context(no_plugins=True).foresee({"body": {"model": "sk-" + 30 * "aB3", "messages": []}})

    assert (got["asked"], got["format"], got["error"]) == ("files", "openai-chat", None)
    assert "aB3aB3" not in str(secret)


def test_there_is_one_configuration_for_a_command_line(home: Path) -> None:
    furnished(home)
    cli = context()

    assert cli.configuration is cli.configuration
    assert [each.name for each in cli.configuration.accounts()] == ["work", "home"]


@pytest.mark.code("KP-SYS-505")
def test_ask_needs_a_daemon(home: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        context().ask("/v1/a")

    assert caught.value.code == "KP-SYS-505"
    assert str(caught.value) == f"No daemon runs with the home {home}; `korproxy run` starts one."


@pytest.mark.code("KP-SYS-520")
@pytest.mark.parametrize("urls", [[], None, "http://127.0.0.1:1"])
def test_a_daemon_that_says_no_address_is_told(home: Path, urls: object) -> None:
    describe(home, urls=urls)
    with held(home / "daemon.lock"), pytest.raises(CommandFailed, match="it says no address") as caught:
        context().ask("/v1/a")

    assert caught.value.code == "KP-SYS-520"


@pytest.mark.code("KP-SYS-520")
def test_a_daemon_is_not_asked_without_a_key(home: Path) -> None:
    describe(home, urls=["http://127.0.0.1:1"])
    with held(home / "daemon.lock"), pytest.raises(CommandFailed, match=r"without .*management\.key") as caught:
        context().ask("/v1/a")

    assert caught.value.code == "KP-SYS-520"
    assert not (home / "secrets").exists()


def test_a_new_home_has_settings_and_keys_that_only_the_user_reads(home: Path) -> None:
    paths = context().init_home(force=False)

    assert paths == {
        "home": str(home),
        "settings": str(home / "korproxy.toml"),
        "client_key": str(home / "secrets" / "client.key"),
        "management_key": str(home / "secrets" / "management.key"),
    }
    assert {Path(each).stat().st_mode & 0o777 for each in paths.values()} == {0o700, 0o600}


@pytest.mark.code("KP-CONF-216")
def test_a_second_init_changes_nothing(home: Path) -> None:
    context().init_home(force=False)
    (home / "korproxy.toml").write_text("mine")
    with pytest.raises(CommandFailed) as caught:
        context().init_home(force=False)

    assert caught.value.code == "KP-CONF-216"
    assert (home / "korproxy.toml").read_text() == "mine"


def test_init_keeps_the_keys_even_by_force() -> None:
    key = context().key("client")
    context().init_home(force=True)
    context().init_home(force=True)

    assert context().key("client") == key


def test_a_request_is_explained_with_the_settings_and_plugins_that_were_chosen(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    (home / "korproxy.toml").write_text('[providers.mine]\ntype = "compatible"\nbase_url = "http://127.0.0.1:9"\n')
    cli = context(plugin_dirs=(write_plugins(tmp_path, {"alpha": ALPHA_TYPE}),))
    body = b'{"model": "tiny", "messages": []}'
    urls = [cli.explain(body, to=each, client="openai-chat").url for each in ("mine/tiny", "alpha/tiny")]

    assert urls == ["http://127.0.0.1:9/chat/completions", "http://127.0.0.1:1/chat/completions"]


def test_a_key_is_made_at_first_use_and_kept(home: Path) -> None:
    client, management = context().key("client"), context().key("management")

    assert client != management
    assert context().key("client") == client == (home / "secrets" / "client.key").read_text().strip()


def test_stop_returns_what_the_daemon_said(home: Path) -> None:
    with holding_process(home) as process:
        said = context().stop_daemon(10)
        code = process.wait(10)

    assert (said["pid"], code) == (process.pid, -15)
    assert context().running() is None


@pytest.mark.code("KP-SYS-505")
def test_stop_needs_a_daemon(home: Path) -> None:
    describe(home)
    with pytest.raises(CommandFailed) as caught:
        context().stop_daemon(1)

    assert caught.value.code == "KP-SYS-505"


@pytest.mark.code("KP-SYS-512")
@pytest.mark.parametrize("pid", [0, 1, -1, "17", None, 3.5])
def test_nothing_but_a_process_is_ever_signalled(home: Path, monkeypatch: pytest.MonkeyPatch, pid: object) -> None:
    def signalled(*args: object) -> None:
        raise AssertionError(args)

    monkeypatch.setattr("os.kill", signalled)
    (home).mkdir()
    (home / "daemon.json").write_text(json.dumps({"pid": pid}))
    with held(home / "daemon.lock"), pytest.raises(CommandFailed) as caught:
        context().stop_daemon(1)

    assert caught.value.code == "KP-SYS-512"
