"""``korproxy profile``: which group of accounts serves which kind of request, and which set of such is in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs
import click

from korproxy.api import Cli, CommandFailed, Profile, Routing
from korproxy.builtin.commands.steer.named import member_text
from korproxy.builtin.commands.steer.told import finish, table

F = TypeVar("F", bound=Callable[..., Any])
KINDS = ("default", "chat", "completion", "embedding", "other")
ANYBODY = "whoever offers the model"
LONGEST = 64  # characters of a name that are repeated in an error
BUILT_IN = "default"  # the profile that is there although nobody made it


def group_options(command: F) -> F:
    """Add the options that say which group serves what."""
    helps = {
        "default": "The group for everything that no other option names; if empty, whoever offers the model.",
        "chat": "The group for conversations.",
        "completion": "The group for plain-text completions.",
        "embedding": "The group for embeddings.",
        "other": "The group for the rest: counting tokens, compaction and the like.",
    }
    for name in reversed(KINDS):
        command = click.option(f"--{name}", metavar="GROUP", help=helps[name])(command)
    return command


@click.group()
def profile() -> None:
    """Choose which accounts serve which kind of request.

    A profile names a group of accounts for each kind of request; `korproxy group set` makes groups. One profile is in
    force; a single request can ask for another with the header X-KorProxy-Profile.

    \b
    Examples:
      korproxy profile create night --default cheap
      korproxy profile switch night
      korproxy profile list
    """  # noqa: D301 -- click wants the character itself


@profile.command("list")
@click.pass_obj
def list_profiles(cli: Cli) -> None:
    """List all profiles; a star marks the one in force.

    \b
    Examples:
      korproxy profile list
    """  # noqa: D301 -- click wants the character itself
    routing = cli.configuration.routing()
    profiles = _all(routing)
    rows = [("*" if name == routing.profile else "", name, _summary(each)) for name, each in profiles.items()]
    data = [{**attrs.asdict(each), "in_force": name == routing.profile} for name, each in profiles.items()]
    cli.show("\n".join(table(rows)), {"profile": routing.profile, "profiles": data})


@profile.command()
@click.argument("name", required=False)
@click.pass_obj
def show(cli: Cli, /, *, name: str | None) -> None:
    """Show a profile: its groups and members.

    Without a NAME it is the one in force.

    \b
    Examples:
      korproxy profile show
      korproxy profile show night
    """  # noqa: D301 -- click wants the character itself
    routing = cli.configuration.routing()
    name = routing.profile if name is None else name
    found = _all(routing).get(name)
    if found is None:
        there = ", ".join(_all(routing))
        raise CommandFailed("KP-CONF-226", f"There is no profile {name[:LONGEST]!r}. There are: {there}.")
    head = f"{name}{' (in force)' if name == routing.profile else ''}"
    rows = [(f"  {kind}", _group_text(routing, getattr(found, kind), kind)) for kind in KINDS]
    groups = {each: attrs.asdict(routing.groups[each]) for each in attrs.astuple(found)[1:] if each in routing.groups}
    data = {**attrs.asdict(found), "in_force": name == routing.profile, "groups": groups}
    cli.show("\n".join([head, *table(rows)]), data)


@profile.command()
@click.argument("name")
@click.option("--copy-from", metavar="PROFILE", default="", help="Copy whatever is not given here from this profile.")
@group_options
@click.pass_obj
def create(cli: Cli, /, *, name: str, copy_from: str, **groups: str | None) -> None:
    """Make a profile. `korproxy profile switch` puts it in force.

    \b
    Examples:
      korproxy profile create night --default cheap
      korproxy profile create day --copy-from night --chat everybody
    """  # noqa: D301 -- click wants the character itself
    new = Profile(name=name, **{kind: group for kind, group in groups.items() if group is not None})
    done = cli.configuration.create_profile(new, copy_from=copy_from)
    finish(cli, done, f"The profile {name} has been created; `korproxy profile switch {name}` puts it in force.", profile=name)


@profile.command("set")
@click.argument("name")
@group_options
@click.pass_obj
def change(cli: Cli, /, *, name: str, **groups: str | None) -> None:
    """Change the groups of a profile. Whatever is not named stays as it is; an empty name removes a group.

    \b
    Examples:
      korproxy profile set night --chat cheap
      korproxy profile set night --chat ''
    """  # noqa: D301 -- click wants the character itself
    said = {kind: group for kind, group in groups.items() if group is not None}
    if not said:
        raise click.UsageError(f"Say what to change: one of {', '.join(f'--{kind}' for kind in KINDS)}.")
    done = cli.configuration.set_profile(name, said)
    finish(cli, done, f"The profile {name} is changed.", f"The profile {name} was like that already.", profile=name)


@profile.command()
@click.argument("name")
@click.pass_obj
def switch(cli: Cli, /, *, name: str) -> None:
    """Put the profile NAME in force. Running requests finish as they began.

    \b
    Examples:
      korproxy profile switch night
      korproxy profile switch default
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.switch_profile(name)
    finish(cli, done, f"The profile is now {name}.", f"The profile was {name} already.", profile=name)


@profile.command()
@click.argument("name")
@click.pass_obj
def delete(cli: Cli, /, *, name: str) -> None:
    """Delete a profile.

    Refused while it is in force or a rule asks for it. Its groups stay.

    \b
    Examples:
      korproxy profile delete night
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.delete_profile(name)
    finish(cli, done, f"The profile {name} is deleted.", profile=name)


def _all(routing: Routing) -> Mapping[str, Profile]:
    return {BUILT_IN: Profile(name=BUILT_IN), **routing.profiles}


def _summary(profile: Profile) -> str:
    said = [f"{kind}: {group}" for kind in KINDS if (group := getattr(profile, kind))]
    return ", ".join(said) or ANYBODY


def _group_text(routing: Routing, name: str, kind: str) -> str:
    if not name:
        return ANYBODY if kind == "default" else "as default"
    group = routing.groups.get(name)
    if group is None:
        return name
    members = ", ".join(member_text(each, weights=group.strategy == "weighted") for each in group.members) or "nobody"
    return f"{name} ({group.strategy}): {members}"
