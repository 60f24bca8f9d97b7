"""Cache marks, as many as Anthropic takes and in the order that it wants.

Facts: at most four in a request, counted over tools, system and messages in this order; a mark that lasts an hour stands in
front of those that last five minutes.
"""

from __future__ import annotations

from typing import Any

import attrs

from korproxy.api import chat

MOST = 4
_LASTS = ("5m", "1h")


@attrs.define
class Marks:
    """Collects the marks of a request in the order of its parts."""

    _put: list[tuple[dict[str, Any], chat.CacheMark]] = attrs.field(factory=list, init=False, repr=False)

    def put(self, block: dict[str, Any], mark: chat.CacheMark | None) -> dict[str, Any]:
        """Return *block*, remembered with its *mark* if it has one."""
        if mark is not None:
            self._put.append((block, mark))
        return block

    def settle(self, report: chat.Report) -> None:
        """Write the marks into their blocks. Of more than four the last count: what is cached up to them holds the others."""
        for _, mark in self._put[:-MOST]:
            report.lost(mark.at, f"Anthropic takes {MOST} cache marks, and there are later ones")
        short = False
        for block, mark in self._put[-MOST:]:
            control = {"type": "ephemeral"}
            if mark.ttl not in (None, *_LASTS):
                _shortened(mark, "Anthropic knows 5m and 1h", report)
            elif mark.ttl == "1h" and short:
                _shortened(mark, "an hour has to stand in front of five minutes", report)
            elif mark.ttl is not None:
                control["ttl"] = mark.ttl
            short = short or control.get("ttl") != "1h"
            block["cache_control"] = control


def _shortened(mark: chat.CacheMark, why: str, report: chat.Report) -> None:
    report.lost(chat.child(mark.at, "ttl") if mark.at else "", f"lasts five minutes: {why}")
