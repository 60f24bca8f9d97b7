"""``korproxy log-level``: how much the running daemon logs, and how to have it say more or less for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from korproxy.api import LEVELS, Cli
from korproxy.builtin.commands.steer.told import table

CHOICES = LEVELS[:-1]  # critical alone would hide errors


@click.command("log-level")
@click.argument("level", type=click.Choice(CHOICES, case_sensitive=False), required=False)
@click.option("--component", metavar="NAME", help="Only for this part of KorProxy: gateway, requests, runtime.")
@click.pass_obj
def log_level(cli: Cli, /, *, level: str | None, component: str | None) -> None:
    """Have the running daemon say more or less.

    Without LEVEL: show the levels. A level that is set here holds until the configuration is read again or KorProxy starts
    again; `korproxy reload` goes back to what korproxy.toml says at once. For good, write it into `[log]`.

    \b
    Examples:
      korproxy log-level
      korproxy log-level debug
      korproxy log-level debug --component gateway
    """  # noqa: D301 -- click wants the character itself
    if level is None and component is not None:
        raise click.UsageError("--component needs a LEVEL.")
    if level is None:
        found = cli.insight.log_levels()
    elif component is None:
        found = cli.insight.log_levels(level)
    else:
        found = cli.insight.log_levels(levels={component: level})
    cli.show("\n".join(lines(found)), found)
    for name in found.get("unknown") or ():  # type: ignore[attr-defined]
        known = ", ".join(map(str, found.get("parts") or ()))  # type: ignore[call-overload]
        click.echo(f"No part of KorProxy has the name {name} so far. There are: {known}.", err=True)


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the answer in lines."""
    if found.get("asked") == "files":
        yield "No daemon runs with this home: this is what korproxy.toml says."
    rows = [("everything", str(found.get("level"))), *((str(name), str(each)) for name, each in _of_parts(found))]
    yield from table(rows)
    if found.get("until"):
        yield f"This holds until {found['until']}."


def _of_parts(found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    of_parts = found.get("levels")
    return list(of_parts.items()) if isinstance(of_parts, Mapping) else []
