"""Everything that the built-in plugins offer, found and checked by the host as in the daemon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import attrs

from korproxy.contracts import Dialect, Provider, Redaction, RoutingStrategy
from korproxy.models.accounts import Account
from korproxy.models.providers import ConfiguredProvider
from korproxy.plugins import asking
from korproxy.plugins.finding import find_builtin
from korproxy.plugins.host import PluginHost

T = TypeVar("T")


@attrs.frozen
class OneOfEveryType:
    """Settings with one provider of each type that anybody asks for; its id is its type."""

    base_url: str | None = "https://api.test/v1"
    accounts: tuple[Account, ...] = ()
    demo: bool = False

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002
        return [ConfiguredProvider(id=type, type=type, base_url=self.base_url, accounts=self.accounts)]

    def plugin(self, name: str, table: type[T]) -> T:
        del name
        return table()


def host() -> PluginHost:
    """Return a host with all built-ins; none of them may be broken."""
    made = PluginHost()
    made.load(find_builtin())
    assert made.problems() == ()
    return made


def providers(settings: OneOfEveryType) -> dict[str, Provider]:
    """Return one provider of each built-in type, by type."""
    return {each.item.type: each.item for each in asking.providers(host(), settings)}


def dialects() -> dict[str, Dialect]:
    """Return the built-in formats, by name."""
    return {each.item.name: each.item for each in asking.dialects(host(), OneOfEveryType())}


def redactions() -> dict[str, Redaction]:
    """Return the built-in rules, by name."""
    return {each.item.name: each.item for each in asking.redactions(host(), OneOfEveryType())}


def strategies() -> dict[str, RoutingStrategy]:
    """Return the built-in ways to say who of a group goes first, by name."""
    return {each.item.name: each.item for each in asking.routing(host())}
