"""The hooks. All run at start and at reload, none on the request path; each returns named things, or nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from korproxy.contracts import (
    Collector,
    Command,
    Dialect,
    PluginTable,
    Provider,
    Redaction,
    RoutingStrategy,
    Service,
    Settings,
    Sink,
)
from korproxy.errors.codes import ErrorCode

hookspec = pluggy.HookspecMarker("korproxy")
hookimpl = pluggy.HookimplMarker("korproxy")


@hookspec
def korproxy_errors() -> Iterable[ErrorCode]:
    """Return error codes of the plugin's own; they use the last 20 numbers of each category's range."""
    return ()


@hookspec
def korproxy_settings() -> Iterable[PluginTable]:
    """Return the attrs class that describes the plugin's ``[plugin.NAME]`` table; asked before all that take settings."""
    return ()


@hookspec
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Return the upstream services this plugin can talk to, one for each that is configured."""
    return ()


@hookspec
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Return wire formats that clients may speak."""
    return ()


@hookspec
def korproxy_redactions(settings: Settings) -> Iterable[Redaction]:
    """Return rules that hide secrets in all that KorProxy writes down; a broken one stops the start, lest a secret leaks."""
    return ()


@hookspec
def korproxy_routing() -> Iterable[RoutingStrategy]:
    """Return ways to say who of a group goes first; ``strategy`` in routing.toml names one of them."""
    return ()


@hookspec
def korproxy_sinks(settings: Settings) -> Iterable[Sink]:
    """Return consumers of ``Finished`` events, each run in a supervised task."""
    return ()


@hookspec
def korproxy_services(settings: Settings) -> Iterable[Service]:
    """Return tasks that run beside the server; the daemon is ready once each has reported started."""
    return ()


@hookspec
def korproxy_collectors(settings: Settings) -> Iterable[Collector]:
    """Return sections of the diagnostics."""
    return ()


@hookspec
def korproxy_commands() -> Iterable[Command]:
    """Return commands for ``korproxy``; a name the core already has is left out and listed."""
    return ()
