"""What ``GET /v1/models`` offers: only what a client of that format can really use now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from korproxy.contracts import Provider
from korproxy.gateway.routing import Snapshot
from korproxy.models.calls import Features
from korproxy.models.providers import Model


def offered_models(snapshot: Snapshot, dialect: str) -> Sequence[Model]:
    """Return the models that can be reached in *dialect*, each under a name that leads to it.

    That is ``provider/model`` where another provider takes the name, and where it begins with the id of a provider and so means
    that one's. Whoever speaks *dialect* goes first, as in routing. The user's own aliases (those without a ``*``) come last.
    """
    ids = {each.id for each in snapshot.providers}
    features = Features(dialect=dialect)
    found: dict[str, Model] = {}
    earlier: list[Provider] = []
    for provider in _in_order(snapshot.providers, features):
        if not provider.accounts:
            continue
        for model in provider.models():
            if snapshot.reaches(dialect, provider.dialect_for(model.id, features)):
                taken = _begins_with_id(model.id, ids) or any(_takes(each, model.id, snapshot, features) for each in earlier)
                name = f"{provider.id}/{model.id}" if taken else model.id
                found[name] = attrs.evolve(model, id=name)
        earlier.append(provider)
    for alias in snapshot.aliases if found else ():
        if "*" not in alias:
            found.setdefault(alias, Model(id=alias, owner="korproxy", name=alias))
    return list(found.values())


def _in_order(providers: Sequence[Provider], features: Features) -> Sequence[Provider]:
    """Return *providers* as routing takes them: whoever speaks the client's format goes first."""
    return sorted(providers, key=lambda each: each.dialect_for("", features) != features.dialect)


def _begins_with_id(model: str, ids: Collection[str]) -> bool:
    first, slash, rest = model.partition("/")
    return bool(slash and rest) and first in ids


def _takes(provider: Provider, model: str, snapshot: Snapshot, features: Features) -> bool:
    return provider.offers(model) and snapshot.reaches(features.dialect, provider.dialect_for(model, features))
