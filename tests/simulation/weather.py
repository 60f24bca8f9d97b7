"""What will go wrong in a week, and when: drawn once from a seed, before anything happens. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Literal, TypeAlias

import attrs

Place: TypeAlias = tuple[str, str]  # provider, account
Kind: TypeAlias = Literal[
    "limited",  # 429
    "failing",  # 500, 502, 503, 529
    "flaky",  # the same, but only to some
    "down",  # no connection
    "dropping",  # a connection that is closed without an answer
    "stalling",  # no first byte
    "erring",  # 200, and an error for the first event
    "cutting",  # the answer breaks off in the middle
    "wrong key",  # 401
    "slow",  # it takes its time, and is right in the end
]
HARMLESS: frozenset[Kind] = frozenset({"slow"})
BROKEN_LATER: frozenset[Kind] = frozenset({"cutting"})  # the answer begins, so nobody else may be asked

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

# Of each kind: how many spells an account has in a week, and between how many seconds they last.
_OF_ACCOUNTS: Mapping[Kind, tuple[int, float, float]] = {
    "limited": (40, 20.0, 25 * MINUTE),
    "failing": (15, 20.0, 15 * MINUTE),
    "flaky": (8, 5 * MINUTE, HOUR),
    "stalling": (6, MINUTE, 8 * MINUTE),
    "erring": (6, MINUTE, 10 * MINUTE),
    "cutting": (6, 2 * MINUTE, 15 * MINUTE),
    "slow": (3, 10 * MINUTE, HOUR),
}
_OF_PROVIDERS: Mapping[Kind, tuple[int, float, float]] = {
    "down": (10, MINUTE, 40 * MINUTE),
    "dropping": (3, MINUTE, 10 * MINUTE),
}
_OF_ALL: Mapping[Kind, tuple[int, float, float]] = {"down": (4, MINUTE, 6 * MINUTE), "limited": (4, MINUTE, 6 * MINUTE)}


@attrs.frozen(kw_only=True)
class Spell:
    """Something is wrong at an account for a while.

    Attributes:
        model: For this one only; empty: for all.
        wish: Which form its 429 has; see ``wishes``.
        chance: That a request meets it.
    """

    kind: Kind
    begin: float
    end: float
    model: str = ""
    wish: int = 0
    chance: float = 1.0


@attrs.frozen(kw_only=True)
class Weather:
    """All spells, by account, in the order of their beginnings."""

    spells: Mapping[Place, Sequence[Spell]]

    def at(self, place: Place, model: str, now: float) -> Sequence[Spell]:
        """Return what is wrong at *place* for *model* at the time *now*."""
        return [each for each in self.spells[place] if each.begin <= now < each.end and each.model in {"", model}]

    def is_well(self, place: Place, model: str, now: float) -> bool:
        """Whether nothing that harms is wrong there."""
        return all(each.kind in HARMLESS for each in self.at(place, model, now))

    def count(self) -> int:
        """Return how many spells there are."""
        return sum(map(len, self.spells.values()))


def drawn(chance: Random, places: Sequence[Place], models: Sequence[str], seconds: float, trouble: float = 1.0) -> Weather:
    """Return the weather of so many *seconds*: that of a week, or a part of it in proportion, times *trouble*."""
    spells: dict[Place, list[Spell]] = {each: [] for each in places}
    for place in places:
        spells[place] += _spells(chance, _OF_ACCOUNTS, seconds, trouble, models)
    for provider in dict.fromkeys(provider for provider, _ in places):
        shared = list(_spells(chance, _OF_PROVIDERS, seconds, trouble))
        for place in places:
            spells[place] += shared if place[0] == provider else []
    for each in _spells(chance, _OF_ALL, seconds, trouble):
        for place in places:
            spells[place].append(each)
    unlucky, begin = chance.choice(places), chance.uniform(0.1, 0.8) * seconds  # once, and until its user has seen it
    spells[unlucky].append(Spell(kind="wrong key", begin=begin, end=begin + chance.uniform(0.02, 0.1) * seconds))
    return Weather(spells={place: sorted(each, key=lambda spell: spell.begin) for place, each in spells.items()})


def _spells(
    chance: Random, kinds: Mapping[Kind, tuple[int, float, float]], seconds: float, trouble: float, models: Sequence[str] = ()
) -> Iterator[Spell]:
    for kind, (often, shortest, longest) in kinds.items():
        for _ in range(max(1, round(often * trouble * seconds / (7 * DAY)))):
            begin = chance.uniform(0, seconds)
            only = chance.choice([*models, ""]) if models and kind == "limited" else ""
            yield Spell(
                kind=kind,
                begin=begin,
                end=begin + chance.uniform(shortest, longest),
                model=only,
                wish=chance.randrange(1000),
                chance=chance.uniform(0.2, 0.7) if kind == "flaky" else 1.0,
            )
