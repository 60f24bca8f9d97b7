"""``korproxy key show``: the two keys that every home has."""

from __future__ import annotations

from collections.abc import Iterable

import click

from korproxy.api import Cli, Command, hookimpl


@hookimpl
def korproxy_commands() -> Iterable[Command]:
    """Offer ``key``."""
    return [Command("key", "Show the key for your tools, or the one for the management API.", lambda: key)]


@click.group()
def key() -> None:
    """Show the key for your tools, or the one for the management API.

    \b
    Examples:
      korproxy key show client         what a tool uses as its API key
      korproxy key show management     what /v1/... wants as X-Management-Key
    """  # noqa: D301 -- click wants the character itself


@key.command()
@click.argument("kind", type=click.Choice(["client", "management"]))
@click.pass_obj
def show(cli: Cli, *, kind: str) -> None:
    """Print one key, and nothing else.

    It is made if the home has none yet, just as the daemon would.

    \b
    Examples:
      korproxy key show client
      export OPENAI_API_KEY=$(korproxy key show client)
      curl -H "X-Management-Key: $(korproxy key show management)" http://127.0.0.1:1337/v1/diagnostics/health
    """  # noqa: D301 -- click wants the character itself
    value = cli.key(kind)
    cli.show(value, {"kind": kind, "key": value})
