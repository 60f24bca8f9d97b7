"""What commands find on the disk where no daemon runs: the store, and the rules that hide secrets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from korproxy.cli.insight.rules import Rules, rules
from korproxy.config.settings import RootSettings
from korproxy.config.view import SettingsView
from korproxy.errors.exceptions import CommandFailed
from korproxy.gateway.clean import clean
from korproxy.gateway.redact import Redactor
from korproxy.store.connection import UNUSABLE, Damaged
from korproxy.store.place import InFile, InPostgres, Place

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
        """Return what *question* returns for the store; *nothing* where there is none yet. Nothing is made or changed.

        Raises:
            KorproxyError: KP-SYS-532, KP-SYS-533: the store cannot be read.
        """
        try:
            if not self.place.exists():
                return nothing
            with closing(self.place.look()) as store:
                return question(store)
        except OSError as exc:
            raise CommandFailed(UNUSABLE, f"{self._cli.files.database} cannot be read: {exc.strerror}.") from None
        except Damaged as exc:
            raise CommandFailed(
                UNUSABLE, f"{self._cli.files.database} is damaged ({exc}); the next start puts it aside."
            ) from None

    @cached_property
    def place(self) -> Place:
        """Where the store is."""
        files = self._cli.files
        return InFile(files.database) if self.settings.store.url is None else InPostgres(self._address, files.replica)

    def _address(self) -> str:
        found = SettingsView.of(self.settings, self._cli.files, demo=False, tables={}).store_url()
        return "" if found is None else found.reveal()

    @cached_property
    def _rules(self) -> Rules:
        return rules(self._cli)
