"""What ``GET /v1/models`` offers: only what a client of that format can really use now. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from korproxy.contracts import Provider
from korproxy.models.calls import Features
from korproxy.models.providers import Model


def offered_models(providers: Sequence[Provider], dialect: str) -> Sequence[Model]:
    """Return the models that can be reached in *dialect*; a name two providers have is ``provider/model`` for the second."""
    found: dict[str, Model] = {}
    for provider in providers:
        if not provider.accounts:
            continue
        for model in provider.models():
            if provider.dialect_for(model.id, Features(dialect=dialect)) == dialect:
                name = f"{provider.id}/{model.id}" if model.id in found else model.id
                found[name] = attrs.evolve(model, id=name)
    return list(found.values())
