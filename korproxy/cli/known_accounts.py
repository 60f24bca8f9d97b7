"""All accounts of a configuration, as commands show them: never with more of a secret than where it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from korproxy.config.accounts_file import NAME as ADDED
from korproxy.config.accounts_file import AddedAccount
from korproxy.config.home import Home
from korproxy.config.masking import MASK
from korproxy.config.one_file import SETTINGS
from korproxy.config.reading import Loaded
from korproxy.config.settings import AccountSettings
from korproxy.config.shown import looks_secret
from korproxy.config.view import SettingsView
from korproxy.contracts import KnownAccount
from korproxy.errors.exceptions import ConfigError, Problem


def known_accounts(loaded: Loaded, home: Home, environ: Mapping[str, str] | None = None) -> list[KnownAccount]:
    """Return the accounts of *loaded*, in the order of the files. Secrets are looked up where this process finds them."""
    view = SettingsView.of(loaded.root, home, demo=False, environ=environ, tables={})
    missing = dict(_missing(view, {each.type for each in loaded.root.providers.values()}))
    return [
        KnownAccount(
            provider=provider,
            type=table.type,
            name=each.name,
            key=_shown(each),
            forwards=each.credential == "client",
            file=ADDED if isinstance(each, AddedAccount) else SETTINGS,
            disabled=f"{provider}/{each.name}" in loaded.routing.disabled,
            problem=missing.get((provider, each.name)),
        )
        for provider, table in loaded.root.providers.items()
        for each in table.accounts
    ]


def _missing(view: SettingsView, types: Iterable[str]) -> Iterable[tuple[tuple[str, str], Problem]]:
    for each in types:
        for provider in view.providers(each):
            for account in provider.accounts:
                if isinstance(account.missing, ConfigError) and account.missing.problems:
                    yield (provider.id, account.name), account.missing.problems[0]


def _shown(account: AccountSettings) -> str | None:
    """Return the reference of *account*; people type keys in its place, and those are not shown."""
    key = account.key
    if key is None:
        return None
    is_reference = key.startswith(("env:", "file:")) and not looks_secret(key)
    return key if is_reference else MASK
