"""``korproxy``: a click group that imports a command only when it is run, and plugins only when one of theirs may be meant."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from korproxy.cli.options import global_options, with_global_options
from korproxy.version import VERSION

if TYPE_CHECKING:
    from korproxy.cli.context import Context

INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended

# Name -> (module, help). These cannot be plugins: they are what loads plugins, or says why they do not load.
CORE: Mapping[str, tuple[str, str]] = {
    "run": ("korproxy.cli.run", "Run the daemon until Ctrl-C or `korproxy stop`."),
    "check": ("korproxy.cli.check", "Check configuration, secrets and plugins without starting."),
    "plugins": ("korproxy.cli.plugins", "List plugins: loaded, blocked or broken, and why."),
}


class Commands(click.Group):
    """The commands of the core, then those of plugins. Nothing of a command is imported to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, sorted. Loads plugins."""
        return sorted([*CORE, *_cli(ctx).plugins.offers()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command *cmd_name*; None if there is none.

        Raises:
            CommandFailed: It is a plugin's and cannot be imported.
        """
        if cmd_name in CORE:
            return with_global_options(getattr(import_module(CORE[cmd_name][0]), cmd_name))
        command = _cli(ctx).plugins.load(cmd_name)
        return with_global_options(command) if command else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that *args* start with. An unknown one gets a suggestion; click suggests only what is imported."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            ctx.fail(f"No such command {name!r}.{_suggestion(name, self.list_commands(ctx))}")
        _collect()
        return (name if command else None), command, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from their one-line helps."""
        helps = {name: text for name, (_, text) in CORE.items()}
        helps |= {name: offer.item.help for name, offer in _cli(ctx).plugins.offers().items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(helps.items()))

    def invoke(self, ctx: click.Context) -> None:
        """Run the command; what it returns is nobody's exit code."""
        super().invoke(ctx)

    def main(self, args: Any = None, prog_name: str | None = None, *more: Any, **extra: Any) -> NoReturn:
        """Run one command line and exit: 0, 1 (failed), 2 (usage), 130 (Ctrl-C), or what the command says."""
        _have_streams()
        _never_fail_to_encode()
        try:
            code = self._run(args, prog_name or "korproxy", *more, **extra)
            sys.stdout.flush()  # a closed pipe is noticed here, not at exit, where Python would complain
        except BrokenPipeError:
            code = _reader_left()
        sys.exit(code)

    def _run(self, *args: Any, **extra: Any) -> int | str | None:
        from korproxy.cli.context import Context

        cli = Context(core=CORE)
        try:
            code: int | None = super().main(*args, **{**extra, "standalone_mode": False, "obj": cli})
        except (click.Abort, KeyboardInterrupt):
            return INTERRUPTED
        except SystemExit as exc:
            return exc.code
        except BrokenPipeError:
            raise
        except click.ClickException as exc:
            exc.show()
            return exc.exit_code
        except Exception as exc:  # noqa: BLE001 -- the last place where an error can be put in words
            from korproxy.cli.failures import report

            return report(exc, cli.chosen)
        return code


def _cli(ctx: click.Context) -> Context:
    cli: Context = ctx.find_root().obj
    return cli


def _collect() -> None:
    """Let Python look for garbage again, where ``main`` forbade it; what was imported until now stays, and is left out."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _suggestion(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else " `korproxy --help` lists all."


def _have_streams() -> None:
    """Write nowhere where whoever started the command has closed a stream (``>&-``): Python has None in its place."""
    if sys.stdout is None or sys.stderr is None:
        import os

        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 -- as long as the process lives
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere


def _never_fail_to_encode() -> None:
    """Escape what the terminal cannot show: a German account name must not break a command in a C locale."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # replaced by something else, or closed
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _reader_left() -> int:
    """Send what is still buffered nowhere: Python flushes once more at exit, and would print a traceback."""
    import os

    with suppress(OSError, ValueError):  # no real file behind it: nothing to flush into
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


@click.group(
    cls=Commands,
    params=[*global_options()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, prog_name="korproxy", message="%(prog)s %(version)s")
def korproxy() -> None:
    """One local endpoint for every AI provider.

    Give your tools http://127.0.0.1:1337 and the key of `korproxy key show client`.

    \b
    Examples:
      korproxy init                    write a commented configuration
      korproxy run                     start
      korproxy run --demo              try it without any account
      korproxy status                  see what it does
      korproxy COMMAND --help          read about one command
    """  # noqa: D301 -- click wants the character itself


def main() -> NoReturn:
    """Run ``korproxy`` with the process's own arguments."""
    gc.disable()  # until a command is about to run: Python would go through all modules again and again, for 5 ms of `--help`
    try:
        korproxy.main()
    finally:
        gc.freeze()  # else Python would look twice more through all that the ending process holds: 10 ms of `korproxy --help`
