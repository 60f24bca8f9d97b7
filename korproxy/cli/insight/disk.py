"""What commands find on the disk where no daemon runs: the store, and the rules that hide secrets."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from korproxy.cli.insight.rules import Rules, rules
from korproxy.config.settings import RootSettings
from korproxy.gateway.clean import clean
from korproxy.gateway.redact import Redactor

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
        return self._rules.settings

    @cached_property
    def redactor(self) -> Redactor:
        """The rules that hide secrets, those of plugins included.

        Raises:
            ConfigError: A plugin that hides secrets is broken.
        """
        return self._rules.redactor

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
        store = Store.open_readonly(path)
        try:
            return question(store)
        finally:
            store.close()

    @cached_property
    def _rules(self) -> Rules:
        return rules(self._cli)
