"""``korproxy stop``: end the daemon, and know that it has ended."""

from __future__ import annotations

from collections.abc import Iterable

import click

from korproxy.api import Cli, Command, hookimpl


@hookimpl
def korproxy_commands() -> Iterable[Command]:
    """Offer ``stop``."""
    return [Command("stop", "Stop the daemon once running requests are answered.", lambda: stop)]


@click.command()
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for its end.",
)
@click.pass_obj
def stop(cli: Cli, *, timeout: float) -> None:
    """Stop the daemon once running requests are answered.

    It takes no new requests at once and gives running ones the time of `server.grace`. The command returns when the daemon has
    ended; it fails if none runs, or if it still runs after the timeout.

    \b
    Examples:
      korproxy stop
      korproxy stop --timeout 60       wait for long answers
      korproxy stop --home ./here      stop the daemon of another home
    """  # noqa: D301 -- click wants the character itself
    running = cli.running()
    if running is not None:
        click.echo(f"Stopping the daemon (pid {running.get('pid')}); running requests may end first.", err=True)
    was = cli.stop_daemon(timeout)
    cli.show(f"The daemon (pid {was.get('pid')}) has stopped.", {"stopped": True, "pid": was.get("pid")})
