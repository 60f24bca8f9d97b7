"""The options that every command has, so that none has to declare them.

They stand before the command or after it, as people expect of ``--json`` and ``--home``. What they say is kept in ``Chosen``
and never reaches a command's own arguments.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import click

FOLDER = click.Path(file_okay=False, path_type=Path)
EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class Chosen:
    """What the global options of one command line say. Attribute names are the options' own."""

    home: Path | None = None
    verbose: bool = False
    as_json: bool = False
    plugin_dirs: tuple[Path, ...] = ()
    no_plugins: bool = False
    no_color: bool = False


class EnvironmentFlag(click.Option):
    """A flag that any text in its environment variable sets, as https://no-color.org asks; click would read it as a boolean."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return ``1`` where the variable is set and not empty, else None."""
        return "1" if super().resolve_envvar_value(ctx) else None


def global_options() -> list[click.Option]:
    """Return new ``--home``, ``--verbose``, ``--json``, ``--plugins-dir``, ``--no-plugins`` and ``--no-color`` options."""
    # Eager, so that `--plugins-dir X --help` knows X; click reads eager options in the order in which they are written.
    ours: dict[str, Any] = {"is_eager": True, "expose_value": False, "callback": _keep}
    return [
        click.Option(["--home"], type=FOLDER, metavar="DIR", help="Use the configuration, keys and state in DIR.", **ours),
        click.Option(["-v", "--verbose"], is_flag=True, help="Say more; show tracebacks.", **ours),
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON, errors too.", **ours),
        click.Option(
            ["--plugins-dir", "plugin_dirs"],
            type=EXISTING_FOLDER,
            metavar="DIR",
            multiple=True,
            help="Load the plugins (*.py) in DIR, too; may be repeated.",
            **ours,
        ),
        click.Option(["--no-plugins"], is_flag=True, help="Load only the plugins that are part of KorProxy.", **ours),
        EnvironmentFlag(["--no-color"], is_flag=True, envvar="NO_COLOR", help="Print no colours; so does NO_COLOR.", **ours),
    ]


def with_global_options(command: click.Command) -> click.Command:
    """Return a copy of *command* and its subcommands that takes the global options, too.

    A name that the command uses itself stays the command's own. The original is left alone: a plugin may hand out the same
    object again.
    """
    taken = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    wider = copy.copy(command)
    wider.params = [*command.params, *(each for each in global_options() if not taken.intersection(each.opts))]
    if isinstance(wider, click.Group):
        wider.commands = {name: with_global_options(each) for name, each in wider.commands.items()}
    return wider


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Note what was given; an option left out after the command must not undo the one before it."""
    cli = ctx.find_root().obj  # None where a tool looks at the commands without running one
    if not value or cli is None or param.name is None:
        return
    chosen: Chosen = cli.chosen
    setattr(chosen, param.name, (*chosen.plugin_dirs, *value) if param.name == "plugin_dirs" else value)
    if chosen.no_color:
        ctx.color = False
