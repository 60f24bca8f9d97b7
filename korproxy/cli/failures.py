"""Says what went wrong: one line per problem and where to read on, or the same as JSON. No traceback for expected errors."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Sequence

import click

from korproxy.cli.options import Chosen
from korproxy.errors.exceptions import ConfigError, InternalError, KorproxyError, Problem

FAILED = 1


def report(exc: Exception, chosen: Chosen) -> int:
    """Print *exc* on stderr, or as JSON on stdout where ``--json`` was given, and return the exit code."""
    color = False if chosen.no_color else None
    expected = exc if isinstance(exc, KorproxyError) else _unexpected(exc, verbose=chosen.verbose)
    if expected is not exc and chosen.verbose:
        click.echo(_without_secrets("".join(traceback.format_exception(exc)).rstrip()), err=True, color=color)
    if chosen.as_json:
        click.echo(json.dumps({"error": error_data(expected)}, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(error_lines(expected)), err=True, color=color)
    return FAILED


def error_lines(exc: KorproxyError) -> list[str]:
    """Return one line per problem of *exc*, each with its code, then the commands that explain the codes."""
    if found := _problems(exc):
        return problem_lines(found)
    return [f"{click.style('error', fg='red', bold=True)} {exc.code}: {exc.detail}", f"  help: korproxy errors {exc.code}"]


def problem_lines(problems: Sequence[Problem], *, word: str = "error", color: str = "red") -> list[str]:
    """Return one line per problem with its code and place, then the commands that explain the codes."""
    head = click.style(word, fg=color, bold=True)
    return [
        *(f"{head} {each.code}: {each.path}: {each.message}" for each in problems),
        *(f"  help: korproxy errors {code}" for code in dict.fromkeys(each.code for each in problems)),
    ]


def error_data(exc: KorproxyError) -> dict[str, object]:
    """Return *exc* in JSON's own types."""
    data: dict[str, object] = {"code": exc.code, "message": exc.detail, "help": f"korproxy errors {exc.code}"}
    if found := _problems(exc):
        data["problems"] = [problem_data(each) for each in found]
    return data


def problem_data(problem: Problem) -> dict[str, str]:
    """Return *problem* in JSON's own types."""
    return {"code": problem.code, "path": problem.path, "message": problem.message}


def _problems(exc: KorproxyError) -> Sequence[Problem]:
    return exc.problems if isinstance(exc, ConfigError) else ()


def _without_secrets(text: str) -> str:
    """Return *text*, which may hold anything, as the built-in rules leave it: no more can be relied on here."""
    from korproxy.plugins.finding import find_builtin
    from korproxy.plugins.host import PluginHost

    host = PluginHost(tolerant=True)
    host.load(find_builtin())
    return host.hide(text)


def _unexpected(exc: Exception, *, verbose: bool) -> InternalError:
    """Name the type only: the words of a foreign exception may hold anything, a key included. Those of the system hold none."""
    advice = "its traceback is above" if verbose else "--verbose shows where"
    why = f" ({os.strerror(exc.errno)})" if isinstance(exc, OSError) and isinstance(exc.errno, int) else ""
    return InternalError("KP-SYS-501", f"{type(exc).__name__}{why} was raised where nothing expected it; {advice}")
