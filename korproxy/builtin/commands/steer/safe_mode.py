"""``korproxy safe-mode``: everything that talks goes to one cheap, reliable model, until it is switched off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import click

from korproxy.api import Cli, CommandFailed, KorproxyError
from korproxy.builtin.commands.steer.told import finish

HEALTH = "/v1/diagnostics/health"
ASKED = {"format": "openai-chat", "body": {"model": "any", "messages": [{"role": "user", "content": "Hello"}]}}


@click.group("safe-mode")
def safe_mode() -> None:
    """Send all conversations to one cheap, reliable model.

    For when something is wrong and work has to go on: whichever model a tool asks for, conversations go to the safe one.
    Answers then have the header X-KorProxy-Safe-Mode. A single request can ask for it with that header, and so can a rule.

    \b
    Examples:
      korproxy safe-mode on
      korproxy safe-mode on --model gemini/gemini-3.8-flash
      korproxy safe-mode off
    """  # noqa: D301 -- click wants the character itself


@safe_mode.command()
@click.option("--model", default="", metavar="ALIAS", help="The safe model: an alias, a model, or PROVIDER/MODEL; remembered.")
@click.pass_obj
def on(cli: Cli, /, *, model: str) -> None:
    """Switch safe mode on.

    \b
    Examples:
      korproxy safe-mode on
      korproxy safe-mode on --model claude-haiku-4-5
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.set_safe_mode(on=True, model=model)
    safe = cli.configuration.routing().safe_mode
    text = f"Safe mode is on: conversations go to {safe.model}."
    wrong = _what_is_wrong(cli) if done.daemon in ("in force", "none") else ""
    finish(cli, done, text, f"Safe mode was on already, with {safe.model}.", safe_mode=attrs.asdict(safe), reachable=not wrong)
    if wrong:
        click.echo(f"{click.style('warning', fg='yellow', bold=True)} Conversations are refused now: {wrong}", err=True)
        click.echo("  `korproxy safe-mode on --model MODEL` chooses another model, `korproxy safe-mode off` ends it.", err=True)


@safe_mode.command()
@click.pass_obj
def off(cli: Cli) -> None:
    """Switch safe mode off: requests go to the models they ask for.

    \b
    Examples:
      korproxy safe-mode off
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.set_safe_mode(on=False)
    safe = cli.configuration.routing().safe_mode
    finish(cli, done, "Safe mode is off.", "Safe mode was off already.", safe_mode=attrs.asdict(safe))


@safe_mode.command()
@click.pass_obj
def status(cli: Cli) -> None:
    """Say whether safe mode is on, since when, and with which model.

    \b
    Examples:
      korproxy safe-mode status
      korproxy safe-mode status --json
    """  # noqa: D301 -- click wants the character itself
    safe = cli.configuration.routing().safe_mode
    live = _live(cli)
    since = f" since {safe.since}" if safe.since else ""
    words = f"on{since}: conversations go to {safe.model}" if safe.on else f"off; its model is {safe.model}"
    lines = [f"Safe mode is {words}."]
    if live is not None and live is not safe.on:
        lines.append(f"In the running daemon it is {'on' if live else 'off'}, though; `korproxy status` says why.")
    cli.show("\n".join(lines), {**attrs.asdict(safe), "daemon": live})


def _live(cli: Cli) -> bool | None:
    """Return whether the running daemon has it on; None where it does not say."""
    if cli.running() is None:
        return None
    try:
        said: Mapping[str, Any] = cli.ask(HEALTH)
    except CommandFailed:
        return None
    found = said.get("safe_mode")
    return found if isinstance(found, bool) else None


def _what_is_wrong(cli: Cli) -> str:
    """Return why a conversation would be refused now; empty: it would not."""
    try:
        error = cli.foresee(ASKED).get("error")
    except KorproxyError as exc:
        return f"{exc.code}: {exc.detail}"
    return f"{error['code']}: {error['message']}" if isinstance(error, dict) else ""
