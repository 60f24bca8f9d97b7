"""``korproxy plugins``: every plugin, and what became of it. A core command, since it has to work when plugins do not."""

from __future__ import annotations

import click

from korproxy.cli.commands import broken_commands
from korproxy.cli.context import Context
from korproxy.config.reading import read_all
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError
from korproxy.plugins import report
from korproxy.plugins.host import PluginHost
from korproxy.runtime.compose import compose
from korproxy.runtime.exit_codes import Exit


@click.command()
@click.pass_obj
def plugins(cli: Context) -> None:
    """List plugins: loaded, blocked or broken, and why.

    All are loaded and asked everything, as the daemon does at its start, and their commands are imported. Exit code 0, or 1 if
    one is broken.

    \b
    Examples:
      korproxy plugins
      korproxy plugins --plugins-dir ./mine     with those in a folder
      korproxy plugins --json
    """  # noqa: D301 -- click wants the character itself
    host = _ask_everything(cli)
    commands = broken_commands(host, cli.core)
    cli.show(report.plain(host.states), report.data(host.states))
    if commands or any(each.state == "broken" for each in host.states):
        raise SystemExit(Exit.FAILED)


def _ask_everything(cli: Context) -> PluginHost:
    chosen = cli.chosen
    try:
        root = read_all(cli.files).root
    except ConfigError as exc:
        root = RootSettings()
        click.echo(
            f"Plugins are asked with default settings: korproxy.toml is wrong [{exc.code}]; see korproxy check", err=True
        )
    return compose(cli.files, plugin_dirs=chosen.plugin_dirs, no_plugins=chosen.no_plugins, root=root, tolerant=True).host
