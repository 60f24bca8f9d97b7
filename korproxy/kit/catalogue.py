"""Catalogues: which models a vendor has and what they can do, as data files that say where the facts come from.

A file is one JSON object:

- ``source`` (texts: who says so), ``date`` (when they said it, ISO), ``patterns`` (names the provider takes beyond the list),
  ``test_model`` (the cheapest model that shows whether it works);
- ``defaults``: what holds for every entry of the file; ``kinds``: named sets of differences, so that a fact about many models
  stands there once;
- ``models``: one object each: ``id``, ``name``, ``owner``, ``created``; ``aliases``: names of ours, replaced by ``id`` before
  anything is sent; ``also``: other names of the vendor's, sent as they are; ``kind``: which of ``kinds`` it is; ``purpose``:
  ``chat``, or ``embedding`` of a model that makes vectors (``Model.kind``); and any attribute of ``Abilities``;
- ``families``: pattern of names that are not in the list -> differences. Case does not count, the first that fits does;
- ``assumed``: the differences for a name that nobody knows.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Literal, TypeAlias, TypeVar

import attrs
import msgspec

from korproxy.kit.http_provider import HttpProvider
from korproxy.models.abilities import BY_EFFORT, EFFORTS, Abilities
from korproxy.models.providers import Model

Row: TypeAlias = Mapping[str, Any]
P = TypeVar("P", bound=HttpProvider)

_ABILITIES = frozenset(each.name for each in attrs.fields(Abilities))


@attrs.frozen(kw_only=True)
class Catalogue:
    """What is known of a vendor's models.

    Attributes:
        models: Those that ``GET /v1/models`` lists, each with its abilities.
        families: Names or patterns of further ones -> what they can do; the first that fits counts.
        assumed: What a model can do that nobody knows.
        patterns: Names that the vendor takes beyond ``models``.
        source: Where the facts come from.
        date: When they were true.
    """

    models: tuple[Model, ...] = ()
    families: tuple[tuple[str, Abilities], ...] = ()
    assumed: Abilities = attrs.field(factory=Abilities)
    patterns: tuple[str, ...] = ()
    test_model: str = ""
    source: tuple[str, ...]
    date: datetime.date

    @property
    def anywhere(self) -> tuple[tuple[str, Abilities], ...]:
        """The same, as ``families``, for servers that write names in their own way: ``vendor/NAME``, ``NAME@region``.

        A web search is the vendor's and not the model's: who else runs the model need not have one.
        """
        inside = sorted(((each.id, each.abilities or self.assumed) for each in self.models), key=lambda each: -len(each[0]))
        known = [*inside, *self.families, *((pattern, self.assumed) for pattern in self.patterns)]
        return tuple((f"*{name.lower().strip('*')}*", attrs.evolve(each, search="none")) for name, each in known)

    def with_budgets(self) -> Catalogue:
        """Return the same models where they are spoken to in Anthropic's format, which asks others to reason by a budget."""
        return attrs.evolve(
            self,
            models=tuple(attrs.evolve(each, abilities=each.abilities and _budgeted(each.abilities)) for each in self.models),
            families=tuple((pattern, _budgeted(each)) for pattern, each in self.families),
            assumed=_budgeted(self.assumed),
        )


def _budgeted(abilities: Abilities) -> Abilities:
    if abilities.reasoning not in {"effort", "switch"}:
        return abilities
    return attrs.evolve(abilities, reasoning="budget", efforts=())


def read_catalogue(text: bytes) -> Catalogue:
    """Read a catalogue file.

    Raises:
        ValueError: It is none; says what is wrong, and where.
    """
    try:
        file = msgspec.json.decode(text, type=_File)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise ValueError(f"this is no catalogue: {exc}") from None
    if not file.source or not all(file.source):
        raise ValueError("a catalogue must say where its facts come from: `source` is empty")
    assumed = file.abilities(file.assumed, "assumed")
    listed = [_model(file, row, at) for at, row in enumerate(file.models)]
    names = [name for model, also in listed for name in (model.id, *model.aliases, *also)]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the name {name!r} is there twice")
    if file.test_model and file.test_model not in names:
        raise ValueError(f"`test_model` {file.test_model!r} is not among the models")
    return Catalogue(
        models=tuple(model for model, _ in listed),
        families=(
            *((name.lower(), model.abilities or assumed) for model, also in listed for name in also),
            *((pattern.lower(), file.abilities(row, f"families {pattern!r}")) for pattern, row in file.families.items()),
        ),
        assumed=assumed,
        patterns=file.patterns,
        test_model=file.test_model,
        source=file.source,
        date=file.date,
    )


def with_catalogue(provider: P, catalogue: Catalogue) -> P:
    """Return *provider* with the models of *catalogue* and what is known of them."""
    return attrs.evolve(
        provider,
        catalogue=catalogue.models,
        families=catalogue.families,
        assumed=catalogue.assumed,
        patterns=catalogue.patterns,
        test_model=catalogue.test_model,
    )


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    source: tuple[str, ...]
    date: datetime.date
    patterns: tuple[str, ...] = ()
    test_model: str = ""
    defaults: dict[str, Any] = {}
    kinds: dict[str, dict[str, Any]] = {}
    assumed: dict[str, Any] = {}
    models: tuple[dict[str, Any], ...] = ()
    families: dict[str, dict[str, Any]] = {}

    def abilities(self, row: Row, place: str) -> Abilities:
        """Return what *row* says over its kind, over the defaults."""
        kind = row.get("kind")
        if kind is not None and (not isinstance(kind, str) or kind not in self.kinds):
            raise ValueError(f"{place}: there is no kind {kind!r}")
        shared = {key: value for key, value in self.defaults.items() if key != "owner"}
        own = {key: value for key, value in row.items() if key != "kind"}
        merged = {**shared, **(self.kinds[kind] if kind is not None else {}), **own}
        unknown = sorted(merged.keys() - _ABILITIES)
        if unknown:
            raise ValueError(f"{place}: unknown {', '.join(map(repr, unknown))}")
        try:
            abilities = msgspec.convert(merged, Abilities)
        except msgspec.ValidationError as exc:
            raise ValueError(f"{place}: {exc}") from None
        for wrong in _contradictions(abilities):
            raise ValueError(f"{place}: {wrong}")
        return abilities


class _Entry(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    owner: str = ""
    created: int = 0
    aliases: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    purpose: Literal["chat", "embedding"] = "chat"


def _model(file: _File, row: Row, at: int) -> tuple[Model, tuple[str, ...]]:
    """Return one model and its other names at the vendor."""
    place = f"models[{at}] {row.get('id', '')}".rstrip()
    try:
        entry = msgspec.convert({"owner": file.defaults.get("owner", ""), **row}, _Entry)
    except msgspec.ValidationError as exc:
        raise ValueError(f"{place}: {exc}") from None
    rest = {key: value for key, value in row.items() if key not in _Entry.__struct_fields__}
    abilities = file.abilities(rest, place)
    model = Model(
        id=entry.id,
        name=entry.name,
        owner=entry.owner,
        created=entry.created,
        aliases=entry.aliases,
        abilities=abilities,
        kind=entry.purpose,
    )
    return model, entry.also


def _contradictions(abilities: Abilities) -> Iterator[str]:
    """Yield what cannot be. The writers rely on it: an effort that is asked for finds a level that the model knows."""
    for name, tokens in (("window", abilities.window), ("output", abilities.output)):
        if tokens is not None and tokens < 1:
            yield f"`{name}` is {tokens}, and 1 is the least"
    ranks = [EFFORTS.index(each) for each in abilities.efforts if each in EFFORTS]
    if len(ranks) < len(abilities.efforts) or any(low >= high for low, high in pairwise(ranks)):
        yield f"`efforts` are not of {', '.join(EFFORTS)} in this order"
    if (abilities.reasoning in BY_EFFORT) != bool(abilities.efforts):
        yield f"`efforts` are {'too much' if abilities.efforts else 'missing'} where `reasoning` is {abilities.reasoning!r}"
