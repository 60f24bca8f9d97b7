from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from korproxy.config.accounts_file import AddedAccounts, AddedTable, merged
from korproxy.config.home import Home, prepare
from korproxy.config.loading import parse
from korproxy.config.settings import AccountSettings, RootSettings
from korproxy.config.view import SettingsView
from korproxy.contracts import Settings
from korproxy.errors.exceptions import ConfigError
from korproxy.models.accounts import Account
from korproxy.models.providers import ConfiguredProvider, Deadlines, Limits

TOML = """\
[deadlines]
connect = 1.0
idle = 2.0
[providers.claude]
type = "claude"
base_url = "https://api.example"
deadlines = { idle = 3.0 }
max_concurrency = 5
max_queue = 6
models = ["claude-*"]
speaks = ["anthropic-messages"]
fetch_images = true
abilities = { images = false, reasoning = "none" }
[[providers.claude.accounts]]
name = "work"
key = "env:CLAUDE"
[[providers.claude.accounts]]
name = "mine"
credential = "client"
[[providers.claude.accounts]]
name = "lost"
key = "env:LOST"
[providers.second]
type = "claude"
[[providers.second.accounts]]
name = "free"
[[providers.second.accounts]]
name = "typed"
key = "sk-ant-typed-in"
[providers.odd]
type = "cluade"
[plugin.hello]
greeting = "hi"
[plugin.helo]
"""


@attrs.frozen(kw_only=True)
class Hello:
    greeting: str = "hello"


@attrs.frozen(kw_only=True)
class Needy:
    address: str


def view(home: Path, text: str = TOML, *, demo: bool = False, tables: dict[str, type] | None = None) -> SettingsView:
    place = Home(path=home)
    prepare(place)
    return SettingsView.of(parse(text, path="k.toml"), place, demo=demo, environ={"CLAUDE": "sk-claude"}, tables=tables or {})


def test_a_view_is_what_plugins_are_promised(home: Path) -> None:
    settings: Settings = view(home)

    assert settings.demo is False


def test_a_type_gets_all_its_tables_with_everything_filled_in(home: Path) -> None:
    first, second = view(home).providers("claude")

    assert attrs.evolve(first, accounts=()) == ConfiguredProvider(
        id="claude",
        type="claude",
        base_url="https://api.example",
        deadlines=Deadlines(connect=1.0, idle=3.0),
        limits=Limits(max_concurrency=5, max_queue=6),
        models=("claude-*",),
        speaks=("anthropic-messages",),
        fetch_images=True,
        abilities={"images": False, "reasoning": "none"},
    )
    assert (second.id, second.base_url, second.deadlines) == ("second", None, Deadlines(connect=1.0, idle=2.0))
    assert [each.name for each in first.accounts] == ["work", "mine", "lost"]
    assert first.accounts[0].secret is not None
    assert first.accounts[0].secret.reveal() == "sk-claude"
    assert first.accounts[1] == Account(name="mine", forwards=True)
    assert second.accounts[0] == Account(name="free")


@pytest.mark.code("KP-CONF-205")
@pytest.mark.code("KP-CONF-204")
def test_a_secret_that_cannot_be_had_costs_only_its_account(home: Path) -> None:
    first, second = view(home).providers("claude")

    lost, typed = first.accounts[2], second.accounts[1]
    assert (lost.secret, typed.secret) == (None, None)
    assert isinstance(lost.missing, ConfigError)
    assert isinstance(typed.missing, ConfigError)
    assert (lost.missing.code, typed.missing.code) == ("KP-CONF-205", "KP-CONF-204")
    assert lost.missing.detail.startswith("Account 'lost' of 'claude' has no key. The environment variable LOST is not set")
    assert "sk-ant" not in f"{typed!r} {typed.missing}"


def test_the_check_lists_every_secret_that_cannot_be_had(home: Path) -> None:
    assert [(each.code, each.path) for each in view(home).secret_problems()] == [
        ("KP-CONF-205", "$.providers.claude.accounts[2].key"),
        ("KP-CONF-204", "$.providers.second.accounts[1].key"),
    ]


def test_the_address_of_the_database_is_a_secret_like_a_key(home: Path) -> None:
    assert view(home, "").store_url() is None
    found = view(home, '[store]\nurl = "env:CLAUDE"').store_url()
    assert found is not None
    assert (found.reveal(), str(found)) == ("sk-claude", "***REDACTED***")


def test_a_database_whose_address_is_typed_or_cannot_be_had_is_told_by_the_check(home: Path) -> None:
    typed = view(home, '[store]\nurl = "postgresql://me:hunter2@host/db"').secret_problems()
    lost = view(home, '[store]\nurl = "env:NOTHING"').secret_problems()
    assert [(each.code, each.path) for each in (*typed, *lost)] == [
        ("KP-CONF-204", "$.store.url"),
        ("KP-CONF-205", "$.store.url"),
    ]
    assert "hunter2" not in str(typed)


@pytest.mark.code("KP-CONF-205")
def test_an_account_that_was_added_by_command_is_told_with_its_own_file(home: Path) -> None:
    added = AddedAccounts(providers={"claude": AddedTable(accounts=(AccountSettings(name="gone", key="env:GONE"),))})
    root, _ = merged(parse(TOML, path="k.toml"), added)
    settings = SettingsView.of(root, Home(path=home), demo=False, environ={"CLAUDE": "x", "LOST": "y"}, tables={})

    assert [each.name for each in settings.providers("claude")[0].accounts] == ["work", "mine", "lost", "gone"]
    assert [(each.code, each.path) for each in settings.secret_problems() if each.code == "KP-CONF-205"] == [
        ("KP-CONF-205", "accounts.toml:$.providers.claude.accounts[0].key")
    ]


def test_no_type_gets_anothers_tables(home: Path) -> None:
    assert view(home).providers("codex") == ()


@pytest.mark.code("KP-CONF-203")
def test_a_table_whose_type_nobody_knows_is_told_with_the_nearest(home: Path) -> None:
    settings = view(home)
    claimed = [each.id for kind in ("claude", "codex") for each in settings.providers(kind)]

    problems = settings.unclaimed(claimed)

    assert [(each.code, each.path) for each in problems] == [("KP-CONF-203", "$.providers.odd.type")]
    assert problems[0].message == 'no plugin offers this type (did you mean "claude"?). Known types: claude, codex'


def test_a_table_of_a_known_type_that_was_left_out_is_told_too(home: Path) -> None:
    settings = view(home)
    settings.providers("claude")

    said = {each.path: each.message for each in settings.unclaimed(["claude", "odd"])}

    assert said == {"$.providers.second.type": 'the plugin of type "claude" made no provider of this table'}


def test_without_any_plugin_no_type_is_known(home: Path) -> None:
    said = view(home, "[providers.a]\ntype = 'x'").unclaimed([])

    assert said[0].message == "no plugin offers this type. Known types: none"


def test_in_the_demo_no_configured_provider_is_offered_or_missed(home: Path) -> None:
    settings = view(home, demo=True)

    assert (settings.demo, settings.providers("claude"), settings.unclaimed([])) == (True, (), [])


def test_a_plugin_gets_its_table_or_its_defaults(home: Path) -> None:
    settings = view(home, tables={"hello": Hello})

    assert settings.plugin("hello", Hello) == Hello(greeting="hi")
    assert settings.plugin("absent", Hello) == Hello()


@pytest.mark.code("KP-CONF-202")
def test_a_plugins_table_is_read_strictly(home: Path) -> None:
    settings = view(home, "[plugin.hello]\ngreeting = 5\nx = 1\n", tables={"hello": Hello, "needy": Needy})

    assert [(each.code, each.path) for each in settings.plugin_problems()] == [
        ("KP-CONF-202", "$.plugin.hello.greeting"),
        ("KP-CONF-202", "$.plugin.hello.x"),
        ("KP-CONF-202", "$.plugin.needy.address"),
    ]


def test_a_plugin_cannot_read_its_table_as_another_class_than_it_said(home: Path) -> None:
    with pytest.raises(TypeError, match=r"\[plugin.hello\] is described by Hello, not by Needy"):
        view(home, tables={"hello": Hello}).plugin("hello", Needy)


@pytest.mark.code("KP-CONF-215")
def test_the_table_of_an_absent_plugin_is_warned_about(home: Path) -> None:
    problems = view(home).orphans(["hello", "mock"])

    assert [(each.code, each.path) for each in problems] == [("KP-CONF-215", "$.plugin.helo")]
    assert problems[0].message == 'no plugin of this name is loaded (did you mean "hello"?); its table is kept'


def test_without_an_environment_the_processs_own_is_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE", "sk-own")
    root = parse("[providers.a]\ntype = 'x'\n[[providers.a.accounts]]\nname = 'n'\nkey = 'env:CLAUDE'", path="k.toml")

    account = SettingsView.of(root, Home(path=home), demo=False, tables={}).providers("x")[0].accounts[0]

    assert account.secret is not None
    assert account.secret.reveal() == "sk-own"


def test_neither_secrets_nor_the_environment_show_in_the_repr(home: Path) -> None:
    settings = view(home)

    assert "sk-" not in f"{settings!r} {settings.providers('claude')!r}"


def test_defaults_need_no_file(home: Path) -> None:
    settings = SettingsView.of(RootSettings(), Home(path=home), demo=False, environ={}, tables={})

    assert (settings.providers("claude"), settings.unclaimed([]), settings.orphans([]), settings.secret_problems()) == (
        (),
        [],
        [],
        [],
    )
