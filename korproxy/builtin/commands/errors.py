"""``korproxy errors``: what a KP code means, and what can be done about it, without a network or a daemon."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from korproxy.api import Cli, Command, CommandFailed, ErrorCode, Registry, hookimpl

if TYPE_CHECKING:
    import click

WIDEST = 100  # columns; longer lines are hard to read
LONGEST = 40  # characters of what was asked for that are repeated in an error
_GLUE = "\N{NO-BREAK SPACE}"  # textwrap breaks no line here


@hookimpl
def korproxy_commands() -> Iterable[Command]:
    """Offer ``korproxy errors``."""
    yield Command("errors", "Explain an error code, or list all of them.", load)


def load() -> click.Command:
    """Return the command; only now is click needed."""
    import click

    @click.command("errors")
    @click.argument("code", required=False)
    @click.pass_obj
    def errors(cli: Cli, code: str | None) -> None:
        """Explain an error CODE, or list all of them.

        \b
        Examples:
          korproxy errors
          korproxy errors KP-RATE-401
          korproxy errors rate-401 --json
        """  # noqa: D301 -- click wants the character itself: it keeps the lines of the paragraph
        codes = cli.codes()
        if code is None:
            cli.show(listing(codes), {"errors": [each.to_dict() for each in codes]})
        else:
            import shutil  # not where commands are only listed: a daemon does

            wanted = find(codes, code)
            width = min(shutil.get_terminal_size((80, 24)).columns, WIDEST)
            cli.show(explain(wanted, width), wanted.to_dict())

    return errors


def find(codes: Registry, given: str) -> ErrorCode:
    """Return the code that *given* means: in any case, with or without ``KP-``.

    Raises:
        CommandFailed: KP-CONF-217, no such code; the detail names those that look like it.
    """
    name = given.strip().upper()
    name = name if name.startswith("KP-") else f"KP-{name}"
    if name in codes:
        return codes[name]
    import difflib

    near = difflib.get_close_matches(name, [each.code for each in codes])
    meant = f"Did you mean {' or '.join(near)}?" if near else "Run `korproxy errors` to list all of them."
    raise CommandFailed("KP-CONF-217", f"There is no error code {given[:LONGEST]!r}. {meant}")


def listing(codes: Registry) -> str:
    """Return all *codes*, a line each, by category."""
    blocks = []
    for category, members in groupby(codes, key=lambda each: each.category):
        lines = [f"  {each.code:12} {each.severity.value:9} {each.status}  {each.message}" for each in members]
        blocks.append("\n".join([category, *lines]))
    return "\n\n".join([*blocks, "korproxy errors CODE explains one of them."])


def explain(code: ErrorCode, width: int) -> str:
    """Return all about *code* in lines of at most *width* columns; commands in it are never broken."""
    facts = f"{code.severity.value}, HTTP status {code.status}, {'' if code.retryable else 'not '}retryable"
    steps = [_wrap(step, width, f"  {number}. ", "     ") for number, step in enumerate(code.steps, 1)]
    return "\n".join(
        [
            f"{code.code} ({facts})",
            _wrap(code.message, width),
            "",
            "Why it happens",
            _wrap(code.description, width, "  ", "  "),
            "",
            "What to do",
            *steps,
        ]
    )


def _wrap(text: str, width: int, first: str = "", rest: str = "") -> str:
    """Wrap *text*; what stands between backticks stays in one line, so that it can be copied."""
    parts = text.split("`")
    glued = "`".join(part.replace(" ", _GLUE) if number % 2 else part for number, part in enumerate(parts))
    lines = textwrap.wrap(
        glued, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines).replace(_GLUE, " ")
