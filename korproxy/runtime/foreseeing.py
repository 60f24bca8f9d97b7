"""Where a request would go, and why: nothing is sent, and nothing is counted for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from korproxy.config.home import Home
from korproxy.config.reading import read_all
from korproxy.errors.exceptions import ConfigError, KorproxyError
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.router import Router
from korproxy.gateway.routing import Snapshot
from korproxy.models.decisions import Decision
from korproxy.runtime.compose import compose
from korproxy.runtime.trial import trial


def foresee(posted: Mapping[str, Any], snapshot: Snapshot, router: Router) -> dict[str, Any]:
    """Return the decision, or the error with which the request would be refused.

    Raises:
        KorproxyError: What was *posted* is no request; see ``trial``.
    """
    call, without = trial(posted, snapshot.dialects)
    try:
        route = router.foresee(call, snapshot, without)
    except KorproxyError as exc:
        decision = getattr(exc, "decision", None)
        shown = attrs.asdict(decision) if isinstance(decision, Decision) else None
        return {"format": call.dialect, "decision": shown, "error": {"code": exc.code, "message": exc.detail}}
    return {"format": call.dialect, "decision": attrs.asdict(route.decision), "error": None}


def foresee_from_files(
    home: Home, posted: Mapping[str, Any], *, plugin_dirs: Iterable[Path] = (), no_plugins: bool = False
) -> dict[str, Any]:
    """Return what a daemon would say that has just started with the files of *home*; no daemon is asked.

    Raises:
        KorproxyError: What was *posted* is no request, or the configuration cannot be used.
    """
    loaded = read_all(home)
    parts = compose(home, plugin_dirs=plugin_dirs, no_plugins=no_plugins, root=loaded.root, loaded=loaded)
    if parts.problems:
        raise ConfigError.of(parts.problems)
    clock = _no_time
    return foresee(posted, parts.snapshot(), Router(board=HealthBoard(clock=clock), clock=clock))


def _no_time() -> float:
    return 0.0
