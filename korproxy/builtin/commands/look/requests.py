"""``korproxy requests``: the history, one line for each request."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from korproxy.api import Cli, WantedRequests
from korproxy.builtin.commands.look.row import from_files, model, ms, outcome, pair, remarks, short, tokens
from korproxy.builtin.commands.look.times import local, since_of
from korproxy.builtin.commands.steer.told import listed, table

MOST = 1000
NOTHING = "The history is empty."
NOT_SO = "No request in the history is like that."
BAD = ("refused", "failed")
COLUMNS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {  # in this order
    "ended at": lambda row: local(row.get("at")),
    "outcome": outcome,
    "provider/account": lambda row: pair(row.get("provider"), "/", row.get("account")),
    "model": model,
    "type": lambda row: short(row.get("type")),
    "ms": lambda row: ms(row.get("seconds")),
    "1st byte": lambda row: ms(row.get("first_byte")),
    "tokens in + out": lambda row: tokens(row.get("tokens")),
    "id": lambda row: short(row.get("id")),
}
SPARED = ("1st byte", "type", "tokens in + out", "provider/account")  # in this order, where the terminal is not wide enough


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
    above = [from_files(cli.home)] if found.get("asked") == "files" else []
    cli.show("\n".join([*above, *lines(found, NOTHING if anything else NOT_SO, _room())]), found)


def _room() -> int | None:
    """Return how many characters a line may have; None: any number, nobody reads it on a terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def lines(found: Mapping[str, Any], none: str = NOTHING, room: int | None = None) -> list[str]:
    """Return the answer in lines; *none* where there is no request in it.

    Args:
        room: How long they may be, as far as that can be had; None: as long as they like.
    """
    rows = listed(found.get("requests"))
    told = remarks(found.get("notes"))
    if not rows:
        return [*told, none]
    head, *body = _fitting(rows, room)
    bad = [row.get("outcome") in BAD for row in rows]
    return [*told, head, *(click.style(line, fg="red") if is_bad else line for line, is_bad in zip(body, bad, strict=True))]


def _fitting(rows: Sequence[Mapping[str, Any]], room: int | None) -> list[str]:
    """Return the table; with fewer columns where it is too wide."""
    left = dict(COLUMNS)
    for column in ("", *SPARED):
        left.pop(column, None)
        made = table([[*left], *([told(row) for told in left.values()] for row in rows)])
        if room is None or max(map(len, made)) <= room:
            break
    return made
