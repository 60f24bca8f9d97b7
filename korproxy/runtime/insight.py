"""What the management API asks of the past: answers of the store, of the log files and of the debug bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.redact import Redactor
from korproxy.models.clock import wall_time
from korproxy.models.measures import summary
from korproxy.models.searching import WantedLines, WantedRequests
from korproxy.runtime.health import clean
from korproxy.store.recorder import Recorder


@attrs.frozen(kw_only=True)
class RunningInsight:
    """Answers in JSON's own types; see ``server.manage.desk.InsightDesk``. Holds no state of its own."""

    recorder: Recorder
    redactor: Redactor

    async def metrics(self, since: float) -> dict[str, Any]:
        """Return the summary of the last *since* seconds."""
        until = wall_time()
        counted = await self.recorder.ask(lambda store: store.counted(until - since, until))
        return self._clean(summary(counted, since=until - since, until=until))

    async def prometheus(self) -> bytes:
        """Return all counts as Prometheus text."""
        raise BadRequest("KP-SYS-506", "Not here yet.")

    async def requests(self, wanted: WantedRequests) -> dict[str, Any]:
        """Return the rows of the history that are *wanted*."""
        return self._clean({"requests": await self.recorder.ask(lambda store: store.requests(wanted))})

    async def logs(self, wanted: WantedLines) -> dict[str, Any]:
        """Return the lines of the log that are *wanted*."""
        raise BadRequest("KP-SYS-506", f"Not here yet: {wanted}.")

    def levels(self) -> dict[str, Any]:
        """Return the levels that hold for log lines."""
        raise BadRequest("KP-SYS-506", "Not here yet.")

    def set_levels(self, posted: Mapping[str, Any]) -> dict[str, Any]:
        """Have other levels hold."""
        raise BadRequest("KP-SYS-506", f"Not here yet: {len(posted)}.")

    async def bundle(self, repro: str) -> dict[str, Any]:
        """Return the debug bundle."""
        raise BadRequest("KP-SYS-506", f"Not here yet: {repro}.")

    def _clean(self, found: object) -> dict[str, Any]:
        cleaned: dict[str, Any] = clean(found, self.redactor)
        return cleaned
