"""The commands of plugins. Plugins are loaded as late and as few as will do: each costs time at every command."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import click

from korproxy.cli.options import Chosen
from korproxy.contracts import Command
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.errors.exceptions import CommandFailed, Problem
from korproxy.plugins import asking
from korproxy.plugins.finding import Found, find_builtin, find_files, find_installed
from korproxy.plugins.host import PluginHost
from korproxy.plugins.offers import Offer
from korproxy.runtime.memory import uncollected

OWN = "commands."  # what the names of the built-in plugins that are commands begin with
HOOK = "korproxy_commands"
BROKEN = "KP-CONF-209"


class PluginCommands:
    """The commands that plugins offer to this command line.

    Attributes:
        host: All plugins that were loaded so far. Tolerant: a broken redaction must not keep anybody from `korproxy plugins`.
    """

    def __init__(self, chosen: Chosen, core: Collection[str] = ()) -> None:
        self.host = PluginHost(tolerant=True)
        self._chosen = chosen
        self._core = core
        self._loaded: set[tuple[str, ...]] = set()

    def load(self, name: str) -> click.Command | None:
        """Import the command *name*; None if no plugin has it.

        Raises:
            CommandFailed: KP-CONF-209: it cannot be imported, or is no click command.
        """
        offer = self._own().get(name) or self.offers().get(name) or self._all().get(name)
        if offer is None:
            return None
        try:
            return _load(offer)
        except CommandFailed as exc:
            self.host.remark(offer.plugin, exc.code, exc.detail)
            raise

    def offers(self) -> Mapping[str, Offer[Command]]:
        """Load the plugins that may have commands and return these by name, none of them imported.

        A plugin that names the hook nowhere in its source is not loaded for it: most of them have no command, and each costs
        everybody who asks for `korproxy --help` time.
        """
        self._load_plugins(each for each in self._found() if not each.never_mentions(HOOK))
        return self._ask()

    def codes(self) -> Registry:
        """Return all error codes, those of plugins included."""
        registry = Registry.of(BUILTIN_CODES)
        self._all()
        asking.errors(self.host, registry)
        return registry

    def _found(self) -> Iterator[Found]:
        yield from find_builtin()
        if not self._chosen.no_plugins:
            yield from find_installed()
            for folder in self._chosen.plugin_dirs:
                yield from find_files(folder)

    def _all(self) -> Mapping[str, Offer[Command]]:
        self._load_plugins(self._found())
        return self._ask()

    def _own(self) -> Mapping[str, Offer[Command]]:
        self._load_plugins(each for each in find_builtin() if each.name.startswith(OWN))
        return self._ask()

    def _ask(self) -> Mapping[str, Offer[Command]]:
        return {each.item.name: each for each in asking.commands(self.host, core=self._core)}

    def _load_plugins(self, found: Iterable[Found]) -> None:
        new = {_identity(each): each for each in found if _identity(each) not in self._loaded}
        self._loaded.update(new)
        with uncollected():
            self.host.load(new.values())


def broken_commands(host: PluginHost, core: Collection[str]) -> list[Problem]:
    """Import every command of *host*'s plugins and return those that cannot be; each is also listed with its plugin."""
    found = []
    for offer in asking.commands(host, core=core):
        try:
            _load(offer)
        except CommandFailed as exc:
            host.remark(offer.plugin, exc.code, exc.detail)
            found.append(Problem(code=exc.code, path=f"plugin {offer.plugin}", message=exc.detail))
    return found


def _identity(found: Found) -> tuple[str, ...]:
    return found.origin, found.name, found.location


def _load(offer: Offer[Command]) -> click.Command:
    try:
        command = offer.item.load()
    except KeyboardInterrupt:
        raise
    except BaseException as exc:  # whatever somebody's import raises, SystemExit included
        raise _broken(offer, f"{type(exc).__name__}: {exc}") from exc
    if not isinstance(command, click.Command):
        raise _broken(offer, f"load() returned {command!r:.60}, which is no click command")
    return command


def _broken(offer: Offer[Command], why: str) -> CommandFailed:
    return CommandFailed(BROKEN, f'The command "{offer.item.name}" of plugin {offer.plugin} cannot be loaded: {why}')
