"""What happens is written down where the configuration says: how the store and the daemon come together."""

from __future__ import annotations

from collections.abc import Sequence

from korproxy.contracts import Service
from korproxy.gateway.redact import Redactor
from korproxy.runtime.compose import Composition
from korproxy.store.place import InFile, InPostgres, Place
from korproxy.store.recorder import Recorder
from korproxy.store.services import MetricsFlush, Purge


def place_of_store(parts: Composition) -> Place:
    """Return where the store is. Nothing is opened, and no secret is looked at, until somebody needs it."""

    def url() -> str:
        found = parts.view.store_url()
        return "" if found is None else found.reveal()

    home = parts.home
    return InFile(home.database) if parts.settings.store.url is None else InPostgres(url, home.replica)


def make_recorder(parts: Composition, redactor: Redactor) -> Recorder:
    """Return what writes down past requests."""
    settings = parts.settings.store
    return Recorder(
        place_of_store(parts),
        history=settings.history,
        metrics=settings.metrics,
        redact=redactor.redact,
        harmless=redactor.harmless,
    )


def services_of(recorder: Recorder, parts: Composition) -> Sequence[Service]:
    """Return what goes on in the store all the time."""
    settings = parts.settings.store
    purge = Purge(recorder, days=settings.days, most=settings.most_requests, exists=recorder.place.exists)
    return MetricsFlush(recorder, settings.flush), purge
