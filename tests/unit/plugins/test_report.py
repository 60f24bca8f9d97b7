from __future__ import annotations

import json

from korproxy.plugins.report import PluginState, data, plain

STATES = (
    PluginState(
        name="providers.claude",
        origin="builtin",
        version="0.1.0",
        location="korproxy.builtin.providers.claude",
        state="loaded",
        hooks=("korproxy_providers", "korproxy_settings"),
    ),
    PluginState(
        name="hello", origin="installed", version="1.0", location="korproxy-hello", state="blocked", reason="blocked by name"
    ),
    PluginState(
        name="mine",
        origin="file",
        version="?",
        location="/p/mine.py",
        state="broken",
        code="KP-CONF-209",
        reason="cannot be loaded",
    ),
)


def test_table_has_a_line_per_plugin_and_the_reason_below() -> None:
    assert plain(STATES).splitlines() == [
        "NAME              ORIGIN     VERSION  STATE    HOOKS",
        "providers.claude  builtin    0.1.0    loaded   providers, settings",
        "hello             installed  1.0      blocked  -",
        "    blocked by name",
        "mine              file       ?        broken   -",
        "    [KP-CONF-209] cannot be loaded",
    ]


def test_no_plugins_are_a_table_without_rows() -> None:
    assert plain(()) == "NAME  ORIGIN  VERSION  STATE  HOOKS"


def test_data_is_json_with_everything_in_it() -> None:
    assert json.loads(json.dumps(data(STATES[:1]))) == {
        "plugins": [
            {
                "name": "providers.claude",
                "origin": "builtin",
                "version": "0.1.0",
                "location": "korproxy.builtin.providers.claude",
                "state": "loaded",
                "hooks": ["korproxy_providers", "korproxy_settings"],
                "code": None,
                "reason": "",
            }
        ]
    }
