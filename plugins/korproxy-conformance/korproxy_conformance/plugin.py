"""The plugin: one command for ``korproxy``. Imports nothing of KorProxy; its contract is a name, a help and ``load``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs
import pluggy

if TYPE_CHECKING:
    import click

hookimpl = pluggy.HookimplMarker("korproxy")


@attrs.frozen(kw_only=True)
class Command:
    """What KorProxy wants to know of a command; ``load`` is called only when it is run."""

    name: str
    help: str
    load: Callable[[], click.Command]


@hookimpl
def korproxy_commands() -> Iterable[Command]:
    """Add ``korproxy conformance``."""
    yield Command(name="conformance", help="Check every format against every other, here or at another gateway.", load=_load)


def _load() -> click.Command:
    from korproxy_conformance.command import conformance

    return conformance
