"""Loads plugins and asks them. One that breaks costs only itself, unless it hides secrets: then KorProxy must not start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext
from itertools import groupby
from operator import itemgetter
from typing import cast

import attrs
import pluggy

from korproxy.contracts import Redaction
from korproxy.errors.codes import BadCode, ErrorCode, Registry
from korproxy.errors.exceptions import ConfigError, KorproxyError, PluginBroken, Problem
from korproxy.kit.shortening import shortened
from korproxy.plugins.checks import items_of
from korproxy.plugins.early_lines import overheard
from korproxy.plugins.finding import ORDER, Found, Origin
from korproxy.plugins.registering import Implementations, new_manager, register
from korproxy.plugins.report import PluginState, State

REDACTIONS = "korproxy_redactions"
SIGN_OF_REDACTIONS = "redaction"  # also in a misspelt hook's file, which names Redaction or RegexRedaction
LONGEST_REASON = 300  # characters; somebody else's exception may hold a page
_HIDES = "it is broken, and hides secrets in what KorProxy writes down, so it has to be repaired, removed or blocked:"


@attrs.define
class _Plugin:
    """One plugin on its way: found, then loaded or out."""

    found: Found
    state: State = "loaded"
    asks: Implementations = attrs.field(factory=dict)
    code: str | None = None
    reason: str = ""
    mistakes: tuple[Problem, ...] = ()  # in the configuration, on which it broke
    hides: bool = False  # a broken one: it finds secrets; one that was never loaded: it may, for all that its source tells

    def report(self) -> PluginState:
        hooks, found = tuple(sorted(self.asks)), self.found
        return PluginState(
            name=found.name,
            origin=found.origin,
            version=found.version,
            location=found.location,
            state=self.state,
            hooks=hooks,
            code=self.code,
            reason=self.reason,
        )


@attrs.define
class PluginHost:
    """The plugins of one process: what is loaded, what is not, and why.

    Everything here runs at start or at reload; for a reload, ``again`` makes a new host.

    A plugin that is broken and implements ``korproxy_redactions`` (or may: nobody can ask what failed at import) makes
    ``load``, ``each`` and ``take_out`` raise ``ConfigError`` with KP-CONF-210, after they did their work for all others:
    without it, secrets would be written down.

    Attributes:
        tolerant: Never raise for that. Only for commands that do nothing but list plugins or commands.
        known: Gives what is hidden beside the built-in rules in what plugins say while they are loaded.
    """

    tolerant: bool = False
    known: Callable[[], Iterable[Redaction]] = tuple
    _plugins: list[_Plugin] = attrs.field(factory=list, init=False)
    _pluggy: pluggy.PluginManager = attrs.field(factory=new_manager, init=False, repr=False)
    _early: list[Redaction] = attrs.field(factory=list, init=False, repr=False)

    @property
    def states(self) -> tuple[PluginState, ...]:
        """All plugins in the order in which they are asked, with what became of them."""
        return tuple(each.report() for each in self._in_order())

    @property
    def taken_out(self) -> tuple[PluginBroken, ...]:
        """Why each broken plugin is out, in the same order."""
        return tuple(
            PluginBroken(each.code or "", each.reason, plugin=each.found.name)
            for each in self._in_order()
            if each.state == "broken"
        )

    def is_in(self, name: str) -> bool:
        """Whether plugin *name* is loaded and did not break since; what one that broke offered before should not be used."""
        return self._loaded(name) is not None

    def problems(self, origin: Origin | None = None) -> tuple[Problem, ...]:
        """Return what is wrong with each broken plugin; only with those of *origin* where it is given.

        Where a plugin stumbled over mistakes in its settings, these are the problems, and not the plugin.
        """
        broken = (each for each in self._in_order() if each.state == "broken" and origin in {None, each.found.origin})
        return tuple(problem for each in broken for problem in each.mistakes or (_problem(each),))

    def again(self, *, started: Collection[str] = ()) -> PluginHost:
        """Return a host of the same plugins, to be asked anew after the settings have changed. None is imported again.

        One that broke when it was asked may do better with other settings. Out stays whatever could not be loaded, and what
        would have to be started for it, too.

        Args:
            started: The hooks whose things are started, and so only once.
        """
        host = PluginHost(tolerant=self.tolerant, known=self.known)
        host._pluggy = self._pluggy
        for each in self._plugins:
            retried = each.state == "broken" and each.asks and not set(started) & set(each.asks)
            host._plugins.append(_Plugin(each.found, asks=each.asks) if retried else attrs.evolve(each))
        return host

    def load(self, found: Iterable[Found], *, blocked: frozenset[str] = frozenset()) -> None:
        """Import and register *found* in their order. A *blocked* one is listed, never imported.

        Of two with one name the later one is out, and not imported either.
        """
        for each in found:
            earlier = next((plugin.found for plugin in self._plugins if plugin.found.name == each.name), None)
            plugin = _Plugin(each)
            self._plugins.append(plugin)
            if each.name in blocked:
                plugin.state, plugin.reason = "blocked", "blocked by name"
            elif earlier is not None:
                both = f"{earlier.origin} ({earlier.location}) and {each.origin} ({each.location})"
                self._out(plugin, "KP-CONF-208", f'two plugins named "{each.name}": {both}; the first one is used')
            else:
                self._load(plugin)
        self._fail_closed()

    def each(self, hook: str, **kwargs: object) -> list[tuple[str, object]]:
        """Ask every plugin that implements *hook*; return all things with the name of the plugin each comes from.

        Built-ins first, then installed ones, then files, each by name. One that raises, or returns something that does not
        keep its contract, is out: nothing of it is in the result, and it is not asked again.
        """
        given: list[tuple[str, object]] = []
        for plugin in self._in_order():
            if plugin.state != "loaded" or hook not in plugin.asks:
                continue
            implementation = plugin.asks[hook]
            arguments = [kwargs[name] for name in implementation.argnames]
            try:
                items = items_of(hook, implementation.function(*arguments))
            except KeyboardInterrupt:
                raise
            except BaseException as exc:  # noqa: BLE001 -- SystemExit too; hooks await nothing, so Cancelled cannot come here
                self._out(plugin, "KP-CONF-209", f"{hook}: {self._words(exc)}", exc)
            else:
                given += [(plugin.found.name, item) for item in items]
        self._fail_closed()
        return given

    def register_errors(self, registry: Registry) -> list[tuple[str, ErrorCode]]:
        """Ask for error codes and add them to *registry*; return them with their plugins.

        A plugin with a code that is malformed, outside its range or taken is out, and none of its codes are added.
        """
        added: list[tuple[str, ErrorCode]] = []
        for name, offers in groupby(self.each("korproxy_errors"), key=itemgetter(0)):
            codes = [code for _, code in offers if isinstance(code, ErrorCode)]
            plugin = self._loaded(name)
            plugins_own = plugin is not None and plugin.found.origin != "builtin"
            trial = Registry.of(registry)
            try:
                for code in codes:
                    trial.add(code, plugin=plugins_own)
            except BadCode as exc:
                self.take_out(name, "KP-CONF-214", f"korproxy_errors: {exc}")
                continue
            for code in codes:
                registry.add(code, plugin=plugins_own)
                added.append((name, code))
        return added

    def take_out(self, name: str, code: str, reason: str) -> None:
        """Ask plugin *name* no more, and list it as broken with the KP *code* and *reason*. Nothing if it is out already."""
        plugin = self._loaded(name)
        if plugin is not None:
            self._out(plugin, code, reason)
        self._fail_closed()

    def remark(self, name: str, code: str, reason: str) -> None:
        """List *reason* with plugin *name*, which stays in."""
        plugin = self._loaded(name)
        if plugin is not None:
            plugin.code, plugin.reason = code, reason

    def require(self, names: Iterable[str]) -> None:
        """Raise ``ConfigError`` with a KP-CONF-210 for each of *names* that is not in. Ask it when all hooks were asked."""
        problems = [
            Problem(code="KP-CONF-210", path=f"plugin {name}", message=self._why_missing(name))
            for name in names
            if not self.is_in(name)
        ]
        if problems:
            raise ConfigError.of(problems)

    def _why_missing(self, name: str) -> str:
        for each in self._plugins:
            if each.found.name == name:
                why = f"[{each.code}] {each.reason}" if each.code else each.reason
                return f'required plugin "{name}" is {each.state}: {why}'
        return f'required plugin "{name}" is not installed, and no file of --plugins-dir'

    def _in_order(self) -> list[_Plugin]:
        return sorted(self._plugins, key=lambda each: (ORDER.index(each.found.origin), each.found.name))

    def _loaded(self, name: str) -> _Plugin | None:
        return next((each for each in self._plugins if each.found.name == name and each.state == "loaded"), None)

    def _load(self, plugin: _Plugin) -> None:
        with nullcontext() if plugin.found.origin == "builtin" else overheard(self.hide):
            try:
                plugin.asks = register(self._pluggy, plugin.found.name, plugin.found.load())
            except KeyboardInterrupt:
                raise
            except BaseException as exc:  # noqa: BLE001 -- whatever somebody's import raises, SystemExit included
                self._out(plugin, "KP-CONF-209", f"cannot be loaded: {self._words(exc)}", exc)

    def _words(self, exc: BaseException) -> str:
        return shortened(self.hide(_words(exc)), LONGEST_REASON)

    def hide(self, text: str) -> str:
        """Return *text* without what the built-in rules find in it: for what is said before all rules are there."""
        from korproxy.plugins.early_rules import hidden

        return hidden(text, self._early_rules)

    def _early_rules(self) -> list[Redaction]:
        """Return the rules of the built-in plugins, which are loaded first, and what is known without any."""
        if not self._early:
            from korproxy.plugins.early_rules import NoSettings

            for each in self._plugins:
                if each.found.origin == "builtin" and REDACTIONS in each.asks:
                    implementation = each.asks[REDACTIONS]
                    settings = [NoSettings() for _ in implementation.argnames]
                    self._early += cast("tuple[Redaction, ...]", items_of(REDACTIONS, implementation.function(*settings)))
            self._early += self.known()
        return self._early

    def _out(self, plugin: _Plugin, code: str, reason: str, exc: BaseException | None = None) -> None:
        plugin.state, plugin.code, plugin.reason = "broken", code, reason
        plugin.mistakes = tuple(exc.problems) if isinstance(exc, ConfigError) else ()
        plugin.hides = REDACTIONS in plugin.asks if plugin.asks else plugin.found.mentions(SIGN_OF_REDACTIONS)
        import logging  # 3 ms of `korproxy --help`, where all plugins are in

        logging.getLogger("korproxy.plugins").debug("plugin %s is out: %s", plugin.found.name, reason, exc_info=exc)

    def _fail_closed(self) -> None:
        hiding = [each for each in self._in_order() if each.state == "broken" and each.hides]
        if hiding and not self.tolerant:
            raise ConfigError.of([_problem(each, "KP-CONF-210", _HIDES) for each in hiding])


def _problem(plugin: _Plugin, code: str = "", why_fatal: str = "") -> Problem:
    message = f"{why_fatal} [{plugin.code}] {plugin.reason}" if why_fatal else plugin.reason
    return Problem(code=code or plugin.code or "", path=f"plugin {plugin.found.name}", message=message)


def _words(exc: BaseException) -> str:
    """Return type and message of somebody else's exception on one line."""
    kind = f"[{exc.code}]" if isinstance(exc, KorproxyError) else f"{type(exc).__name__}:"
    if isinstance(exc, ConfigError) and exc.problems:
        kind = ""  # each problem in its text has its own code
    try:
        message = " ".join(str(exc).split())
    except Exception as worse:  # noqa: BLE001 -- its __str__ is somebody else's as well
        message = f"(and its text cannot be had: {type(worse).__name__})"
    return f"{kind} {message}".strip().rstrip(": ")
