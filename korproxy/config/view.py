"""The settings as plugins see them: only their own tables, secrets resolved."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import attrs

from korproxy.config.accounts_file import ROOT as ADDED
from korproxy.config.accounts_file import AddedAccount
from korproxy.config.home import Home
from korproxy.config.secrets import resolve
from korproxy.config.settings import AccountSettings, ProviderTable, RootSettings
from korproxy.config.shown import place
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.models.accounts import Account, Secret
from korproxy.models.providers import ConfiguredProvider

T = TypeVar("T")
NOBODYS, ORPHAN = "KP-CONF-203", "KP-CONF-215"


@attrs.define
class SettingsView:
    """What ``contracts.Settings`` promises, and what the core asks afterwards. Made anew at each start or reload.

    Attributes:
        demo: Whether this is ``korproxy run --demo``; then no configured provider is offered, only the mock serves.
    """

    _root: RootSettings
    _home: Home
    demo: bool
    _environ: Mapping[str, str] = attrs.field(repr=False)
    _tables: Mapping[str, type]
    _asked: set[str] = attrs.field(factory=set, init=False)

    @classmethod
    def of(
        cls,
        root: RootSettings,
        home: Home,
        *,
        demo: bool,
        environ: Mapping[str, str] | None = None,
        tables: Mapping[str, type],
    ) -> SettingsView:
        """Return the view of *root*.

        Args:
            home: Where ``file:`` references start.
            environ: Where ``env:`` references look; None: the process's own.
            tables: The class of each plugin's table, as ``korproxy_settings`` gave them.
        """
        return cls(root, home, demo, os.environ if environ is None else environ, tables)

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002 -- the key in korproxy.toml
        """Return the configured providers of *type*. An account whose secret cannot be had says so when it is used."""
        self._asked.add(type)
        if self.demo:
            return ()
        return tuple(self._configured(name, table) for name, table in self._root.providers.items() if table.type == type)

    def plugin(self, name: str, table: type[T]) -> T:
        """Return ``[plugin.NAME]`` as *table*; its defaults where it is absent.

        Raises:
            ConfigError: Every mistake in it.
            TypeError: The plugin said in ``korproxy_settings`` that its table has another class.
        """
        if self._tables.get(name, table) is not table:
            raise TypeError(f"[plugin.{name}] is described by {self._tables[name].__name__}, not by {table.__name__}")
        written = self._root.plugin.get(name, {})
        if not written and not _needed(table):
            return table()
        from korproxy.config.strict import structure

        return structure(written, table, path=place((name,), "$.plugin"))

    def plugin_problems(self) -> list[Problem]:
        """Return every mistake in the tables of the plugins that described theirs."""
        problems: list[Problem] = []
        for name, table in self._tables.items():
            try:
                self.plugin(name, table)
            except ConfigError as exc:
                problems += exc.problems
        return problems

    def unclaimed(self, claimed: Iterable[str]) -> list[Problem]:
        """Return a problem for each configured provider that is not among *claimed*, the ids that plugins yielded."""
        if self.demo:
            return []
        yielded = set(claimed)
        return [
            Problem(code=NOBODYS, path=place((name, "type"), "$.providers"), message=self._why_nobody(table.type))
            for name, table in self._root.providers.items()
            if name not in yielded
        ]

    def orphans(self, known: Iterable[str]) -> list[Problem]:
        """Return a problem for each ``[plugin.NAME]`` whose plugin is not among *known*. It is kept, and only warned about."""
        names = sorted(set(known))
        return [
            Problem(
                code=ORPHAN,
                path=place((name,), "$.plugin"),
                message=f"no plugin of this name is loaded{_nearest(name, names)}; its table is kept",
            )
            for name in self._root.plugin
            if name not in names
        ]

    def secret_problems(self) -> list[Problem]:
        """Return a problem for each secret that cannot be had, as ``korproxy check`` shows them."""
        found = (
            self._account(name, number, account).missing
            for name, table in self._root.providers.items()
            for number, account in enumerate(table.accounts)
        )
        problems = [problem for missing in found if isinstance(missing, ConfigError) for problem in missing.problems]
        try:
            self.store_url()
        except ConfigError as exc:
            problems.append(Problem(code=exc.code, path="$.store.url", message=exc.detail))
        return problems

    def store_url(self) -> Secret | None:
        """Return the address of the database, which has a password in it; None where the store is a file.

        Raises:
            ConfigError: As in ``resolve``.
        """
        url = self._root.store.url
        return None if url is None else resolve(url, self._home, self._environ)

    def _configured(self, name: str, table: ProviderTable) -> ConfiguredProvider:
        return ConfiguredProvider(
            id=name,
            type=table.type,
            base_url=table.base_url,
            accounts=tuple(self._account(name, number, each) for number, each in enumerate(table.accounts)),
            deadlines=table.deadlines.over(self._root.deadlines),
            limits=table.limits,
            models=table.models,
            speaks=table.speaks,
            fetch_images=table.fetch_images,
            abilities=table.abilities.said,
        )

    def _account(self, provider: str, number: int, account: AccountSettings) -> Account:
        if account.key is None:
            return Account(name=account.name, forwards=account.credential == "client")
        try:
            return Account(name=account.name, secret=resolve(account.key, self._home, self._environ))
        except ConfigError as exc:
            problem = Problem(code=exc.code, path=_key_of(provider, number, account), message=exc.detail)
            detail = f"Account {account.name!r} of {provider!r} has no key. {exc.detail}"
            return Account(name=account.name, missing=ConfigError(exc.code, detail, (problem,)))

    def _why_nobody(self, type: str) -> str:  # noqa: A002 -- the key in korproxy.toml
        if type in self._asked:
            return f'the plugin of type "{type}" made no provider of this table'
        known = sorted(self._asked)
        return f"no plugin offers this type{_nearest(type, known)}. Known types: {', '.join(known) or 'none'}"


def _key_of(provider: str, number: int, account: AccountSettings) -> str:
    if isinstance(account, AddedAccount):
        return place(("providers", provider, "accounts", account.index, "key"), ADDED)
    return place((provider, "accounts", number, "key"), "$.providers")


def _nearest(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _needed(table: type) -> bool:
    return attrs.has(table) and any(each.init and each.default is attrs.NOTHING for each in attrs.fields(table))
