"""What ``GET /v1/models`` offers: only what a client of that format can really use now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from korproxy.contracts import Provider
from korproxy.errors.exceptions import NoProvider
from korproxy.gateway.routing import Snapshot, who_offers
from korproxy.kit.shortening import shortened
from korproxy.models.calls import Features, Kind
from korproxy.models.providers import Model


def offered_models(snapshot: Snapshot, dialect: str) -> Sequence[Model]:
    """Return the models that can be reached in *dialect*, each under a name that leads to it.

    That is ``provider/model`` where another provider takes the name, and where it begins with the id of a provider and so means
    that one's. Whoever speaks *dialect* goes first, as in routing. The user's own aliases (those without a ``*``) come last.
    """
    ids = {each.id for each in snapshot.providers}
    features = Features(dialect=dialect)
    kinds = snapshot.dialects[dialect].listed if dialect in snapshot.dialects else frozenset()
    found: dict[str, Model] = {}
    earlier: list[Provider] = []
    for provider in _in_order(snapshot.providers, features):
        if not provider.accounts:
            continue
        for model in provider.models():
            if model.kind in kinds and _serves(provider, model, snapshot, features):
                taken = _begins_with_id(model.id, ids) or any(_takes(each, model.id, snapshot, features) for each in earlier)
                name = f"{provider.id}/{model.id}" if taken else model.id
                found[name] = attrs.evolve(model, id=name)
        earlier.append(provider)
    for alias in snapshot.aliases if found else ():
        if "*" not in alias:
            found.setdefault(alias, Model(id=alias, owner="korproxy", name=alias))
    return list(found.values())


def one_model(snapshot: Snapshot, wanted: str, offered: Sequence[Model]) -> Model:
    """Return the model that a client calls *wanted*: one of those *offered*, else whatever the name leads to.

    Raises:
        NoProvider: It leads nowhere (KP-PROV-105).
    """
    for each in offered:
        if wanted in (each.id, *each.aliases):
            return each
    if not snapshot.providers:
        raise NoProvider("KP-PROV-105", f"There is no model {shortened(wanted, 200)!r}: no provider is configured yet.")
    able, name = who_offers(wanted, snapshot)
    found = next((each for each in able[0].models() if each.id == able[0].real_name(name)), None)
    return attrs.evolve(found or Model(id=wanted, owner=able[0].id), id=wanted)


def _in_order(providers: Sequence[Provider], features: Features) -> Sequence[Provider]:
    """Return *providers* as routing takes them: whoever speaks the client's format goes first."""
    return sorted(providers, key=lambda each: each.dialect_for("", features) != features.dialect)


def _serves(provider: Provider, model: Model, snapshot: Snapshot, features: Features) -> bool:
    if model.kind != "chat":  # asked for in a format of its own
        return any(_reached(provider, model, name, snapshot) for name in _clients_of(model.kind, snapshot))
    return snapshot.reaches(features.dialect, provider.dialect_for(model.id, features))


def _clients_of(kind: Kind, snapshot: Snapshot) -> Sequence[str]:
    return [name for name, each in snapshot.dialects.items() if each.kind == kind and each.paths]


def _reached(provider: Provider, model: Model, dialect: str, snapshot: Snapshot) -> bool:
    return snapshot.reaches(dialect, provider.dialect_for(model.id, Features(dialect=dialect, kind=model.kind)))


def _begins_with_id(model: str, ids: Collection[str]) -> bool:
    first, slash, rest = model.partition("/")
    return bool(slash and rest) and first in ids


def _takes(provider: Provider, model: str, snapshot: Snapshot, features: Features) -> bool:
    return provider.offers(model) and snapshot.reaches(features.dialect, provider.dialect_for(model, features))
