"""The history, as commands ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from korproxy.errors.exceptions import CommandFailed
from korproxy.kit.shortening import shortened
from korproxy.models.history import OFF, answer, with_rows
from korproxy.models.searching import WantedRequests

if TYPE_CHECKING:
    from korproxy.cli.context import Context


def requests(cli: Context, wanted: WantedRequests) -> Mapping[str, object]:
    """Return the rows that are *wanted*: of the running daemon, else of the disk."""
    if cli.running() is not None:
        return {"asked": "daemon", **cli.ask(f"/v1/requests?{query_of(wanted)}")}
    return on_disk(cli, wanted)


def on_disk(cli: Context, wanted: WantedRequests) -> Mapping[str, object]:
    """Return the rows on the disk that are *wanted*, whether a daemon runs or not."""
    from korproxy.cli.insight.disk import Disk

    disk, nothing = Disk(cli), list[dict[str, Any]]()
    rows = disk.ask(lambda store: store.requests(wanted), nothing)
    return disk.clean(answer(rows, () if disk.settings.store.history else [OFF]))


def why(cli: Context, asked: str) -> Mapping[str, object]:
    """Return the stories of the requests with this own or correlation id; on the disk there are only their rows.

    Raises:
        CommandFailed: KP-SYS-526: nothing is known of it.
    """
    if cli.running() is not None:
        return {"asked": "daemon", **cli.ask(f"/v1/requests/{quote(asked, safe='', errors='replace')}/why")}
    found = requests(cli, WantedRequests(id=asked))
    rows = found["requests"]
    if not isinstance(rows, list) or not rows:
        raise CommandFailed(
            "KP-SYS-526", f"No request with the id {shortened(asked, 100)!r} is in the history, and no daemon runs."
        )
    return {**found, "requests": with_rows([], rows)}


def query_of(wanted: WantedRequests) -> str:
    """Return *wanted* as ``GET /v1/requests`` takes it."""
    said: dict[str, object] = {"limit": wanted.most}
    if wanted.failed:
        said["failed"] = "true"
    if wanted.since:
        said["since"] = f"{wanted.since:.3f}"
    said |= {name: each for name in ("provider", "id", "user") if (each := getattr(wanted, name))}
    return urlencode(said, errors="replace")
