"""``korproxy logs``: what KorProxy has logged, and what it logs now."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import click

from korproxy.api import LEVELS, Cli, WantedLines
from korproxy.builtin.commands.look.times import since_of
from korproxy.builtin.commands.steer.told import listed

MOST = 100_000
COLORS = {"debug": "bright_black", "warning": "yellow", "error": "red", "critical": "red"}
# All that moves the cursor, colours the screen, or looks like the end of a line.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NOTHING = "The log has no such line."


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with each new line, until Ctrl-C.")
@click.option("--level", type=click.Choice(LEVELS, case_sensitive=False), default="debug", help="From this level upwards.")
@click.option("--component", metavar="NAME", default="", help="Only lines of this part: gateway, requests, runtime.")
@click.option("--id", "id_", metavar="ID", default="", help="Only lines about the request with this id or correlation id.")
@click.option("--since", metavar="TIME", callback=since_of, help="Only lines since then: 10m, 24h, 2026-11-29T12:00.")
@click.option("-n", "--lines", "most", type=click.IntRange(0, MOST), default=100, show_default=True, help="The newest so many.")
@click.pass_obj
def logs(cli: Cli, /, *, follow: bool, level: str, component: str, id_: str, since: float | None, most: int) -> None:
    """Show what KorProxy has logged, or follow it.

    The lines come from the files in `logs/` of the home, whether a daemon runs or not; older files are looked into as far as
    needed. They hold no prompts, no answers and no secrets.

    \b
    Examples:
      korproxy logs
      korproxy logs --follow --level warning
      korproxy logs --id 3f2c --since 1h
      korproxy logs --component requests --lines 1000 --json
    """  # noqa: D301 -- click wants the character itself
    least = next(each for each in LEVELS if each == level)
    wanted = WantedLines(level=least, component=component, id=id_, since=since or 0.0, most=most)
    if follow:
        for each in cli.insight.follow(wanted):
            _print(cli, each)
        return
    found = cli.insight.logs(wanted)
    cli.show("\n".join(map(line, listed(found.get("lines")))) or NOTHING, found)
    if unreadable := found.get("unreadable"):
        count = "1 line" if unreadable == 1 else f"{unreadable} lines"
        click.echo(f"{count} in the log files could not be read, and {'is' if unreadable == 1 else 'are'} left out.", err=True)


def line(entry: Mapping[str, Any]) -> str:
    """Return one entry as the daemon writes it to its terminal; further lines of its text are indented."""
    level = str(entry.get("level", "?"))
    shown = f"{_plain(level):8}"
    head = f"{_plain(entry.get('time', '?'))} {click.style(shown, fg=COLORS[level]) if level in COLORS else shown}"
    text = _CONTROL.sub(_escaped, str(entry.get("message", ""))).replace("\n", "\n    ")
    return f"{head} {_plain(entry.get('component', '?')):9} [{_plain(entry.get('correlation_id', '-'))}] {text}"


def _print(cli: Cli, entry: Mapping[str, Any]) -> None:
    """Print one entry at once: as a line of JSON where ``--json`` was given."""
    click.echo(json.dumps(entry, ensure_ascii=False) if cli.as_json else line(entry))


def _plain(value: object) -> str:
    """Return *value* without what ends a line or steers the terminal."""
    return _CONTROL.sub(_escaped, str(value)).replace("\n", "\\n")


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
