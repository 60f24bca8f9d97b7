"""``korproxy route``: the rules by which some requests go another way, and a try where one would go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO, Any, TypeVar

import attrs
import click

from korproxy.api import Cli, Rule, When
from korproxy.builtin.commands.steer.decision import decision_lines
from korproxy.builtin.commands.steer.named import headers_of
from korproxy.builtin.commands.steer.rule import rule_text
from korproxy.builtin.commands.steer.told import FAILED, finish, listed, table

F = TypeVar("F", bound=Callable[..., Any])
TYPES = ("chat", "completion", "embedding", "other")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LARGEST = 64 * 1024**2  # bytes of a request that is read


SIZE = click.IntRange(min=0)
CONDITIONS = (
    click.option("--if-model", metavar="PATTERN", default="", help="The model that is asked for, such as claude-*."),
    click.option("--if-type", "if_types", type=click.Choice(TYPES), multiple=True, help="One of these; may be repeated."),
    click.option("--if-key", metavar="PATTERN", default="", help="The name of the client key."),
    click.option(
        "--if-header",
        "if_headers",
        callback=headers_of,
        multiple=True,
        metavar="'NAME: PATTERN'",
        help="A header; may be repeated.",
    ),
    click.option("--if-min-body", type=SIZE, metavar="BYTES", help="The body has at least this many bytes."),
    click.option("--if-max-body", type=SIZE, metavar="BYTES", help="The body has at most this many bytes."),
    click.option("--if-tools/--if-no-tools", default=None, help="Whether it offers tools."),
    click.option("--if-images/--if-no-images", default=None, help="Whether it contains images."),
    click.option("--if-reasoning/--if-no-reasoning", default=None, help="Whether it asks for reasoning."),
    click.option("--if-profile", metavar="PROFILE", default="", help="The profile in force."),
    click.option("--if-hours", metavar="HH:MM-HH:MM", default="", help="The local time; spans midnight if the end is earlier."),
    click.option("--if-day", "if_days", type=click.Choice(DAYS), multiple=True, help="One of these; may be repeated."),
)


def conditions(command: F) -> F:
    """Add the options that say for which requests a rule is."""
    for option in reversed(CONDITIONS):
        command = option(command)
    return command


@click.group()
def route() -> None:
    """Route some requests by rules, and see where one would go.

    The first rule that matches a request decides: it goes to a group of accounts, another model, the safe model, or
    nowhere.

    \b
    Examples:
      korproxy route add night --if-model 'claude-*' --if-hours 22:00-06:00 --group cheap
      korproxy route list
      korproxy route test request.json
    """  # noqa: D301 -- click wants the character itself


@route.command("list")
@click.pass_obj
def list_rules(cli: Cli) -> None:
    """List all rules in the order in which they are tried.

    \b
    Examples:
      korproxy route list
    """  # noqa: D301 -- click wants the character itself
    rules = cli.configuration.routing().rules
    rows = [(f"{at}.", each.name, rule_text(each)) for at, each in enumerate(rules, 1)]
    plain = "\n".join(table(rows)) if rows else "There are no rules: every request goes where its profile says."
    cli.show(plain, {"rules": [attrs.asdict(each) for each in rules]})


@route.command()
@click.argument("name")
@conditions
@click.option("--group", metavar="GROUP", default="", help="Send it to this group of accounts.")
@click.option("--model", metavar="MODEL", default="", help="Send it to this model: its name, an alias or PROVIDER/MODEL.")
@click.option("--safe-mode", is_flag=True, help="Send it to the safe model; see `korproxy safe-mode`.")
@click.option("--refuse", metavar="CODE", default="", help="Refuse it with this KP code.")
@click.option("--message", metavar="TEXT", default="", help="What the refusal says.")
@click.option("--position", type=click.IntRange(min=1), metavar="NUMBER", help="Its place in the list; the last unless given.")
@click.option("--disabled", is_flag=True, help="Add it switched off; `korproxy route enable` switches it on.")
@click.pass_obj
def add(cli: Cli, /, *, name: str, position: int | None, disabled: bool, **said: Any) -> None:
    """Add a rule: which requests it matches, and what happens to them.

    All conditions (--if-...) must hold; a rule without any matches every request. In patterns, * stands for anything.

    \b
    Examples:
      korproxy route add night --if-model 'claude-*' --if-hours 22:00-06:00 --group cheap
      korproxy route add pictures --if-images --model gemini/gemini-3.8-flash
      korproxy route add no-opus --if-model '*opus*' --refuse KP-PROV-124 --message 'Too expensive.'
    """  # noqa: D301 -- click wants the character itself
    if not (said["group"] or said["model"] or said["safe_mode"] or said["refuse"]):
        raise click.UsageError("Say what should happen to the requests: --group, --model, --safe-mode or --refuse.")
    asked = {option.removeprefix("if_"): said.pop(option) for option in [*said] if option.startswith("if_")}
    when = When(**asked)
    rule = Rule(name=name, when=when, enabled=not disabled, **said)
    done = cli.configuration.add_rule(rule, position=position)
    finish(cli, done, f"The rule {name} is added: {rule_text(rule)}.", rule=attrs.asdict(rule))


@route.command()
@click.argument("name")
@click.argument("position", type=click.IntRange(min=1))
@click.pass_obj
def move(cli: Cli, /, *, name: str, position: int) -> None:
    """Move a rule to another POSITION in the list, counted from 1.

    \b
    Examples:
      korproxy route move night 1
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.move_rule(name, position)
    finish(cli, done, f"The rule {name} is moved.", f"The rule {name} was there already.", rules=_names(cli))


@route.command()
@click.argument("name")
@click.pass_obj
def enable(cli: Cli, /, *, name: str) -> None:
    """Switch a rule on again.

    \b
    Examples:
      korproxy route enable night
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.enable_rule(name, on=True)
    finish(cli, done, f"The rule {name} is on.", f"The rule {name} was on already.", rule=name)


@route.command()
@click.argument("name")
@click.pass_obj
def disable(cli: Cli, /, *, name: str) -> None:
    """Switch a rule off until `korproxy route enable`.

    \b
    Examples:
      korproxy route disable night
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.enable_rule(name, on=False)
    finish(cli, done, f"The rule {name} is off.", f"The rule {name} was off already.", rule=name)


@route.command()
@click.argument("name")
@click.pass_obj
def delete(cli: Cli, /, *, name: str) -> None:
    """Delete a rule.

    \b
    Examples:
      korproxy route delete night
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.delete_rule(name)
    finish(cli, done, f"The rule {name} is deleted.", rules=_names(cli))


@route.command()
@click.argument("request", type=click.File("rb"), metavar="REQUEST.json")
@click.option(
    "--without", multiple=True, metavar="PROVIDER[/ACCOUNT]", help="Pretend that this one cannot be asked; may be repeated."
)
@click.option(
    "--header",
    "headers",
    callback=headers_of,
    multiple=True,
    metavar="'NAME: VALUE'",
    help="A header of the request; may be repeated.",
)
@click.option("--key", metavar="NAME", default="", help="The name of the client key it comes with.")
@click.option(
    "--from", "client", metavar="FORMAT", default="", help="The request's format, such as openai-chat; guessed unless given."
)
@click.option("--path", metavar="PATH", default="", help="The path it is sent to, instead of --from.")
@click.option("--model", metavar="MODEL", default="", help="Its model, if the body does not name it, as in Gemini's format.")
@click.pass_obj
def test(cli: Cli, /, *, request: IO[bytes], client: str, headers: dict[str, str], **said: Any) -> None:
    """Say where a request would go, and why.

    Nothing is sent. REQUEST.json is the body of a request as a tool sends it; `-` reads it from stdin. The running daemon
    answers; if none is running, the answer comes from the files and assumes that all accounts are well. Exit code 0 if an
    account would be asked, 1 if the request would be refused.

    \b
    Examples:
      korproxy route test request.json
      korproxy route test request.json --without claude/work
      korproxy route test - --header 'X-KorProxy-Profile: night' < request.json
    """  # noqa: D301 -- click wants the character itself
    posted = {"body": _text(request), "format": client, "headers": headers, **said, "without": [*said["without"]]}
    found = cli.foresee({name: value for name, value in posted.items() if value})
    cli.show("\n".join(_tried(found)), found)
    for name in said["without"]:
        if not _is_left_out(name, found.get("decision")):
            click.echo(f"{name} could not have been asked anyway.", err=True)
    if not _goes_somewhere(found):
        raise SystemExit(FAILED)


def _tried(found: Mapping[str, Any]) -> list[str]:
    decision, error = found.get("decision"), found.get("error")
    here = "" if found.get("asked") == "daemon" else " No daemon is running: this assumes that all accounts are well."
    lines = [f"A request in the format {found.get('format')}.{here}"]
    if isinstance(decision, dict):
        lines += decision_lines(decision)
    if isinstance(error, dict):
        lines.append(f"It would be refused: {error.get('code')}: {error.get('message')}")
    elif not _goes_somewhere(found):
        lines.append("It would be refused, or wait: no account can be asked now.")
    return lines


def _is_left_out(name: str, decision: Any) -> bool:
    rejected = listed(decision.get("rejected")) if isinstance(decision, dict) else []
    left_out = [each for each in rejected if each.get("why") == "excluded"]
    return any(name in (each.get("provider"), f"{each.get('provider')}/{each.get('account')}") for each in left_out)


def _goes_somewhere(found: Mapping[str, Any]) -> bool:
    decision = found.get("decision")
    return not found.get("error") and isinstance(decision, dict) and bool(decision.get("order"))


def _text(request: IO[bytes]) -> str:
    raw = request.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise click.UsageError(f"{request.name} has more than {LARGEST // 1024**2} MiB.")
    return raw.decode("utf-8-sig", errors="replace")


def _names(cli: Cli) -> list[str]:
    return [each.name for each in cli.configuration.routing().rules]
