"""Where commands ask; see ``contracts.Insight``. Each answer has a module of its own, imported when it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from korproxy.cli.context import Context
    from korproxy.models.searching import WantedLines, WantedRequests


@attrs.frozen
class Told:
    """Answers for one command line."""

    cli: Context

    def metrics(self, *, since: float) -> Mapping[str, object]:
        """Return what ``GET /v1/metrics`` does for the last *since* seconds."""
        from korproxy.cli.insight.counted import metrics

        return metrics(self.cli, since=since)

    def requests(self, wanted: WantedRequests) -> Mapping[str, object]:
        """Return what ``GET /v1/requests`` does."""
        from korproxy.cli.insight.history import requests

        return requests(self.cli, wanted)

    def why(self, id: str) -> Mapping[str, object]:  # noqa: A002 -- the word for it
        """Return what ``GET /v1/requests/ID/why`` does."""
        from korproxy.cli.insight.history import why

        return why(self.cli, id)

    def logs(self, wanted: WantedLines) -> Mapping[str, object]:
        """Return what ``GET /v1/logs`` does."""
        from korproxy.cli.insight.lines import logs

        return logs(self.cli, wanted)

    def follow(self, wanted: WantedLines) -> Iterator[Mapping[str, object]]:
        """Yield the lines that ``logs`` would return, and each further one once it is written, for ever."""
        from korproxy.cli.insight.lines import follow

        return follow(self.cli, wanted)

    def log_levels(self, level: str | None = None, levels: Mapping[str, str] | None = None) -> Mapping[str, object]:
        """Have other levels hold in the running daemon; return those that do."""
        from korproxy.cli.insight.lines import log_levels

        return log_levels(self.cli, level, levels)

    def bundle(self, *, repro: str = "") -> Mapping[str, object]:
        """Return the debug bundle."""
        from korproxy.cli.insight.bundled import bundle

        return bundle(self.cli, repro=repro)

    def canary(self, *, redaction: bool = True) -> Mapping[str, object]:
        """Plant secrets, and look for them."""
        from korproxy.cli.insight.planted import canary

        return canary(redaction=redaction, plugin_dirs=self.cli.chosen.plugin_dirs)
