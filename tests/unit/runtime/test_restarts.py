from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.config.settings import RedactionSettings, RootSettings, ServerSettings
from korproxy.plugins.report import PluginState, State
from korproxy.runtime.restarts import at_runtime, needs_restart

RUNNING = RootSettings()
OTHERS: dict[str, Any] = {"host": ("::1",), "port": 4711, "lane": False, "grace": 1.0}


def plugin(name: str, *hooks: str, state: State = "loaded") -> PluginState:
    return PluginState(name=name, origin="file", version="1", location="x", state=state, hooks=hooks)


@pytest.mark.parametrize("name", OTHERS)
def test_what_was_opened_at_the_start_stays_and_is_told(name: str) -> None:
    wanted = RootSettings(server=ServerSettings(**{name: OTHERS[name], "max_body": 5}))

    assert needs_restart(RUNNING, wanted, {}, []) == (f"$.server.{name}",)
    assert at_runtime(wanted, RUNNING).server == ServerSettings(max_body=5)


def test_everything_else_of_the_server_takes_effect() -> None:
    changed: dict[str, Any] = {
        "max_body": 1,
        "allowed_hosts": ("a",),
        "allowed_origins": ("http://a",),
        "public_reads": False,
        "max_running": 1,
        "read_deadline": 1.0,
        "write_deadline": 1.0,
        "keep_alive": 1.0,
    }
    assert {each.name for each in attrs.fields(ServerSettings)} == {*changed, *OTHERS}
    wanted = RootSettings(server=ServerSettings(**changed))

    assert needs_restart(RUNNING, wanted, {}, []) == ()
    assert at_runtime(wanted, RUNNING) == wanted


def test_which_plugins_are_required_is_decided_at_the_start_and_what_is_redacted_at_each_reload() -> None:
    wanted = RootSettings(required=("a",), redaction=RedactionSettings(outgoing=("b",)))
    assert needs_restart(RUNNING, wanted, {}, []) == ("$.required",)


def test_a_plugins_table_waits_where_it_has_something_that_runs() -> None:
    wanted = RootSettings(plugin={"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1}, "d d": {"x": 1}})
    plugins = [
        plugin("p.a", "korproxy_providers"),
        plugin("p.b", "korproxy_sinks", state="broken"),
        plugin("p.c", "korproxy_services"),
        plugin("p.d", "korproxy_redactions", "korproxy_providers"),
    ]
    tables = {"a": "p.a", "b": "p.b", "c": "p.c", "d d": "p.d", "e": "p.c"}

    assert needs_restart(RUNNING, wanted, tables, plugins) == ("$.plugin.c", '$.plugin["d d"]')
    assert needs_restart(wanted, wanted, tables, plugins) == ()
