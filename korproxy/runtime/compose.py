"""Settings and plugins into everything a daemon needs. The only place where config, plugins and gateway meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import attrs

from korproxy.config.accounts_file import AddedAccounts
from korproxy.config.held_secrets import familiar_words, held_secrets
from korproxy.config.home import Home
from korproxy.config.loading import load
from korproxy.config.reading import Loaded
from korproxy.config.settings import RootSettings
from korproxy.config.view import SettingsView
from korproxy.contracts import (
    Collector,
    Dialect,
    PluginTable,
    Provider,
    Redaction,
    RoutingStrategy,
    Service,
    Sink,
)
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.gateway.known_secrets import known_secrets
from korproxy.gateway.outgoing import unknown_rules
from korproxy.gateway.routing import Snapshot
from korproxy.models.routing import Routing
from korproxy.plugins import asking
from korproxy.plugins.finding import Found, find_all
from korproxy.plugins.host import SIGN_OF_REDACTIONS, PluginHost
from korproxy.plugins.offers import Offer
from korproxy.runtime.restarts import STARTED, at_runtime
from korproxy.runtime.routing_check import not_offered, with_known_codes

DEMO = "mock"  # the plugin that answers the demo, alone: of others nobody knows where their providers lead


@attrs.frozen(kw_only=True)
class Composition:
    """Everything that was configured, loaded and asked.

    Attributes:
        settings: What is in force: korproxy.toml and accounts.toml, and what the command line says in their place.
        loaded: What the files say.
        careful: It was composed without the plugins of others; see ``compose``.
        left_out: Their names.
        generation: Counts the configurations since the start, from 0.
        tables: The name of each ``[plugin.NAME]`` that is known -> the plugin that knows it.
        problems: Mistakes with which KorProxy must not start.
        warnings: Mistakes that cost only what they are about.
    """

    home: Home
    settings: RootSettings
    loaded: Loaded
    generation: int = 0
    view: SettingsView
    host: PluginHost
    codes: Registry
    demo: bool
    careful: bool = False
    left_out: tuple[str, ...] = ()
    offered_providers: Sequence[Offer[Provider]] = ()
    offered_dialects: Sequence[Offer[Dialect]] = ()
    offered_strategies: Sequence[Offer[RoutingStrategy]] = ()
    offered_redactions: Sequence[Offer[Redaction]] = ()
    offered_sinks: Sequence[Offer[Sink]] = ()
    offered_services: Sequence[Offer[Service]] = ()
    offered_collectors: Sequence[Offer[Collector]] = ()
    tables: Mapping[str, str] = attrs.field(factory=dict)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def providers(self) -> tuple[Provider, ...]:
        """In the order of the configuration; those that no table configured come last."""
        order = list(self.settings.providers)
        known = [each.item for each in self.offered_providers]
        return tuple(sorted(known, key=lambda each: order.index(each.id) if each.id in order else len(order)))

    @property
    def redactions(self) -> tuple[Redaction, ...]:
        """What hides secrets, as plugins offer it."""
        return tuple(each.item for each in self.offered_redactions)

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
            offered_strategies=asking.still_in(self.host, self.offered_strategies),
            offered_redactions=asking.still_in(self.host, self.offered_redactions),
            offered_sinks=asking.still_in(self.host, self.offered_sinks),
            offered_services=asking.still_in(self.host, self.offered_services),
            offered_collectors=asking.still_in(self.host, self.offered_collectors),
        )

    def snapshot(self) -> Snapshot:
        """Return what requests are routed by."""
        return Snapshot(
            providers=self.providers,
            dialects=self.dialects,
            aliases=self.settings.aliases,
            demo=self.demo,
            routing=Routing() if self.demo else with_known_codes(self.loaded.routing, self.codes),
            strategies={each.item.name: each.item for each in self.offered_strategies},
            safe_mode=self.settings.features.safe_mode,
            generation=self.generation,
        )


def compose(
    home: Home,
    *,
    demo: bool = False,
    plugin_dirs: Iterable[Path] = (),
    no_plugins: bool = False,
    root: RootSettings | None = None,
    loaded: Loaded | None = None,
    tolerant: bool = False,
    careful: bool = False,
) -> Composition:
    """Read the configuration, load the plugins, ask them everything.

    Args:
        root: Settings that were read already; None reads korproxy.toml.
        loaded: What all files say, where it was read already. *root* goes before its settings.
        tolerant: Only to list plugins: go on without one that hides secrets and is broken.
        careful: Load no plugins of others but those that may hide secrets, or answer the demo. What they were needed for is a
            warning, and no problem.

    Raises:
        ConfigError: korproxy.toml cannot be used at all, or a plugin that hides secrets is broken.
    """
    if loaded is None:
        loaded = Loaded(root=load(home) if root is None else root, added=AddedAccounts(), routing=Routing())
    settings = loaded.root if root is None else root
    host = PluginHost(tolerant=tolerant, known=partial(held_rules, settings, home))
    found = find_all(() if no_plugins else plugin_dirs, installed=not no_plugins)
    taken = [each for each in found if _is_safe(each, demo=demo)] if careful else found
    host.load(taken)
    codes = Registry.of(BUILTIN_CODES)
    asking.errors(host, codes)
    tables = asking.settings(host)
    view = SettingsView.of(settings, home, demo=demo, tables={each.item.name: each.item.table for each in tables})
    parts = Composition(home=home, settings=settings, loaded=loaded, view=view, host=host, codes=codes, demo=demo)
    parts = attrs.evolve(parts, careful=careful, left_out=tuple(each.name for each in found if each not in taken))
    offered = attrs.evolve(
        _asked(parts),
        offered_redactions=asking.redactions(host, view),
        offered_sinks=asking.sinks(host, view),
        offered_services=asking.services(host, view),
        offered_collectors=asking.collectors(host, view),
    )
    return _judged(attrs.evolve(offered.whole(), tables=_tables(tables)))


def recompose(running: Composition, loaded: Loaded) -> Composition:
    """Return what *running* becomes where the files say what *loaded* is: for a reload.

    Plugins are not imported again, and those of the start stay. Asked again are those whose things requests meet; what is
    started with the daemon stays as it is, and so do the settings that only a start can change.
    """
    host = running.host.again(started=STARTED)
    tables = asking.settings(host)
    classes = {each.item.name: each.item.table for each in tables}
    settings = at_runtime(loaded.root, running.settings)
    view = SettingsView.of(settings, running.home, demo=running.demo, tables=classes)
    parts = attrs.evolve(
        running,
        settings=settings,
        loaded=loaded,
        view=view,
        host=host,
        generation=running.generation + 1,
        problems=(),
        warnings=(),
    )
    composed = _judged(attrs.evolve(_asked(parts).whole(), tables=_tables(tables)))
    lost = [
        Problem(code=each.code or "KP-CONF-209", path=f"plugin {each.name}", message=each.reason)
        for each in host.states
        if each.state == "broken" and running.host.is_in(each.name)
    ]
    problems = dict.fromkeys([*composed.problems, *lost])
    return attrs.evolve(composed, problems=tuple(problems))


def _tables(offers: Iterable[Offer[PluginTable]]) -> dict[str, str]:
    return {each.item.name: each.plugin for each in offers}


def _asked(parts: Composition) -> Composition:
    """Return *parts* with what plugins offer to requests."""
    host, view = parts.host, parts.view
    return attrs.evolve(
        parts,
        offered_providers=[each for each in asking.providers(host, view) if each.plugin == DEMO or not parts.demo],
        offered_dialects=asking.dialects(host, view),
        offered_strategies=asking.routing(host),
    )


def _is_safe(found: Found, *, demo: bool) -> bool:
    hides = not found.never_mentions(SIGN_OF_REDACTIONS)  # or nobody can tell
    return found.origin == "builtin" or (demo and found.name == DEMO) or hides


def _judged(offered: Composition) -> Composition:
    host, view = offered.host, offered.view
    fatal = [*host.problems("builtin"), *view.plugin_problems(), *_of_providers(offered)]
    fatal += unknown_rules(offered.settings.redaction.outgoing, offered.redactions)
    missing: list[Problem] = []
    try:
        host.require(offered.settings.required)
    except ConfigError as exc:
        missing += exc.problems
    if not offered.demo:
        missing += view.unclaimed([each.item.id for each in offered.offered_providers])
    if not offered.careful:
        fatal += missing
        missing = []
    if offered.demo and not offered.offered_providers:
        text = (
            "no loaded plugin answers in a demo: `korproxy plugins` shows what is there, `pip install korproxy-mock` adds one"
        )
        fatal += [Problem(code="KP-CONF-219", path="--demo", message=text), *host.problems()]
    fatal = list(dict.fromkeys(fatal))
    known = {problem.path for problem in fatal}
    broken = [each for each in host.problems() if each.path not in known]
    strategies = [each.item.name for each in offered.offered_strategies]
    unknown = () if offered.demo else not_offered(offered.loaded.routing, strategies, offered.codes)
    warnings = (*broken, *missing, *unknown, *view.orphans(offered.tables), *view.secret_problems())
    return attrs.evolve(offered, problems=tuple(fatal), warnings=warnings)


def _of_providers(offered: Composition) -> list[Problem]:
    """Return what provider types found wrong in their tables. ``problems`` is for those that look; no contract asks for it."""
    return [problem for each in offered.offered_providers for problem in getattr(each.item, "problems", ())]


def held_rules(settings: RootSettings, home: Home) -> tuple[Redaction, ...]:
    """Return the rule that hides what *settings* lead to, where they lead to anything."""
    rule = known_secrets(held_secrets(settings, home), familiar_words(settings))
    return () if rule is None else (rule,)
