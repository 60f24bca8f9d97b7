"""``korproxy group``: accounts that stand in for each other, and who of them goes first."""

from __future__ import annotations

import attrs
import click

from korproxy.api import Cli, Member
from korproxy.builtin.commands.steer.named import member_text, members_of
from korproxy.builtin.commands.steer.told import finish, table


@click.group()
def group() -> None:
    """Group accounts that can stand in for each other.

    A group has members, written PROVIDER/ACCOUNT, or PROVIDER for all of its accounts, and a strategy that decides which of
    them is asked first. Profiles and rules send requests to groups.

    \b
    Examples:
      korproxy group set cheap --member gemini --member qwen/home
      korproxy group set cheap --strategy round-robin
      korproxy group list
    """  # noqa: D301 -- click wants the character itself


@group.command("list")
@click.pass_obj
def list_groups(cli: Cli) -> None:
    """List all groups with their strategies and members.

    \b
    Examples:
      korproxy group list
    """  # noqa: D301 -- click wants the character itself
    groups = cli.configuration.routing().groups
    rows = [
        (
            name,
            each.strategy,
            ", ".join(member_text(one, weights=each.strategy == "weighted") for one in each.members) or "nobody",
        )
        for name, each in groups.items()
    ]
    plain = (
        "\n".join(table([("GROUP", "STRATEGY", "MEMBERS"), *rows]))
        if rows
        else "There are no groups; `korproxy group set` makes one."
    )
    cli.show(plain, {"groups": [attrs.asdict(each) for each in groups.values()]})


@group.command("set")
@click.argument("name")
@click.option(
    "--member",
    "members",
    callback=members_of,
    multiple=True,
    metavar="MEMBER",
    help="A member; replaces all members there were; may be repeated.",
)
@click.option(
    "--add",
    callback=members_of,
    multiple=True,
    metavar="MEMBER",
    help="A member to add, or to give another weight; may be repeated.",
)
@click.option("--remove", callback=members_of, multiple=True, metavar="MEMBER", help="A member to take out; may be repeated.")
@click.option("--strategy", metavar="STRATEGY", help="Who goes first: priority, round-robin, weighted, least-busy, random.")
@click.pass_obj
def change(
    cli: Cli,
    /,
    *,
    name: str,
    members: tuple[Member, ...],
    add: tuple[Member, ...],
    remove: tuple[Member, ...],
    strategy: str | None,
) -> None:
    """Make a group, or change one. Whatever is not named stays as it is.

    A MEMBER is PROVIDER/ACCOUNT, or PROVIDER for all of its accounts. With the strategy weighted, PROVIDER/ACCOUNT:3 gets
    three times as many requests as a member without a number. Strategies: priority (in the order of the members; the default
    of a new group), round-robin, weighted, least-busy, random, and those of plugins.

    \b
    Examples:
      korproxy group set cheap --member gemini --member qwen/home
      korproxy group set both --member claude/work:3 --member claude/home --strategy weighted
      korproxy group set both --add claude/spare --remove claude/home
    """  # noqa: D301 -- click wants the character itself
    if not (members or add or remove or strategy is not None):
        raise click.UsageError("Say what to change: --member, --add, --remove or --strategy.")
    done = cli.configuration.set_group(name, strategy=strategy, members=members or None, add=add, remove=remove)
    now = cli.configuration.routing().groups[name]
    nobody = "" if now.members else " It has no members, so requests sent there fail."
    text = f"The group {name} has {', '.join(map(member_text, now.members)) or 'nobody'} ({now.strategy}).{nobody}"
    finish(cli, done, text, f"The group {name} was like that already.", group=attrs.asdict(now))


@group.command()
@click.argument("name")
@click.pass_obj
def delete(cli: Cli, /, *, name: str) -> None:
    """Delete a group.

    Refused while a profile or a rule leads to it. Its accounts stay.

    \b
    Examples:
      korproxy group delete cheap
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.delete_group(name)
    finish(cli, done, f"The group {name} is deleted.", group=name)
