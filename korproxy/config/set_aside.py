"""A copy of a file of the configuration, before it is written over with something that does not hold all that was in it."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from korproxy.config import durable
from korproxy.config.documents import content
from korproxy.errors.exceptions import ConfigError


def set_aside(path: Path, why: str) -> Path | None:
    """Copy what is in *path* to ``NAME.WHY`` beside it, and return that; None if nothing is there.

    No copy is ever written over: another one with another content gets a number. Only for who holds the lock.

    Raises:
        CommandFailed: KP-CONF-229: it cannot be written.
        ConfigError: KP-CONF-201: *path* cannot be read.
    """
    data = content(path)
    if data is None:
        return None
    for number in count(1):
        copy = path.with_name(f"{path.name}.{why}" if number == 1 else f"{path.name}.{why}.{number}")
        try:
            there = content(copy)
        except ConfigError:  # a folder, say
            continue
        if there is None:
            durable.write(copy, data)
        if there in (None, data):
            return copy
    raise AssertionError("there are endless numbers")
