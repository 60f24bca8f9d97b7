"""The commands that look at the past. Each is imported when it is run; to list them costs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from korproxy.api import Command, hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def korproxy_commands() -> Iterable[Command]:
    """Offer ``logs``, ``log-level``, ``requests``, ``metrics``, ``debug-bundle`` and ``self-test``."""
    return [
        Command("logs", "Show what KorProxy has logged, or follow it.", _logs),
        Command("log-level", "Have the running daemon say more or less.", _log_level),
        Command("requests", "List past requests, the newest first.", _requests),
        Command(
            "metrics", "Say how many requests there were, how they ended, what they cost and how long they took.", _metrics
        ),
        Command("debug-bundle", "Put all that helps to find a fault into one file, without secrets.", _debug_bundle),
        Command("self-test", "Prove that KorProxy does what it promises.", _self_test),
    ]


def _logs() -> click.Command:
    from korproxy.builtin.commands.look.logs import logs

    return logs


def _log_level() -> click.Command:
    from korproxy.builtin.commands.look.log_level import log_level

    return log_level


def _requests() -> click.Command:
    from korproxy.builtin.commands.look.requests import requests

    return requests


def _metrics() -> click.Command:
    from korproxy.builtin.commands.look.metrics import metrics

    return metrics


def _debug_bundle() -> click.Command:
    from korproxy.builtin.commands.look.debug_bundle import debug_bundle

    return debug_bundle


def _self_test() -> click.Command:
    from korproxy.builtin.commands.look.self_test import self_test

    return self_test
