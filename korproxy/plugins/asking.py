"""Every hook, typed: what the rest of KorProxy uses. Nothing above this room sees pluggy.

Things come in the order built-ins, installed plugins, files, each sorted by name, and no two of a kind have one name: the
plugin that was asked later is out, listed with KP-CONF-208. Whether that is fatal is for the caller to say, who asks
``host.problems("builtin")`` and ``host.require(...)`` when all hooks were asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import attrgetter
from typing import TypeVar, cast

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
from korproxy.errors.codes import ErrorCode, Registry
from korproxy.plugins.checks import SHAPES
from korproxy.plugins.host import PluginHost
from korproxy.plugins.offers import Clash, Offer, unique

T = TypeVar("T")


def errors(host: PluginHost, registry: Registry) -> list[Offer[ErrorCode]]:
    """Add the plugins' error codes to *registry*. Ask this first: whatever fails later may need them."""
    return [Offer(plugin, code) for plugin, code in host.register_errors(registry)]


def settings(host: PluginHost) -> list[Offer[PluginTable]]:
    """Return the ``[plugin.NAME]`` tables that plugins know. Ask this before all that take settings."""
    return cast("list[Offer[PluginTable]]", _ask(host, "korproxy_settings"))


def providers(host: PluginHost, settings: Settings) -> list[Offer[Provider]]:
    """Return the upstream services, one for each that is configured."""
    return cast("list[Offer[Provider]]", _ask(host, "korproxy_providers", settings=settings))


def dialects(host: PluginHost, settings: Settings) -> list[Offer[Dialect]]:
    """Return the wire formats; no two of them have a path in common."""
    offers = cast("list[Offer[Dialect]]", _ask(host, "korproxy_dialects", settings=settings))
    paths = [Offer(each.plugin, path) for each in offers for path in each.item.paths]
    _, clashes = unique("dialect path", paths, str)
    return _without(host, offers, clashes)


def redactions(host: PluginHost, settings: Settings) -> list[Offer[Redaction]]:
    """Return the rules that hide secrets.

    Raises:
        ConfigError: A plugin that has, or may have, such rules is out (unless *host* is tolerant).
    """
    return cast("list[Offer[Redaction]]", _ask(host, "korproxy_redactions", settings=settings))


def routing(host: PluginHost) -> list[Offer[RoutingStrategy]]:
    """Return the ways to say who of a group goes first."""
    return cast("list[Offer[RoutingStrategy]]", _ask(host, "korproxy_routing"))


def sinks(host: PluginHost, settings: Settings) -> list[Offer[Sink]]:
    """Return the consumers of ``Finished`` events."""
    return cast("list[Offer[Sink]]", _ask(host, "korproxy_sinks", settings=settings))


def services(host: PluginHost, settings: Settings) -> list[Offer[Service]]:
    """Return the tasks that run beside the server."""
    return cast("list[Offer[Service]]", _ask(host, "korproxy_services", settings=settings))


def collectors(host: PluginHost, settings: Settings) -> list[Offer[Collector]]:
    """Return the sections of the diagnostics."""
    return cast("list[Offer[Collector]]", _ask(host, "korproxy_collectors", settings=settings))


def commands(host: PluginHost, core: Collection[str] = ()) -> list[Offer[Command]]:
    """Return the commands, without those whose name is one of *core*: they are left out, and listed with their plugin."""
    kept = []
    for each in cast("list[Offer[Command]]", _ask(host, "korproxy_commands")):
        if each.item.name in core:
            host.remark(
                each.plugin, "KP-CONF-208", f'its command "{each.item.name}" is left out: KorProxy has one of that name'
            )
        else:
            kept.append(each)
    return kept


def still_in(host: PluginHost, offers: Iterable[Offer[T]]) -> list[Offer[T]]:
    """Return *offers* without those of plugins that broke at a later hook: a plugin is in, or out, as a whole."""
    return [each for each in offers if host.is_in(each.plugin)]


def _ask(host: PluginHost, hook: str, **kwargs: object) -> list[Offer[object]]:
    shape = SHAPES[hook]
    offers = [Offer(plugin, item) for plugin, item in host.each(hook, **kwargs)]
    kept, clashes = unique(shape.kind, offers, attrgetter(shape.key))
    return _without(host, kept, clashes)


def _without(host: PluginHost, offers: list[Offer[T]], clashes: Iterable[Clash]) -> list[Offer[T]]:
    for clash in clashes:
        host.take_out(clash.later, clash.problem.code, str(clash))
    return still_in(host, offers)
