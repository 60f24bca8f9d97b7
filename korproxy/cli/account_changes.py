"""Changes of accounts as commands want them: with secrets that are kept, types that are known, and keys that are none refused.

Each function is an edit for ``changing.update``, called while nobody else may change the files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from korproxy.config.account_edit import add_account, keep_secret, remove_account
from korproxy.config.changing import Editable
from korproxy.config.checks import Mistake
from korproxy.config.routing_edit import ABSENT, disable_account, enable_account
from korproxy.config.secrets import want_reference
from korproxy.config.settings import AccountSettings, ProviderTable, RootSettings
from korproxy.config.shown import key as shown
from korproxy.config.texts import provider_id
from korproxy.errors.exceptions import CommandFailed, ConfigError, Problem
from korproxy.runtime.compose import compose

if TYPE_CHECKING:
    from korproxy.cli.context import Context

WRONG = "KP-CONF-202"


def added(
    cli: Context,
    provider: str,
    name: str,
    now: Editable,
    *,
    key: str | None,
    secret: str | None,
    forwards: bool,
    type: str,  # noqa: A002 -- the key in accounts.toml
) -> Editable:
    """Return *now* with a new account. A *secret* is written into its file last, when nothing else can go wrong but the disk.

    Raises:
        ConfigError: KP-CONF-204: *key* is no reference; KP-CONF-202, KP-CONF-212: a name that cannot be; what is wrong with a
            provider of this *type*.
    """
    if key is not None:
        want_reference(key)
    table = now.root.providers.get(provider)
    if table is None and type:
        _want_type(cli, provider, type)
    if table is not None and type not in ("", table.type):
        raise CommandFailed(WRONG, f"{shown(provider)} is of the type {shown(table.type)} already: leave --type out.")
    account = _account(name, key=key, forwards=forwards)
    new = add_account(now, provider, account, type=type)
    if secret is None:
        return new
    reference = keep_secret(cli.files, provider, name, secret)
    return add_account(now, provider, attrs.evolve(account, key=reference), type=type)


def removed(provider: str, name: str, gone: list[AccountSettings], now: Editable) -> Editable:
    """Return *now* without the account, which is put into *gone*."""
    new = remove_account(now, provider, name)
    gone += [each for each in now.added.providers[provider].accounts if each.name == name]
    return new


def switched(provider: str, name: str, now: Editable, *, on: bool) -> Editable:
    """Return *now* with the account enabled or disabled.

    Raises:
        CommandFailed: KP-CONF-226: there is no such account.
    """
    table = now.root.providers.get(provider)
    known = [each.name for each in table.accounts] if table else []
    if name not in known and f"{provider}/{name}" not in now.routing.disabled:
        names = [f"{other}/{each.name}" for other, table in now.root.providers.items() for each in table.accounts]
        there = ", ".join(map(shown, names)) or "none"
        raise CommandFailed(ABSENT, f"There is no account {shown(f'{provider}/{name}')}. There are: {there}.")
    change = enable_account if on else disable_account
    return attrs.evolve(now, routing=change(now.routing, provider, name))


def _account(name: str, *, key: str | None, forwards: bool) -> AccountSettings:
    try:
        return AccountSettings(name=name, key=key, credential="client" if forwards else None)
    except (Mistake, ExceptionGroup) as exc:
        raise _wrong(exc, "KP-CONF-212", "PROVIDER/ACCOUNT") from None


def _want_type(cli: Context, provider: str, type: str) -> None:  # noqa: A002 -- the key in accounts.toml
    """Raise what is wrong with a *provider* of this *type* that has no more than accounts: that there is none, for example."""
    try:
        provider_id(provider)
        table = ProviderTable(type=type)
    except (Mistake, ExceptionGroup) as exc:
        raise _wrong(exc, WRONG, "PROVIDER or --type") from None
    chosen = cli.chosen
    root = RootSettings(providers={provider: table})
    parts = compose(cli.files, root=root, plugin_dirs=chosen.plugin_dirs, no_plugins=chosen.no_plugins)
    if problems := [each for each in parts.problems if each.path.startswith("$.providers")]:
        raise ConfigError.of(problems)


def _wrong(exc: Exception, code: str, what: str) -> ConfigError:
    mistakes = exc.exceptions if isinstance(exc, ExceptionGroup) else [exc]
    return ConfigError.of([Problem(code=code, path=what, message=str(each)) for each in mistakes])
