"""``korproxy requests``: the history, one line for each request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from korproxy.api import Cli, WantedRequests
from korproxy.builtin.commands.look.row import ms, outcome, pair, short, tokens
from korproxy.builtin.commands.look.times import local, since_of
from korproxy.builtin.commands.steer.told import listed, table

MOST = 1000
HEAD = ("ended at", "outcome", "provider/account", "model", "type", "ms", "1st byte", "tokens", "id")
FROM_FILES = "No daemon runs with this home: this is what the last one has written down."
NOTHING = "The history is empty."
NOT_SO = "No request in the history is like that."


@click.command()
@click.option("--failed", is_flag=True, help="Only those that were refused or failed.")
@click.option("--provider", metavar="ID", default="", help="Only those that went to this provider.")
@click.option(
    "--since", metavar="TIME", callback=since_of, help="Only those that ended since then: 10m, 24h, 2026-11-29T12:00."
)
@click.option("--id", "id_", metavar="ID", default="", help="Only those with this id or correlation id.")
@click.option("--limit", metavar="N", type=click.IntRange(1, MOST), default=50, show_default=True, help="The newest so many.")
@click.pass_obj
def requests(cli: Cli, /, *, failed: bool, provider: str, since: float | None, id_: str, limit: int) -> None:
    """List past requests, the newest first.

    The running daemon answers; if none is running, the list comes from the disk, and the output says so. There is a line for
    each request that ended, without anything that was said in it. `korproxy why ID` says more about one.

    \b
    Examples:
      korproxy requests
      korproxy requests --failed --since 1h
      korproxy requests --provider claude --limit 10 --json
    """  # noqa: D301 -- click wants the character itself
    wanted = WantedRequests(failed=failed, provider=provider, since=since or 0.0, id=id_, most=limit)
    found = cli.insight.requests(wanted)
    anything = wanted == WantedRequests(most=limit)
    cli.show("\n".join(lines(found, NOTHING if anything else NOT_SO)), found)


def lines(found: Mapping[str, Any], none: str = NOTHING) -> list[str]:
    """Return the answer in lines; *none* where there is no request in it."""
    rows = listed(found.get("requests"))
    told = [FROM_FILES] if found.get("asked") == "files" else []
    return [*told, *(table([HEAD, *map(cells, rows)]) if rows else [none])]


def cells(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what the table says of one request."""
    return (
        local(row.get("at")),
        outcome(row),
        pair(row.get("provider"), "/", row.get("account")),
        pair(row.get("model"), " -> ", row.get("upstream_model") if row.get("upstream_model") != row.get("model") else None),
        short(row.get("type")),
        ms(row.get("seconds")),
        ms(row.get("first_byte")),
        tokens(row.get("tokens")),
        short(row.get("id")),
    )
