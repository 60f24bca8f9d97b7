"""Settings as plugins see them, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import attrs

from korproxy.models.accounts import Account, Secret
from korproxy.models.providers import ConfiguredProvider

T = TypeVar("T")
SECRET = "sk-test-0123456789abcdef"
WORK = Account(name="work", secret=Secret(SECRET))


@attrs.frozen
class FakeSettings:
    """Holds provider tables of any type; every plugin's own table is at its defaults."""

    tables: Sequence[ConfiguredProvider] = ()
    demo: bool = False

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002
        return [each for each in self.tables if each.type == type]

    def plugin(self, name: str, table: type[T]) -> T:
        del name
        return table()


def configured(
    kind: str,
    *,
    base_url: str | None = None,
    accounts: tuple[Account, ...] = (WORK,),
    models: tuple[str, ...] = (),
    speaks: tuple[str, ...] = (),
) -> FakeSettings:
    """Return settings with one provider of type *kind*, whose id is ``mine``."""
    table = ConfiguredProvider(id="mine", type=kind, base_url=base_url, accounts=accounts, models=models, speaks=speaks)
    return FakeSettings([table])
