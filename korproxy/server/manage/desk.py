"""What the management API can find out and do in the daemon. Filled in by ``runtime``, so that Quart knows none of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias

import attrs

from korproxy.errors.codes import Registry
from korproxy.models.searching import WantedLines, WantedRequests
from korproxy.server.faults import FaultWriter

Answer: TypeAlias = Mapping[str, Any]


class InsightDesk(Protocol):
    """What may be asked of the past; ``runtime.insight`` answers. A ``KorproxyError`` of any is answered as an error."""

    async def metrics(self, since: float) -> Answer:
        """Return the summary of the last *since* seconds (``models.measures.summary``) and what was dropped."""

    async def prometheus(self) -> bytes:
        """Return all counts as Prometheus text, version 0.0.4."""

    async def requests(self, wanted: WantedRequests) -> Answer:
        """Return ``{"requests": [...]}``, the newest first."""

    async def logs(self, wanted: WantedLines) -> Answer:
        """Return ``{"lines": [...]}``, the oldest first."""

    def levels(self) -> Answer:
        """Return the levels that hold for log lines."""

    def set_levels(self, posted: Answer) -> Answer:
        """Have other levels hold for log lines."""

    async def bundle(self, repro: str) -> Answer:
        """Return the debug bundle, with the shape of the request *repro* if that is an id."""


@attrs.frozen(kw_only=True)
class Desk:
    """The questions that management routes may ask. A ``KorproxyError`` of any is answered as an error.

    Attributes:
        faults: How errors are written now.
        health: The state of the daemon, its providers and services, and a section for each collector.
        providers: One entry per configured provider.
        routing: Profiles, groups and rules that are in force.
        reload: Reads the configuration again; says what came of it.
        wake: Ends the waits of an account of a provider.
        why: The story of the request with this id.
        test: Where a request would go, and why; nothing is sent. Gets what was posted.
        insight: What is known of past requests.
    """

    faults: Callable[[], FaultWriter]
    health: Callable[[], Awaitable[Answer]]
    providers: Callable[[], list[Answer]]
    routing: Callable[[], Answer]
    reload: Callable[[], Awaitable[Answer]]
    wake: Callable[[str, str], Answer]
    why: Callable[[str], Answer]
    test: Callable[[Answer], Answer]
    insight: InsightDesk

    @property
    def codes(self) -> Registry:
        """All codes that are known now."""
        return self.faults().codes
