"""All three files at once, for a start and for a reload: what is right in them, else what was right before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import attrs

from korproxy.config import one_file, routing_file
from korproxy.config.accounts_file import AddedAccounts, merged, strangers
from korproxy.config.documents import content
from korproxy.config.home import Home
from korproxy.config.last_good import Kept, newest
from korproxy.config.one_file import SETTINGS, File, Found, Source
from korproxy.config.pending import NAMES, pending, state_of
from korproxy.config.settings import RootSettings
from korproxy.config.shown import Step, key, place
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.models.routing import Routing

T = TypeVar("T")
NOT_THERE = "KP-CONF-222"


@attrs.frozen(kw_only=True)
class Loaded:
    """A configuration to work with.

    Attributes:
        root: korproxy.toml, with the accounts of accounts.toml among its providers'.
        added: accounts.toml alone.
        problems: Why a file, or a part of one, is not used; empty: all is as it is on the disk.
        notices: What the user should know: what is used in place of a file, an older format, names that lead nowhere now.
        source: Where each file's content comes from, by its name.
        files: The contents in use, by name: what to keep as the last good configuration once they have worked.
        versions: In which version each of them is written.
    """

    root: RootSettings
    added: AddedAccounts
    routing: Routing
    problems: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()
    source: Mapping[str, Source] = attrs.field(factory=dict)
    files: Mapping[str, bytes] = attrs.field(factory=dict, repr=False)  # people type keys into them
    versions: Mapping[str, int] = attrs.field(factory=dict)


def read_all(home: Home, *, fall_back: bool = True) -> Loaded:
    """Read the configuration of *home*; absent files have their defaults. Nothing is written.

    Args:
        fall_back: In place of a file that cannot be used take the last good one; without that, of a file that KorProxy writes,
            its defaults. False: for reloads and checks, where everything has to be right.

    Raises:
        ConfigError: korproxy.toml cannot be used, and there is no last good one; without *fall_back* every mistake there is.
    """
    return loaded_from(home, contents(home), newest(home), fall_back=fall_back)


def contents(home: Home) -> dict[str, bytes | ConfigError | None]:
    """Return what is in the files of *home* at one moment, by name: an error if it cannot be read, None for an absent one."""
    while True:  # until nobody wrote in between
        before = state_of(home)
        found = {name: _content(home.path / name) for name in NAMES} | pending(home)
        if before == state_of(home):
            return found


def _content(path: Path) -> bytes | ConfigError | None:
    try:
        return content(path)
    except ConfigError as exc:
        return exc


def read_last_good(home: Home) -> Loaded | None:
    """Return the last good configuration of *home*, whatever its files are like now; None if there is none that can be used."""
    last = newest(home)
    if last is None or SETTINGS not in last.files:
        return None
    try:
        found = loaded_from(home, last.files, None, fall_back=False)
    except ConfigError:
        return None
    return attrs.evolve(found, source={name: "last good" if name in last.files else "absent" for name in found.source})


def loaded_from(home: Home, now: Mapping[str, bytes | ConfigError | None], last: Kept | None, *, fall_back: bool) -> Loaded:
    """Return what ``read_all`` does, of *now*, as of ``contents``, and of the *last* good one. Pure; *home* is for messages."""

    def read(file: File[T]) -> Found[T]:
        return one_file.read(file, home, now.get(file.name), last, fall_back=fall_back)

    root, added, routing = read(one_file.ROOT), read(one_file.ADDED), read(one_file.ROUTING)
    whole, doubles = merged(root.value, added.value)
    found: tuple[Found[RootSettings] | Found[AddedAccounts] | Found[Routing], ...] = (root, added, routing)
    problems = [*(problem for each in found for problem in each.problems), *doubles]
    if problems and not fall_back:
        raise ConfigError.of(problems)
    notices = [notice for each in found for notice in each.notices]
    return Loaded(
        root=whole,
        added=added.value,
        routing=routing.value,
        problems=tuple(problems),
        notices=(*notices, *strangers(root.value, added.value), *not_there(routing.value, whole)),
        source={each.name: each.source for each in found},
        files={each.name: each.raw for each in found if each.raw is not None},
        versions={each.name: each.version for each in found if each.version is not None},
    )


def not_there(routing: Routing, root: RootSettings) -> Iterator[Problem]:
    """Yield a problem for each provider or account in *routing* that *root* does not have: nothing goes there."""
    named: list[tuple[tuple[Step, ...], str, str]] = [
        (("groups", group.name, "members", at), each.provider, each.account)
        for group in routing.groups.values()
        for at, each in enumerate(group.members)
    ]
    named += [(("disabled",), *each.split("/", 1)) for each in sorted(routing.disabled)]  # type: ignore[misc]
    for steps, provider, account in named:
        table = root.providers.get(provider)
        if table is None:
            missing = f"provider {key(provider)}"
        elif account and account not in {each.name for each in table.accounts}:
            missing = f"account {key(account)} of {key(provider)}"
        else:
            continue
        yield Problem(code=NOT_THERE, path=place(steps, routing_file.ROOT), message=f"no {missing} is configured")
