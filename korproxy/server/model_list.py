"""What ``GET /v1/models`` offers: only what a client of that format can really use now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from korproxy.contracts import Provider
from korproxy.models.calls import Features
from korproxy.models.providers import Model


def offered_models(providers: Sequence[Provider], dialect: str) -> Sequence[Model]:
    """Return the models that can be reached in *dialect*, each under a name that leads to it: ``provider/model`` where need be.

    Need is where an earlier provider takes the name, and where it begins with the id of a provider and so means that one's.
    """
    ids = {each.id for each in providers}
    features = Features(dialect=dialect)
    found: dict[str, Model] = {}
    earlier: list[Provider] = []
    for provider in providers:
        if not provider.accounts:
            continue
        for model in provider.models():
            if provider.dialect_for(model.id, features) == dialect:
                taken = _begins_with_id(model.id, ids) or any(_takes(each, model.id, features) for each in earlier)
                name = f"{provider.id}/{model.id}" if taken else model.id
                found[name] = attrs.evolve(model, id=name)
        earlier.append(provider)
    return list(found.values())


def _begins_with_id(model: str, ids: Collection[str]) -> bool:
    first, slash, rest = model.partition("/")
    return bool(slash and rest) and first in ids


def _takes(provider: Provider, model: str, features: Features) -> bool:
    return provider.offers(model) and provider.dialect_for(model, features) == features.dialect
