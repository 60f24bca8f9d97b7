"""Each hook is asked here, through the typed door that the rest uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.errors.codes import Registry
from korproxy.errors.exceptions import ConfigError
from korproxy.plugins import asking
from korproxy.plugins.finding import find_files
from korproxy.plugins.host import PluginHost
from korproxy.plugins.offers import Offer
from tests.fakes.plugin_files import HOOKS, FakeSettings, plugin_text, write_plugins

SETTINGS = FakeSettings()
HARMLESS = tuple(hook for hook in HOOKS if hook != "korproxy_redactions")


@pytest.fixture
def host(tmp_path: Path) -> PluginHost:
    """A host with two plugins that implement every hook."""
    return _host(tmp_path, {"a": plugin_text("a"), "b": plugin_text("b")})


def _host(folder: Path, texts: dict[str, str]) -> PluginHost:
    host = PluginHost()
    host.load(find_files(write_plugins(folder, texts)))
    return host


def _reasons(host: PluginHost) -> dict[str, str]:
    return {each.plugin: f"[{each.code}] {each.detail}" for each in host.taken_out}


def test_korproxy_errors_gives_each_code_with_its_plugin_and_fills_the_registry(host: PluginHost) -> None:
    registry = Registry()
    offers = asking.errors(host, registry)
    assert [(each.plugin, each.item.code) for each in offers] == [("a", "KP-SYS-597"), ("b", "KP-SYS-598")]
    assert list(registry) == [each.item for each in offers]


def test_korproxy_settings_gives_each_table_with_its_plugin(host: PluginHost) -> None:
    offers = asking.settings(host)
    assert [(each.plugin, each.item.name, each.item.table.__name__) for each in offers] == [
        ("a", "a", "Table"),
        ("b", "b", "Table"),
    ]


def test_korproxy_providers_gives_each_provider_with_its_plugin(host: PluginHost) -> None:
    assert [(each.plugin, each.item.id) for each in asking.providers(host, SETTINGS)] == [("a", "a"), ("b", "b")]


def test_korproxy_dialects_gives_each_dialect_with_its_plugin(host: PluginHost) -> None:
    offers = asking.dialects(host, SETTINGS)
    assert [(each.plugin, each.item.name, each.item.paths) for each in offers] == [("a", "a", ("/a",)), ("b", "b", ("/b",))]


def test_korproxy_redactions_gives_each_rule_with_its_plugin(host: PluginHost) -> None:
    assert [(each.plugin, each.item.find("say a")) for each in asking.redactions(host, SETTINGS)] == [
        ("a", [(1, 2), (4, 5)]),
        ("b", []),
    ]


def test_korproxy_routing_gives_each_strategy_with_its_plugin(host: PluginHost) -> None:
    assert [(each.plugin, each.item.name) for each in asking.routing(host)] == [("a", "a"), ("b", "b")]


def test_korproxy_sinks_gives_each_sink_with_its_plugin(host: PluginHost) -> None:
    assert [(each.plugin, each.item.name) for each in asking.sinks(host, SETTINGS)] == [("a", "a"), ("b", "b")]


def test_korproxy_services_gives_each_service_with_its_plugin(host: PluginHost) -> None:
    assert [(each.plugin, each.item.name) for each in asking.services(host, SETTINGS)] == [("a", "a"), ("b", "b")]


def test_korproxy_collectors_gives_each_collector_with_its_plugin(host: PluginHost) -> None:
    assert [(each.plugin, each.item.name) for each in asking.collectors(host, SETTINGS)] == [("a", "a"), ("b", "b")]


def test_korproxy_commands_gives_each_command_with_its_plugin_and_loads_none(host: PluginHost) -> None:
    offers = asking.commands(host)
    assert [(each.plugin, each.item.name, each.item.help) for each in offers] == [("a", "a", "Do a."), ("b", "b", "Do b.")]
    assert offers[0].item.load().name == "a"


@pytest.mark.code("KP-CONF-208")
@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        ("korproxy_settings", "settings table"),
        ("korproxy_providers", "provider"),
        ("korproxy_dialects", "dialect"),
        ("korproxy_routing", "routing strategy"),
        ("korproxy_sinks", "sink"),
        ("korproxy_services", "service"),
        ("korproxy_collectors", "collector"),
        ("korproxy_commands", "command"),
    ],
)
def test_the_later_of_two_plugins_that_offer_one_name_is_out_whole(tmp_path: Path, hook: str, kind: str) -> None:
    """Plugin ``b`` offers what ``a`` has; ``c`` is another."""
    host = _host(
        tmp_path, {"a": plugin_text("a", [hook]), "b": plugin_text("a", HARMLESS, number=588), "c": plugin_text("c", [hook])}
    )
    ask = getattr(asking, hook.removeprefix("korproxy_"))
    offers = ask(host) if hook in {"korproxy_settings", "korproxy_routing", "korproxy_commands"} else ask(host, SETTINGS)
    assert [each.plugin for each in offers] == ["a", "c"]
    assert _reasons(host) == {"b": f'[KP-CONF-208] two {kind}s named "a": plugins a and b'}
    later = [plugin for plugin, _ in host.each("korproxy_services", settings=SETTINGS)]
    assert later == (["a", "c"] if hook == "korproxy_services" else [])


def test_two_redactions_of_one_name_stop_the_start(tmp_path: Path) -> None:
    hook = ["korproxy_redactions"]
    host = _host(tmp_path, {"a": plugin_text("a", hook), "b": plugin_text("a", hook)})
    with pytest.raises(ConfigError, match='two redactions named "a": plugins a and b'):
        asking.redactions(host, SETTINGS)


def test_two_formats_at_one_path_clash_as_well(tmp_path: Path) -> None:
    hook = ["korproxy_dialects"]
    texts = {"a": plugin_text("a", hook), "b": plugin_text("b", hook).replace('("/b",)', '("/b", "/a")')}
    host = _host(tmp_path, texts)
    assert [each.plugin for each in asking.dialects(host, SETTINGS)] == ["a"]
    assert _reasons(host) == {"b": '[KP-CONF-208] two dialect paths named "/a": plugins a and b'}


@pytest.mark.code("KP-CONF-208")
def test_a_command_of_the_cores_name_is_left_out_and_its_plugin_stays(tmp_path: Path) -> None:
    host = _host(tmp_path, {"a": plugin_text("a"), "b": plugin_text("b")})
    assert [each.plugin for each in asking.commands(host, {"a"})] == ["b"]
    state = host.states[0]
    assert (state.state, state.code, state.reason) == (
        "loaded",
        "KP-CONF-208",
        'its command "a" is left out: KorProxy has one of that name',
    )


def test_a_plugin_with_a_bad_code_offers_no_codes_and_nothing_later(tmp_path: Path) -> None:
    texts = {"a": plugin_text("a", HARMLESS, number=500), "b": plugin_text("b", HARMLESS)}
    host = _host(tmp_path, texts)
    assert [each.plugin for each in asking.errors(host, Registry())] == ["b"]
    assert [each.plugin for each in asking.sinks(host, SETTINGS)] == ["b"]


def test_what_a_plugin_offered_before_it_broke_can_be_dropped(tmp_path: Path) -> None:
    texts = {"a": plugin_text("a", HARMLESS), "b": plugin_text("b", HARMLESS, raises_in="korproxy_sinks")}
    host = _host(tmp_path, texts)
    offers: list[Offer[object]] = [Offer(each.plugin, each.item) for each in asking.providers(host, SETTINGS)]
    asking.sinks(host, SETTINGS)
    assert [each.plugin for each in offers] == ["a", "b"]
    assert [each.plugin for each in asking.still_in(host, offers)] == ["a"]
