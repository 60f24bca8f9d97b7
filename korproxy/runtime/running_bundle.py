"""The debug bundle of the running daemon."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

import trio

from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.lasting import Lasting
from korproxy.gateway.redact import Redactor
from korproxy.kit.shortening import shortened
from korproxy.models.clock import wall_time
from korproxy.models.searching import WantedLines, WantedRequests
from korproxy.runtime.bundle import DAY, LINES, Known, bundle_of, configured, gathered, plugins, recent, rows_of, with_times
from korproxy.runtime.health import Health
from korproxy.runtime.lately import MOST_FAILURES
from korproxy.runtime.supervision import tree

NO_SHAPE = "KP-SYS-539"
_NOT_HERE = {"providers", "services", "plugins", "sections", "store"}  # of the health report: they have their own places


class Asked(Protocol):
    """What is asked of the past; ``RunningInsight``."""

    async def metrics(self, since: float) -> Mapping[str, Any]: ...
    async def requests(self, wanted: WantedRequests) -> Mapping[str, Any]: ...
    async def logs(self, wanted: WantedLines) -> Mapping[str, Any]: ...
    async def store(self) -> Mapping[str, Any]: ...


async def running_bundle(
    health: Health, insight: Asked, redactor: Redactor, *, repro: str = "", threads: trio.CapacityLimiter | None = None
) -> dict[str, Any]:
    """Return the bundle, with the shape of the request *repro* if that is an id.

    Args:
        threads: What it is put together in; None: in any.

    Raises:
        BadRequest: KP-SYS-539: no shape of that request is remembered.
    """
    parts, lasting = health.reloader.parts, health.reloader.shared.lasting
    shape = await _shape(lasting, repro) if repro else None
    got = await gathered(
        {
            "health": health.report,
            "configuration": partial(trio.to_thread.run_sync, configured, parts, abandon_on_cancel=True),
            "store": insight.store,
            "log": partial(insight.logs, WantedLines(most=LINES)),
            "metrics": partial(insight.metrics, DAY),
            "failed": partial(insight.requests, WantedRequests(failed=True, most=MOST_FAILURES)),
            "recent": partial(recent, parts, insight.requests),
        }
    )
    told = got["health"]
    known = Known(
        asked="daemon",
        korproxy={name: each for name, each in told.items() if name not in _NOT_HERE},
        configuration=got["configuration"],
        plugins=plugins(parts),
        providers=told.get("providers", ()),
        log=got["log"],
        metrics=got["metrics"],
        supervision=tree(health.services()),
        store={**told.get("store", {}), **with_times(got["store"])},
        sections=told.get("sections", {}),
        stories=lasting.stories.newest(),
        rows=rows_of(got["failed"], got["recent"]),
        repro=shape,
        remarks=[f"{name}: {each['error']}" for name, each in got.items() if "error" in each],
    )
    return await trio.to_thread.run_sync(
        partial(bundle_of, known, redactor, now=wall_time()), abandon_on_cancel=True, limiter=threads
    )


async def _shape(lasting: Lasting, repro: str) -> Mapping[str, Any]:
    found = await lasting.shapes.find(repro)
    if found is None:
        raise BadRequest(NO_SHAPE, f"No shape of a failed request {shortened(repro, 100)!r} is remembered.")
    return found.to_dict()
