"""What plugins offered, and what to do where two offer the same name. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import attrs

from korproxy.errors.exceptions import Problem

T = TypeVar("T")


@attrs.frozen
class Offer(Generic[T]):
    """One thing, and the name of the plugin it comes from."""

    plugin: str
    item: T


@attrs.frozen(kw_only=True)
class Clash:
    """Two things of one name. The one that was asked first stays; ``later`` is the plugin that has to go."""

    kind: str
    name: str
    first: str
    later: str

    def __str__(self) -> str:
        if self.first == self.later:
            return f'two {self.kind}s named "{self.name}", both of plugin {self.first}'
        return f'two {self.kind}s named "{self.name}": plugins {self.first} and {self.later}'

    @property
    def problem(self) -> Problem:
        """The same, for a ``ConfigError``."""
        return Problem(code="KP-CONF-208", path=f"plugin {self.later}", message=str(self))


def unique(kind: str, offers: Iterable[Offer[T]], key: Callable[[T], str]) -> tuple[list[Offer[T]], list[Clash]]:
    """Return the offers that stay, in their order, and a clash for each name that was taken.

    A plugin that comes ``later`` in a clash loses all of its offers, and takes no names: half a plugin is worse than none,
    for nobody can tell which half is there.
    """
    by_plugin: dict[str, list[Offer[T]]] = {}
    for offer in offers:
        by_plugin.setdefault(offer.plugin, []).append(offer)
    kept: list[Offer[T]] = []
    clashes: list[Clash] = []
    owners: dict[str, str] = {}
    for plugin, own in by_plugin.items():
        names = [key(each.item) for each in own]
        taken = {**owners, **{name: plugin for name in names if names.count(name) > 1 and name not in owners}}
        found = [Clash(kind=kind, name=name, first=taken[name], later=plugin) for name in dict.fromkeys(names) if name in taken]
        if found:
            clashes += found
        else:
            kept += own
            owners.update(dict.fromkeys(names, plugin))
    return kept, clashes
