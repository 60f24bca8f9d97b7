"""``korproxy reload``: the files as they are now, in force without a restart."""

from __future__ import annotations

import click

from korproxy.api import Cli
from korproxy.builtin.commands.steer.told import finish


@click.command()
@click.pass_obj
def reload(cli: Cli) -> None:
    """Have the running daemon read its configuration again.

    It does that by itself within a second of a change; this command also says whether it worked. Running requests finish as
    they began. If a file cannot be used, everything stays as it was. Exit code 0 if the files are in force, 1 if not.

    \b
    Examples:
      korproxy reload
      korproxy reload --json
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.reload()
    number = "" if done.generation is None else f" (configuration {done.generation})"
    words = {
        "in force": f"Reloaded: the running daemon uses the current files{number}.",
        "demo": "The running daemon is a demo, which uses no files: there is nothing to reload.",
        "refused": "Not reloaded: the files cannot be used, so the running daemon goes on as before.",
        "silent": "The running daemon did not say whether it reloaded.",
    }
    finish(cli, done, "", words=words)
