"""accounts.toml: accounts that were added by command, in the shape they have in korproxy.toml; and both as one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.config.checks import Distinct, Entries, said, whole
from korproxy.config.migrations import NEWEST, Migrated, migrated
from korproxy.config.routing_file import END, OURS, whole_document
from korproxy.config.settings import ACCOUNTS, AccountSettings, ProviderTable, RootSettings
from korproxy.config.shown import key, place
from korproxy.config.texts import not_empty, provider_id
from korproxy.errors.exceptions import Problem

NAME = "accounts.toml"
ROOT = f"{NAME}:$"
NO_PROVIDER = "KP-CONF-222"
HEAD = f"{OURS}: `korproxy account`. Edit it if you like, but leave its last line.\n"


@attrs.frozen(kw_only=True)
class AddedTable:
    """One ``[providers.ID]`` table. ``type``: only where korproxy.toml has no such provider, what it is then."""

    type: str = attrs.field(default="", validator=said(not_empty))
    accounts: tuple[AccountSettings, ...] = attrs.field(default=(), validator=Distinct("name", ACCOUNTS))


@attrs.frozen(kw_only=True)
class AddedAccounts:
    """All of accounts.toml."""

    version: int = attrs.field(default=1, validator=whole(1, 1))
    providers: Mapping[str, AddedTable] = attrs.field(factory=dict, validator=Entries(provider_id))


@attrs.frozen(kw_only=True)
class AddedAccount(AccountSettings):
    """An account that stands in accounts.toml, as number ``index`` of its provider's."""

    index: int


def parse(text: str, *, path: str = NAME) -> AddedAccounts:
    """Return what the *text* of an accounts.toml says. *path* is only for messages.

    Raises:
        ConfigError: KP-CONF-201: no TOML, or something is missing at its end; KP-CONF-211: for a newer KorProxy; else every
            mistake at once.
    """
    return structured(current(text, path=path))


def current(text: str, *, path: str = NAME) -> Migrated:
    """Return the document in *text* as this KorProxy has it; errors as of ``parse``, what is in the tables is not looked at."""
    return migrated("accounts", whole_document(text, path), path, root=ROOT)


def structured(document: Migrated) -> AddedAccounts:
    """Return what *document* says; errors as of ``parse``."""
    from korproxy.config.strict import structure

    return structure(document.document, AddedAccounts, path=ROOT)


def dump(added: AddedAccounts) -> str:
    """Return *added* as the text of an accounts.toml; ``parse`` gives it back."""
    import tomli_w

    return f"{HEAD}{tomli_w.dumps(to_document(added))}{END}\n"


def to_document(added: AddedAccounts) -> dict[str, Any]:
    """Return *added* as a TOML document."""
    providers = {name: _table(each) for name, each in added.providers.items()}
    return {"version": NEWEST["accounts"], **({"providers": providers} if providers else {})}


def _table(table: AddedTable) -> dict[str, Any]:
    accounts = [{name: value for name, value in attrs.asdict(each).items() if value is not None} for each in table.accounts]
    return {**({"type": table.type} if table.type else {}), **({"accounts": accounts} if accounts else {})}


def merged(root: RootSettings, added: AddedAccounts) -> tuple[RootSettings, list[Problem]]:
    """Return *root* with the accounts of *added* after its own, and a problem (KP-CONF-212) for each that it has already."""
    providers, problems = dict(root.providers), []
    for name, table in added.providers.items():
        own = providers.get(name) or (ProviderTable(type=table.type) if table.type else None)
        if own is None:
            continue  # ``strangers`` tells
        taken, more = {each.name for each in own.accounts}, list[AccountSettings]()
        for at, each in enumerate(table.accounts):
            if each.name in taken:
                steps = ("providers", name, "accounts", at, "name")
                text = f"korproxy.toml has an account {key(each.name)} of this provider, too; that one is used"
                problems.append(Problem(code=ACCOUNTS, path=place(steps, ROOT), message=text))
            else:
                more.append(AddedAccount(**attrs.asdict(each), index=at))
        providers[name] = attrs.evolve(own, accounts=(*own.accounts, *more))
    return attrs.evolve(root, providers=providers), problems


def strangers(root: RootSettings, added: AddedAccounts) -> list[Problem]:
    """Return a problem for each provider of *added* that *root* does not have, and that has no type: its accounts wait."""
    return [
        Problem(
            code=NO_PROVIDER,
            path=place(("providers", name), ROOT),
            message=f"korproxy.toml has no provider {key(name)}, so its accounts here are not used",
        )
        for name, table in added.providers.items()
        if name not in root.providers and not table.type and table.accounts
    ]
