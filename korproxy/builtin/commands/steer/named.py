"""How accounts, members of groups and headers are written on command lines: callbacks for click."""

from __future__ import annotations

from collections.abc import Sequence

import click

from korproxy.api import Member

DIGITS = 9  # of a weight; what is too heavy with fewer is told with its place


def account_of(_: click.Context, __: click.Parameter, value: str) -> tuple[str, str]:
    """Return the provider's id and the account's name in ``PROVIDER/ACCOUNT``."""
    provider, slash, account = value.partition("/")
    if not slash or not provider or not account:
        raise click.BadParameter("an account is written PROVIDER/ACCOUNT, such as claude/work.")
    return provider, account


def members_of(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[Member, ...]:
    """Return the members in texts such as ``PROVIDER[/ACCOUNT][:WEIGHT]``."""
    return tuple(map(_member, values))


def _member(value: str) -> Member:
    text, colon, weight = value.rpartition(":")
    if not colon or not weight.isdecimal():
        text, weight = value, "1"
    provider, slash, account = text.partition("/")
    if not provider or (slash and not account) or len(weight) > DIGITS:
        raise click.BadParameter("a member is written PROVIDER, PROVIDER/ACCOUNT or PROVIDER/ACCOUNT:WEIGHT.")
    return Member(provider=provider, account=account, weight=int(weight))


def member_text(member: Member, *, weights: bool = False) -> str:
    """Return *member* as it is written; its weight where it is not 1, or in any case."""
    name = f"{member.provider}/{member.account}" if member.account else member.provider
    return f"{name}:{member.weight}" if weights or member.weight != 1 else name


def headers_of(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """Return the headers in texts such as ``NAME: VALUE``; names in lower case."""
    found = {}
    for each in values:
        name, colon, text = each.partition(":")
        if not colon or not name.strip() or not text.strip():
            raise click.BadParameter("a header is written 'NAME: VALUE'.")
        found[name.strip().lower()] = text.strip()
    return found
