"""Settings and plugins into everything a daemon needs. The only place where config, plugins and gateway meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from korproxy.config.home import Home
from korproxy.config.loading import load
from korproxy.config.settings import RootSettings
from korproxy.config.view import SettingsView
from korproxy.contracts import Collector, Dialect, Provider, Redaction, Service, Sink
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.gateway.routing import Snapshot
from korproxy.plugins import asking
from korproxy.plugins.finding import find_all
from korproxy.plugins.host import PluginHost
from korproxy.plugins.offers import Offer

DEMO = "mock"  # the plugin that answers the demo, alone: of others nobody knows where their providers lead


@attrs.frozen(kw_only=True)
class Composition:
    """Everything that was configured, loaded and asked.

    Attributes:
        problems: Mistakes with which KorProxy must not start.
        warnings: Mistakes that cost only what they are about.
    """

    home: Home
    settings: RootSettings
    view: SettingsView
    host: PluginHost
    codes: Registry
    demo: bool
    offered_providers: Sequence[Offer[Provider]] = ()
    offered_dialects: Sequence[Offer[Dialect]] = ()
    offered_redactions: Sequence[Offer[Redaction]] = ()
    offered_sinks: Sequence[Offer[Sink]] = ()
    offered_services: Sequence[Offer[Service]] = ()
    offered_collectors: Sequence[Offer[Collector]] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def providers(self) -> tuple[Provider, ...]:
        """In the order of the configuration; those that no table configured come last."""
        order = list(self.settings.providers)
        known = [each.item for each in self.offered_providers]
        return tuple(sorted(known, key=lambda each: order.index(each.id) if each.id in order else len(order)))

    @property
    def dialects(self) -> dict[str, Dialect]:
        """By name."""
        return {each.item.name: each.item for each in self.offered_dialects}

    def whole(self) -> Composition:
        """Return what is offered by plugins that are still in: one that broke late is out with what it offered before."""
        return attrs.evolve(
            self,
            offered_providers=asking.still_in(self.host, self.offered_providers),
            offered_dialects=asking.still_in(self.host, self.offered_dialects),
            offered_redactions=asking.still_in(self.host, self.offered_redactions),
            offered_sinks=asking.still_in(self.host, self.offered_sinks),
            offered_services=asking.still_in(self.host, self.offered_services),
            offered_collectors=asking.still_in(self.host, self.offered_collectors),
        )

    def snapshot(self) -> Snapshot:
        """Return what requests are routed by."""
        return Snapshot(providers=self.providers, dialects=self.dialects, aliases=self.settings.aliases, demo=self.demo)


def compose(
    home: Home,
    *,
    demo: bool = False,
    plugin_dirs: Iterable[Path] = (),
    no_plugins: bool = False,
    root: RootSettings | None = None,
    tolerant: bool = False,
) -> Composition:
    """Read the configuration, load the plugins, ask them everything.

    Args:
        root: Settings that were read already; None reads korproxy.toml.
        tolerant: Only to list plugins: go on without one that hides secrets and is broken.

    Raises:
        ConfigError: korproxy.toml cannot be used at all, or a plugin that hides secrets is broken.
    """
    settings = load(home) if root is None else root
    host = PluginHost(tolerant=tolerant)
    host.load(find_all(() if no_plugins else plugin_dirs, installed=not no_plugins))
    codes = Registry.of(BUILTIN_CODES)
    asking.errors(host, codes)
    tables = asking.settings(host)
    view = SettingsView.of(settings, home, demo=demo, tables={each.item.name: each.item.table for each in tables})
    offered = attrs.evolve(
        Composition(home=home, settings=settings, view=view, host=host, codes=codes, demo=demo),
        offered_providers=[each for each in asking.providers(host, view) if each.plugin == DEMO or not demo],
        offered_dialects=asking.dialects(host, view),
        offered_redactions=asking.redactions(host, view),
        offered_sinks=asking.sinks(host, view),
        offered_services=asking.services(host, view),
        offered_collectors=asking.collectors(host, view),
    )
    return _judged(offered.whole(), [each.item.name for each in tables])


def _judged(offered: Composition, tables: Sequence[str]) -> Composition:
    host, view = offered.host, offered.view
    fatal = [*host.problems("builtin"), *view.plugin_problems(), *_of_providers(offered)]
    try:
        host.require(offered.settings.required)
    except ConfigError as exc:
        fatal += exc.problems
    if not offered.demo:
        fatal += view.unclaimed([each.item.id for each in offered.offered_providers])
    elif not offered.offered_providers:
        text = (
            "no loaded plugin answers in a demo: `korproxy plugins` shows what is there, `pip install korproxy-mock` adds one"
        )
        fatal += [Problem(code="KP-CONF-219", path="--demo", message=text), *host.problems()]
    fatal = list(dict.fromkeys(fatal))
    known = {problem.path for problem in fatal}
    broken = [each for each in host.problems() if each.path not in known]
    return attrs.evolve(offered, problems=tuple(fatal), warnings=(*broken, *view.orphans(tables), *view.secret_problems()))


def _of_providers(offered: Composition) -> list[Problem]:
    """Return what provider types found wrong in their tables. ``problems`` is for those that look; no contract asks for it."""
    return [problem for each in offered.offered_providers for problem in getattr(each.item, "problems", ())]
