from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from korproxy_mock.plugin import plugin as mock_plugin

from korproxy.config.home import Home
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.plugins.finding import Found, find_all
from korproxy.runtime import compose as module
from korproxy.runtime.compose import Composition, compose
from tests.fakes.plugin_files import HOOKS, plugin_text, write_plugins

HARMLESS = tuple(hook for hook in HOOKS if hook != "korproxy_redactions")
ASKED = tuple(hook for hook in HARMLESS if hook != "korproxy_commands")  # the daemon has no use for commands
CLAUDE = '[providers.{name}]\ntype = "claude"\n[[providers.{name}.accounts]]\nname = "work"\nkey = "env:KEY_OF_THIS_TEST"\n'


@pytest.fixture(autouse=True)
def _close_the_demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KEY_OF_THIS_TEST", "sk-of-this-test")
    yield
    mock_plugin.close()


def composed(home: Path, settings: str = "", plugins: dict[str, str] | None = None, *, demo: bool = False) -> Composition:
    """Compose from *settings* as korproxy.toml and *plugins* as files; the installed ones are there, too."""
    home.mkdir(exist_ok=True)
    (home / "korproxy.toml").write_text(settings)
    folder = home / "plugins"
    folder.mkdir(exist_ok=True)
    return compose(Home(path=home), demo=demo, plugin_dirs=[write_plugins(folder, plugins or {})])


def places(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(each.code, each.path) for each in problems]


def offered_by(parts: Composition, plugin: str) -> set[str]:
    """Return for what *plugin* has offers."""
    names = [each.name for each in attrs.fields(Composition) if each.name.startswith("offered_")]
    return {name for name in names for offer in getattr(parts, name) if offer.plugin == plugin}


def test_without_settings_and_plugins_there_is_what_is_built_in(home: Path) -> None:
    parts = compose(Home(path=home), no_plugins=True)

    assert (parts.problems, parts.warnings, parts.providers, parts.demo) == ((), (), (), False)
    assert sorted(name for name, each in parts.dialects.items() if each.kind == "chat") == [
        "anthropic-messages",
        "gemini",
        "openai-chat",
        "openai-responses",
    ]
    assert [each.item.name for each in parts.offered_sinks] == ["log"]
    assert [each.item.name for each in parts.offered_collectors] == ["process", "system"]
    assert {each.origin for each in parts.host.states} == {"builtin"}


def test_providers_come_in_the_order_of_the_configuration_and_those_without_a_table_last(home: Path) -> None:
    settings = "".join(CLAUDE.replace("{name}", name) for name in ("zeta", "beta", "gamma"))
    others = {name: plugin_text(name, ["korproxy_providers"]) for name in ("alpha", "omega")}
    parts = composed(home, settings, others)

    assert [each.id for each in parts.providers] == ["zeta", "beta", "gamma", "alpha", "omega"]
    assert parts.problems == ()


def test_the_snapshot_has_what_requests_are_routed_by(home: Path) -> None:
    parts = composed(home, CLAUDE.replace("{name}", "mine"))
    snapshot = parts.snapshot()

    assert (snapshot.providers, snapshot.dialects, snapshot.demo) == (parts.providers, parts.dialects, False)
    assert [each.id for each in snapshot.providers] == ["mine"]


def test_a_plugin_that_is_in_offers_all_it_has(home: Path) -> None:
    parts = composed(home, "[plugin.alpha]\nsize = 3\n", {"alpha": plugin_text("alpha")})

    assert offered_by(parts, "alpha") == {
        "offered_providers",
        "offered_dialects",
        "offered_strategies",
        "offered_redactions",
        "offered_sinks",
        "offered_services",
        "offered_collectors",
    }
    assert "alpha" in parts.dialects
    assert parts.codes["KP-SYS-597"].message == "m"
    assert (parts.problems, parts.warnings) == ((), ())


@pytest.mark.code("KP-CONF-209")
@pytest.mark.parametrize("hook", ASKED)
def test_a_plugin_that_breaks_at_one_hook_is_out_with_what_it_offered_at_all_others(home: Path, hook: str) -> None:
    texts = {"alpha": plugin_text("alpha", HARMLESS, raises_in=hook), "beta": plugin_text("beta", HARMLESS)}
    parts = composed(home, "", texts)

    assert offered_by(parts, "alpha") == set()
    assert len(offered_by(parts, "beta")) == 6
    assert parts.problems == ()
    assert places(parts.warnings) == [("KP-CONF-209", "plugin alpha")]


def test_a_plugin_that_breaks_after_it_was_asked_is_out_of_the_whole(home: Path) -> None:
    parts = composed(home, "", {"alpha": plugin_text("alpha", HARMLESS), "beta": plugin_text("beta", HARMLESS)})
    parts.host.take_out("alpha", "KP-SYS-513", "its service did not start")

    assert len(offered_by(parts, "alpha")) == 6
    assert (offered_by(parts.whole(), "alpha"), len(offered_by(parts.whole(), "beta"))) == (set(), 6)


@pytest.mark.code("KP-CONF-210")
def test_a_plugin_that_hides_secrets_and_is_broken_stops_all_but_the_listing_of_plugins(home: Path) -> None:
    texts = {"alpha": plugin_text("alpha", raises_in="korproxy_redactions")}
    with pytest.raises(ConfigError) as caught:
        composed(home, "", texts)
    listed = compose(Home(path=home), plugin_dirs=[home / "plugins"], tolerant=True)

    assert caught.value.code == "KP-CONF-210"
    assert (offered_by(listed, "alpha"), places(listed.warnings)) == (set(), [("KP-CONF-209", "plugin alpha")])


@pytest.mark.code("KP-CONF-203")
def test_a_type_that_nobody_offers_is_fatal(home: Path) -> None:
    parts = composed(home, CLAUDE.replace("{name}", "mine").replace('"claude"', '"clod"'))

    assert places(parts.problems) == [("KP-CONF-203", "$.providers.mine.type")]
    assert "claude" in parts.problems[0].message


@pytest.mark.code("KP-CONF-203")
def test_so_is_the_type_of_a_plugin_that_broke_late(home: Path) -> None:
    text = plugin_text("alpha", ["korproxy_providers", "korproxy_sinks"], raises_in="korproxy_sinks")
    parts = composed(home, '[providers.alpha]\ntype = "alpha"\n', {"alpha": text})

    assert places(parts.problems) == [("KP-CONF-203", "$.providers.alpha.type")]
    assert places(parts.warnings) == [("KP-CONF-209", "plugin alpha")]


@pytest.mark.code("KP-CONF-210")
def test_a_plugin_that_is_required_has_to_be_there_and_whole(home: Path) -> None:
    texts = {"alpha": plugin_text("alpha", ["korproxy_sinks"], raises_in="korproxy_sinks"), "beta": plugin_text("beta")}
    parts = composed(home, 'required = ["alpha", "beta", "gamma"]\n', texts)

    assert places(parts.problems) == [("KP-CONF-210", "plugin alpha"), ("KP-CONF-210", "plugin gamma")]
    assert parts.warnings == ()  # what is fatal is said once


@pytest.mark.code("KP-CONF-209")
def test_a_built_in_plugin_that_is_broken_is_fatal(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> object:
        raise ImportError("no such thing")

    broken = Found(name="sinks.bad", origin="builtin", version="1", location="x", load=fail)
    monkeypatch.setattr(module, "find_all", lambda *_, **__: [broken])
    parts = compose(Home(path=home))

    assert (places(parts.problems), parts.warnings) == ([("KP-CONF-209", "plugin sinks.bad")], ())


@pytest.mark.code("KP-CONF-215")
def test_the_table_of_a_plugin_that_is_not_there_is_a_warning(home: Path) -> None:
    texts = {"alpha": plugin_text("alpha", ["korproxy_settings"])}
    parts = composed(home, "[plugin.alpha]\nsize = 2\n[plugin.absent]\nx = 1\n", texts)

    assert (parts.problems, places(parts.warnings)) == ((), [("KP-CONF-215", "$.plugin.absent")])


@pytest.mark.code("KP-CONF-202")
def test_a_mistake_in_a_plugins_table_is_fatal(home: Path) -> None:
    parts = composed(home, "[plugin.alpha]\nsize = 'big'\n", {"alpha": plugin_text("alpha", ["korproxy_settings"])})

    assert places(parts.problems) == [("KP-CONF-202", "$.plugin.alpha.size")]


@pytest.mark.code("KP-CONF-205")
def test_a_secret_that_cannot_be_had_is_a_warning(home: Path) -> None:
    parts = composed(home, CLAUDE.replace("{name}", "mine").replace("KEY_OF_THIS_TEST", "NOBODY_SET_THIS"))

    assert (parts.problems, places(parts.warnings)) == ((), [("KP-CONF-205", "$.providers.mine.accounts[0].key")])


FINDS_A_PROBLEM = """
from korproxy.api import OpenAICompatible, Problem, hookimpl

class Strict(OpenAICompatible):
    problems = (Problem(code="KP-CONF-213", path="$.providers.strict.base_url", message="no"),)

@hookimpl
def korproxy_providers(settings):
    yield Strict(id="strict", base_url="http://127.0.0.1:1")
"""


def test_what_a_provider_type_finds_wrong_in_its_table_is_fatal(home: Path) -> None:
    found = Problem(code="KP-CONF-213", path="$.providers.strict.base_url", message="no")

    assert composed(home, "", {"strict": FINDS_A_PROBLEM}).problems == (found,)


def test_in_the_demo_only_the_mock_answers(home: Path) -> None:
    parts = composed(home, CLAUDE.replace("{name}", "mine"), {"alpha": plugin_text("alpha")}, demo=True)

    assert [each.id for each in parts.providers] == ["mock"]
    assert (parts.problems, parts.demo, parts.snapshot().demo) == ((), True, True)
    assert parts.host.is_in("alpha")


@pytest.mark.code("KP-CONF-219")
def test_there_is_no_demo_without_the_mock(home: Path) -> None:
    parts = compose(Home(path=home), demo=True, no_plugins=True)

    assert places(parts.problems) == [("KP-CONF-219", "--demo")]
    assert "pip install korproxy-mock" in parts.problems[0].message


@pytest.mark.code("KP-CONF-219")
def test_no_other_plugin_takes_its_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_all", lambda folders, **_: find_all(folders, installed=False))
    parts = composed(home, "", {"alpha": plugin_text("alpha")}, demo=True)

    assert places(parts.problems) == [("KP-CONF-219", "--demo")]


def test_without_plugins_means_without_those_of_a_folder_too(home: Path) -> None:
    home.mkdir()
    parts = compose(Home(path=home), plugin_dirs=[write_plugins(home, {"alpha": plugin_text("alpha")})], no_plugins=True)

    assert offered_by(parts, "alpha") == set()


@pytest.mark.code("KP-CONF-201")
def test_settings_are_read_from_the_home_unless_they_are_given(home: Path) -> None:
    home.mkdir()
    (home / "korproxy.toml").write_text("[server\n")
    with pytest.raises(ConfigError) as caught:
        compose(Home(path=home), no_plugins=True)
    given = RootSettings()

    assert caught.value.code == "KP-CONF-201"
    assert compose(Home(path=home), no_plugins=True, root=given).settings is given


def test_a_careful_start_leaves_out_the_plugins_of_others_but_those_that_may_hide_secrets(home: Path) -> None:
    home.mkdir()
    plain = "from korproxy.api import hookimpl\n@hookimpl\ndef korproxy_sinks(settings):\n    return []\n"
    texts = {"alpha": plain, "hider": plugin_text("hider", ["korproxy_redactions"])}
    written = '[providers.x]\ntype = "nobodys"\n' + CLAUDE.replace("{name}", "mine")
    (home / "korproxy.toml").write_text('required = ["alpha"]\n' + written)
    parts = compose(Home(path=home), plugin_dirs=[write_plugins(home, texts)], careful=True)

    others = [each.name for each in parts.host.states if each.origin != "builtin"]
    assert others in (["hider"], ["redact-names", "hider"])  # which hides something, too, where it is installed
    assert [each.id for each in parts.providers] == ["mine"]
    assert parts.problems == ()
    assert places(parts.warnings) == [("KP-CONF-210", "plugin alpha"), ("KP-CONF-203", "$.providers.x.type")]


def test_a_careful_start_of_the_demo_has_its_mock(home: Path) -> None:
    parts = compose(Home(path=home), demo=True, careful=True)
    assert ([each.id for each in parts.providers], parts.problems) == (["mock"], ())
