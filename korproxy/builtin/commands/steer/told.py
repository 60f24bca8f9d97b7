"""What a command says of a change: what was done, and whether it is in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import click

from korproxy.api import Applied, Cli, Problem

IN_FORCE = {
    "in force": "The running daemon uses it now.",
    "none": "No daemon is running with this home; it takes effect at the next start.",
    "demo": "The running daemon is a demo, which ignores this; a daemon started without --demo uses it.",
    "refused": "Saved, but not in force: the files cannot be used, so the running daemon goes on as before.",
    "silent": "Saved, but the running daemon did not say whether it is in force.",
}
FAILED = 1


def finish(
    cli: Cli, applied: Applied, done: str, same: str = "", *, words: Mapping[str, str] = IN_FORCE, **data: object
) -> None:
    """Print what was *done*, or that it was so already (*same*), and what the daemon makes of it.

    Args:
        words: What is said of the daemon, by ``Applied.daemon``.
        data: What the JSON has beside that.

    Raises:
        SystemExit: 1: a daemon runs, and does not go by it.
    """
    lines = [done if applied.files or not same else same, words[applied.daemon]]
    lines += [f"The old version is kept: {each}" for each in applied.kept]
    lines += [f"Removed: {each}" for each in applied.removed]
    if applied.restart:
        lines.append(f"Takes effect only when the daemon is restarted: {', '.join(applied.restart)}")
    cli.show("\n".join(filter(None, lines)), {**data, "changed": bool(applied.files), **attrs.asdict(applied)})
    tell(applied.warnings)
    if applied.daemon in ("refused", "silent"):
        tell(applied.problems, word="error", color="red")
        raise SystemExit(FAILED)


def tell(problems: Sequence[Problem], *, word: str = "warning", color: str = "yellow") -> None:
    """Print *problems* on stderr, a line each, and how to read on."""
    for each in problems:
        at = f"{each.path}: " if each.path else ""
        click.echo(f"{click.style(word, fg=color, bold=True)} {each.code}: {at}{each.message}", err=True)
    for code in dict.fromkeys(each.code for each in problems):
        click.echo(f"  help: korproxy errors {code}", err=True)


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return *rows* as lines whose columns stand below each other; the last column is as wide as it likes."""
    listed = [*rows]
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)][:-1]
    return [
        "  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in listed
    ]


def listed(said: Any) -> Sequence[Mapping[str, Any]]:
    """Return the objects in a list that the daemon said; none where it is no list."""
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list | tuple) else []
