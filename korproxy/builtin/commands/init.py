"""``korproxy init``: the first configuration."""

from __future__ import annotations

from collections.abc import Iterable

import click

from korproxy.api import Cli, Command, hookimpl

NEXT_STEPS = """\
Next:
  1. Open {settings} and take the # away from a provider you use.
  2. korproxy check                says whether it is right
  3. korproxy run                  starts; `korproxy run --demo` needs no account
  4. korproxy key show client      is the API key for your tools; their base URL is http://127.0.0.1:1337"""


@hookimpl
def korproxy_commands() -> Iterable[Command]:
    """Offer ``init``."""
    return [Command("init", "Write a commented configuration and make the keys.", lambda: init)]


@click.command()
@click.option("--force", is_flag=True, help="Set a korproxy.toml that is there aside as korproxy.toml.old. Keys stay.")
@click.pass_obj
def init(cli: Cli, *, force: bool) -> None:
    """Write a commented configuration and make the keys.

    Makes the home (KORPROXY_HOME, or the place your system has for it) with a korproxy.toml to edit, and one key for your tools
    and one for the management API. Only you can read them.

    \b
    Examples:
      korproxy init
      korproxy init --home ./here      use another folder
      korproxy init --force            start over with a new korproxy.toml
    """  # noqa: D301 -- click wants the character itself
    paths = cli.init_home(force=force)
    width = max(len(what) for what in paths)
    made = "\n".join(f"{what.replace('_', ' '):{width}}  {path}" for what, path in paths.items())
    cli.show(f"{made}\n\n{NEXT_STEPS.format(settings=paths['settings'])}", paths)
