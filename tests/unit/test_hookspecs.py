"""The hooks as pluggy sees them."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy
import pytest

from korproxy import hookspecs
from korproxy.contracts import Redaction, Settings
from korproxy.hookspecs import hookimpl
from korproxy.kit.regex_redaction import RegexRedaction
from tests.fakes.settings import FakeSettings


@pytest.fixture
def manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager("korproxy")
    manager.add_hookspecs(hookspecs)
    return manager


def test_without_a_plugin_every_hook_is_there_and_gives_nothing(manager: pluggy.PluginManager) -> None:
    specified = [name for name in vars(hookspecs) if name.startswith("korproxy_")]

    assert len(specified) >= 9
    for name in specified:
        arguments = {"settings": FakeSettings()} if "settings" in getattr(hookspecs, name).__annotations__ else {}
        assert getattr(manager.hook, name)(**arguments) == []


def test_a_marked_function_is_an_implementation(manager: pluggy.PluginManager) -> None:
    class Plugin:
        @hookimpl
        def korproxy_redactions(self, settings: Settings) -> Iterable[Redaction]:
            import re

            yield RegexRedaction(name="mine" if settings.demo else "real", pattern=re.compile("x"))

    manager.register(Plugin())
    (given,) = manager.hook.korproxy_redactions(settings=FakeSettings(demo=True))

    assert [each.name for each in given] == ["mine"]


def test_an_implementation_may_leave_the_settings_out(manager: pluggy.PluginManager) -> None:
    class Plugin:
        @hookimpl
        def korproxy_sinks(self) -> list[object]:
            return ["sink"]

    manager.register(Plugin())

    assert manager.hook.korproxy_sinks(settings=FakeSettings()) == [["sink"]]


def test_an_argument_nobody_gives_is_refused_at_once(manager: pluggy.PluginManager) -> None:
    class Plugin:
        @hookimpl
        def korproxy_sinks(self, request: object) -> list[object]:
            return [request]

    with pytest.raises(pluggy.PluginValidationError, match="request"):
        manager.register(Plugin())
