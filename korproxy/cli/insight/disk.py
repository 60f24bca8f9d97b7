"""What commands find on the disk where no daemon runs: the store, and the rules that hide secrets."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from korproxy.config.reading import read_all
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError
from korproxy.gateway.redact import Redactor
from korproxy.runtime.compose import Composition, compose
from korproxy.runtime.health import clean

if TYPE_CHECKING:
    from korproxy.cli.context import Context
    from korproxy.store.store import Store

T = TypeVar("T")
FILES = {"asked": "files"}  # in every answer that does not come from a daemon


class Disk:
    """The home of one command line, without its daemon. What is wrong in its configuration keeps nobody from looking."""

    def __init__(self, cli: Context) -> None:
        self._cli = cli

    @cached_property
    def settings(self) -> RootSettings:
        """What korproxy.toml says; the defaults where it cannot be read."""
        return self._parts.settings

    @cached_property
    def redactor(self) -> Redactor:
        """The rules that hide secrets, those of plugins included.

        Raises:
            ConfigError: A plugin that hides secrets is broken.
        """
        return Redactor.of(each.item for each in self._parts.offered_redactions)

    def clean(self, found: object) -> dict[str, Any]:
        """Return *found* in JSON's own types, redacted, and that it comes from the disk."""
        cleaned: dict[str, Any] = clean(found, self.redactor)
        return FILES | cleaned

    def ask(self, question: Callable[[Store], T], nothing: T) -> T:
        """Return what *question* returns for the store; *nothing* where there is none yet."""
        from korproxy.store.store import Store

        path = self._cli.files.database
        if not path.exists():
            return nothing
        store = Store.open(path)
        try:
            return question(store)
        finally:
            store.close()

    @cached_property
    def _parts(self) -> Composition:
        chosen = self._cli.chosen
        try:
            root = read_all(self._cli.files).root
        except ConfigError:  # `korproxy check` is there for that
            root = RootSettings()
        return compose(self._cli.files, root=root, plugin_dirs=chosen.plugin_dirs, no_plugins=chosen.no_plugins)
