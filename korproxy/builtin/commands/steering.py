"""The commands that steer KorProxy while it works. Each is imported when it is run; to list them costs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from korproxy.api import Command, hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def korproxy_commands() -> Iterable[Command]:
    """Offer ``account``, ``profile``, ``group``, ``route``, ``why``, ``safe-mode``, ``reload`` and ``config``."""
    return [
        Command("account", "Add, remove, disable and wake accounts.", _account),
        Command("profile", "Choose which accounts serve which kind of request.", _profile),
        Command("group", "Group accounts that can stand in for each other.", _group),
        Command("route", "Route some requests by rules, and see where one would go.", _route),
        Command("why", "Say why a request went where it went, and what came of it.", _why),
        Command("safe-mode", "Send all conversations to one cheap, reliable model.", _safe_mode),
        Command("reload", "Have the running daemon read its configuration again.", _reload),
        Command("config", "Export, import, migrate and validate the whole configuration.", _config),
    ]


def _account() -> click.Command:
    from korproxy.builtin.commands.steer.account import account

    return account


def _profile() -> click.Command:
    from korproxy.builtin.commands.steer.profile import profile

    return profile


def _group() -> click.Command:
    from korproxy.builtin.commands.steer.group import group

    return group


def _route() -> click.Command:
    from korproxy.builtin.commands.steer.route import route

    return route


def _why() -> click.Command:
    from korproxy.builtin.commands.steer.why import why

    return why


def _safe_mode() -> click.Command:
    from korproxy.builtin.commands.steer.safe_mode import safe_mode

    return safe_mode


def _reload() -> click.Command:
    from korproxy.builtin.commands.steer.reload import reload

    return reload


def _config() -> click.Command:
    from korproxy.builtin.commands.steer.config import config

    return config
