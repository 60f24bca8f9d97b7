"""Times on command lines: a callback for click, and how they are shown."""

from __future__ import annotations

from datetime import datetime

import click

from korproxy.api import moment


def since_of(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """Return the seconds since the epoch that ``24h``, ``10m`` or ``2026-11-29T12:00`` says; None stays None."""
    if value is None:
        return None
    try:
        return moment(value, now())
    except ValueError as exc:
        raise click.BadParameter(f"{value[:40]!r} is no time. {exc}.") from None


def now() -> float:
    """Return seconds since the epoch."""
    return datetime.now().astimezone().timestamp()


def local(seconds: object, *, date: bool = True) -> str:
    """Write *seconds* since the epoch in local time, for people; ``?`` where it is no time."""
    if not isinstance(seconds, int | float):
        return "?"
    try:
        found = datetime.fromtimestamp(seconds).astimezone()
    except (ValueError, OverflowError, OSError):
        return "?"
    return f"{found:%Y-%m-%d %H:%M:%S}" if date else f"{found:%H:%M:%S}"
