"""Changes of the accounts in accounts.toml. Pure, but for the files of secrets; ``changing.update`` writes what they return."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

from korproxy.config import durable
from korproxy.config.accounts_file import AddedAccounts, AddedTable
from korproxy.config.changing import Editable
from korproxy.config.home import Home, prepare
from korproxy.config.routing_edit import ABSENT, EXISTS, NEEDED, forget_account
from korproxy.config.secrets import sendable
from korproxy.config.settings import AccountSettings
from korproxy.config.shown import key
from korproxy.errors.exceptions import CommandFailed

_UNLIKE_A_FILE = re.compile(r"[^A-Za-z0-9_-]+")


def add_account(now: Editable, provider: str, account: AccountSettings, *, type: str = "") -> Editable:  # noqa: A002 -- the key
    """Add *account* to *provider*.

    Args:
        type: What the provider is, where korproxy.toml does not have it.

    Raises:
        CommandFailed: KP-CONF-227: it has an account of this name; KP-CONF-226: there is no such provider, and no *type*.
    """
    table = now.root.providers.get(provider)
    if table is None and not type:
        there = ", ".join(map(key, now.root.providers)) or "none"
        raise CommandFailed(ABSENT, f"There is no provider {key(provider)}, so its type is needed. There are: {there}.")
    old = now.added.providers.get(provider, AddedTable())
    names = {each.name for each in (*(table.accounts if table else ()), *old.accounts)}
    if account.name in names:
        raise CommandFailed(EXISTS, f"{key(provider)} already has an account {key(account.name)}.")
    new = attrs.evolve(old, accounts=(*old.accounts, account), type=old.type if table else type)
    return _with(now, provider, new)


def remove_account(now: Editable, provider: str, name: str) -> Editable:
    """Take the account *name* of *provider* out, and out of all groups.

    Raises:
        CommandFailed: KP-CONF-226: there is none; KP-CONF-228: it stands in korproxy.toml, which is the user's.
    """
    old = now.added.providers.get(provider, AddedTable())
    left = tuple(each for each in old.accounts if each.name != name)
    if len(left) == len(old.accounts):
        table = now.root.providers.get(provider)
        known = [each.name for each in table.accounts] if table else []
        if name in known:
            text = "is in korproxy.toml, which KorProxy does not change: remove it there, or disable it"
            raise CommandFailed(NEEDED, f"The account {key(name)} of {key(provider)} {text}.")
        there = ", ".join(map(key, known)) or "none"
        raise CommandFailed(ABSENT, f"{key(provider)} has no account {key(name)}. There are: {there}.")
    changed = _with(now, provider, attrs.evolve(old, accounts=left))
    return attrs.evolve(changed, routing=forget_account(now.routing, provider, name))


def keep_secret(home: Home, provider: str, account: str, secret: str) -> str:
    """Write *secret* into a file of its own that only the user can read, and return the reference to it.

    Raises:
        CommandFailed: KP-CONF-229: it cannot be written; KP-CONF-227: a file of this name is there, of whatever.
        ConfigError: KP-CONF-205: it is no key: empty, or with spaces or line breaks.
    """
    sendable(secret, "What was given")
    prepare(home)
    name = _file_name(provider, account)
    path = home.secrets / name
    if path.exists():
        raise CommandFailed(EXISTS, f"{path} already exists; remove it, or refer to it as file:secrets/{name}.")
    durable.write(path, f"{secret}\n".encode())
    return f"file:secrets/{name}"


def discard_secret(home: Home, provider: str, account: AccountSettings) -> Path | None:
    """Remove the file that ``keep_secret`` made for *account*; return what was removed. Any other reference is let alone.

    Raises:
        CommandFailed: KP-CONF-229: it cannot be removed.
    """
    name = _file_name(provider, account.name)
    path = home.secrets / name
    if account.key != f"file:secrets/{name}" or not path.is_file():
        return None
    try:
        path.unlink()
    except OSError as exc:
        raise CommandFailed(durable.NOT_WRITTEN, f"{path} cannot be removed: {exc.strerror}.") from None
    return path


def _file_name(provider: str, account: str) -> str:
    return f"{provider}-{_UNLIKE_A_FILE.sub('-', account)}"  # no other file there begins with a provider's id and a dash


def _with(now: Editable, provider: str, table: AddedTable) -> Editable:
    providers = {**now.added.providers, provider: table}
    if not table.accounts:
        del providers[provider]
    return attrs.evolve(now, added=AddedAccounts(providers=providers))
