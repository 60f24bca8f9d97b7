"""What was counted, as commands ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from korproxy.models.clock import wall_time
from korproxy.models.measures import SeriesKey, Totals, beginning
from korproxy.models.summary import OFF, answer

if TYPE_CHECKING:
    from korproxy.cli.context import Context


def metrics(cli: Context, *, since: float) -> Mapping[str, object]:
    """Return the summary of the last *since* seconds: of the running daemon, else of the disk."""
    if cli.running() is not None:
        return {"asked": "daemon", **cli.ask(f"/v1/metrics?since={since:.0f}s")}
    return on_disk(cli, since=since)


def on_disk(cli: Context, *, since: float) -> Mapping[str, object]:
    """Return what the disk says of the last *since* seconds, whether a daemon runs or not."""
    from korproxy.cli.insight.disk import FILES, Disk

    disk, now, nothing = Disk(cli), wall_time(), list[tuple[SeriesKey, Totals]]()
    begin = beginning(now - since, now, disk.settings.store.days)
    counted = disk.ask(lambda store: store.counted(begin, now), nothing)
    notes = [] if disk.settings.store.metrics else [OFF]
    return FILES | answer(counted, disk.redactor.redact, since=begin, until=now, notes=notes)
