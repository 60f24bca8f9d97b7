"""What a reload cannot change: what was opened or started at the start. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from korproxy.config.settings import LogSettings, RootSettings, ServerSettings
from korproxy.config.shown import place
from korproxy.plugins.report import PluginState

# Hooks whose things run as long as the daemon does.
STARTED = frozenset({"korproxy_sinks", "korproxy_services", "korproxy_collectors", "korproxy_redactions"})
_SERVER = ("host", "port", "lane", "grace")  # of [server]: the sockets, and who watches over the end
_LOG = ("file", "max_size", "keep")
_TOP = ("required", "store")


def at_runtime(wanted: RootSettings, running: RootSettings) -> RootSettings:
    """Return *wanted* with what only a start can change as it is in *running*."""
    server = {name: getattr(running.server, name) for name in _SERVER}
    log = {name: getattr(running.log, name) for name in _LOG}
    return attrs.evolve(wanted, server=attrs.evolve(wanted.server, **server), log=attrs.evolve(wanted.log, **log))


def needs_restart(
    started: RootSettings, wanted: RootSettings, tables: Mapping[str, str], plugins: Iterable[PluginState]
) -> tuple[str, ...]:
    """Return the places of all that is said otherwise in *wanted* than in *started*, and that only a restart changes.

    Args:
        started: What the files said when the daemon was started.
        tables: The name of each ``[plugin.NAME]`` that is known -> the plugin that knows it.
    """
    found = [f"$.server.{name}" for name in _SERVER if _differs(started.server, wanted.server, name)]
    found += [f"$.log.{name}" for name in _LOG if _differs(started.log, wanted.log, name)]
    found += [f"$.{name}" for name in _TOP if _differs(started, wanted, name)]
    running = {each.name for each in plugins if each.state == "loaded" and STARTED & set(each.hooks)}
    changed = (
        name for name, plugin in tables.items() if started.plugin.get(name) != wanted.plugin.get(name) and plugin in running
    )
    return (*found, *(place((name,), "$.plugin") for name in changed))


def _differs(
    one: RootSettings | ServerSettings | LogSettings, other: RootSettings | ServerSettings | LogSettings, name: str
) -> bool:
    return bool(getattr(one, name) != getattr(other, name))
