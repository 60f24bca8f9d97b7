"""``korproxy check``: everything that can be found wrong without starting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
import click

from korproxy.cli.commands import broken_commands
from korproxy.cli.context import Context
from korproxy.cli.failures import problem_data, problem_lines
from korproxy.config.accounts_file import AddedAccounts
from korproxy.config.keys import read_keys
from korproxy.config.reading import Loaded, read_all
from korproxy.config.settings import RootSettings
from korproxy.errors.codes import Severity
from korproxy.errors.exceptions import ConfigError, KorproxyError, Problem
from korproxy.models.routing import Routing
from korproxy.runtime.compose import Composition, compose
from korproxy.runtime.exit_codes import Exit


@attrs.frozen(kw_only=True)
class Findings:
    """What a check found. ``composed`` is None where plugins could not be asked at all."""

    problems: Sequence[Problem]
    warnings: Sequence[Problem]
    composed: Composition | None


@click.command()
@click.pass_obj
def check(cli: Context) -> None:
    """Check configuration, secrets and plugins without starting.

    Lists every mistake with its code and its place. Exit code 0 if all is right, warnings or not; 1 if something is wrong.

    \b
    Examples:
      korproxy check
      korproxy check --home ./here
      korproxy check --json
    """  # noqa: D301 -- click wants the character itself
    found = find(cli)
    cli.show(plain(cli, found), data(cli, found))
    if found.problems:
        raise SystemExit(Exit.FAILED)


def find(cli: Context) -> Findings:
    """Read and ask everything there is. Never raises for what is wrong with it."""
    problems: list[Problem] = []
    loaded = Loaded(root=RootSettings(), added=AddedAccounts(), routing=Routing())
    composed = None
    try:
        loaded = read_all(cli.files, fall_back=False)
    except ConfigError as exc:
        problems += exc.problems  # plugins are asked all the same, with defaults: one run shows all there is
    try:
        composed = compose(cli.files, plugin_dirs=cli.chosen.plugin_dirs, no_plugins=cli.chosen.no_plugins, loaded=loaded)
    except ConfigError as exc:
        problems += exc.problems
    try:
        read_keys(cli.files)
    except KorproxyError as exc:
        problems += exc.problems if isinstance(exc, ConfigError) else [_problem(exc, str(cli.files.secrets))]
    if composed is None:
        return Findings(problems=_each_once(problems), warnings=(), composed=None)
    problems += composed.problems
    problems += broken_commands(composed.host, cli.core)
    told = [*loaded.notices, *composed.warnings]
    lesser = {each for each in told if composed.codes[each.code].severity is Severity.WARNING}
    problems += [each for each in told if each not in lesser]
    warnings = [each for each in told if each in lesser]
    return Findings(problems=_each_once(problems), warnings=_each_once(warnings), composed=composed)


def plain(cli: Context, found: Findings) -> str:
    """Return the findings in lines; where there is no mistake, also what is configured."""
    lines = problem_lines(found.problems) + problem_lines(found.warnings, word="warning", color="yellow")
    if found.problems or found.composed is None:
        count = len(found.problems)
        return "\n".join([*lines, f"{count} {'mistake' if count == 1 else 'mistakes'} found."])
    return "\n".join([*lines, *_configured(cli, found.composed)])


def data(cli: Context, found: Findings) -> dict[str, object]:
    """Return the findings in JSON's own types."""
    composed = found.composed
    providers = composed.providers if composed else ()
    return {
        "ok": not found.problems,
        "settings": str(cli.files.toml),
        "problems": [problem_data(each) for each in found.problems],
        "warnings": [problem_data(each) for each in found.warnings],
        "providers": [{"id": each.id, "type": each.type, "accounts": [a.name for a in each.accounts]} for each in providers],
        "plugins": [each.name for each in composed.host.states if each.state == "loaded"] if composed else [],
    }


def _configured(cli: Context, composed: Composition) -> Iterable[str]:
    toml = cli.files.toml
    yield (
        f"{toml} is right."
        if toml.exists()
        else f"There is no {toml}, so everything has its default: korproxy init writes one."
    )
    if not composed.providers:
        yield "No provider is configured: add one to korproxy.toml, or try `korproxy run --demo`."
    for provider in composed.providers:
        names = ", ".join(each.name for each in provider.accounts) or "none"
        yield f"provider {provider.id} (type {provider.type}), accounts: {names}"
    loaded = [each for each in composed.host.states if each.state == "loaded"]
    others = [each.name for each in loaded if each.origin != "builtin"]
    yield f"plugins: {len(loaded) - len(others)} built-in" + (f"; {', '.join(others)}" if others else "")


def _problem(exc: KorproxyError, path: str) -> Problem:
    return Problem(code=exc.code, path=path, message=exc.detail)


def _each_once(problems: Iterable[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
