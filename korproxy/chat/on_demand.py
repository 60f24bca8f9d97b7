"""The names of ``korproxy.chat``, imported when the first of them is asked for: its classes take 40 ms to make."""

from __future__ import annotations

import sys
from importlib import import_module


def find(name: str) -> object:
    """Return what ``korproxy.chat`` has by *name*, and leave all that it has there, so that this is asked once.

    Raises:
        AttributeError: It has nothing of that name.
    """
    if not name.startswith("__"):
        everything = vars(import_module("korproxy.chat.everything"))
        names = {each: found for each, found in everything.items() if not each.startswith("__")}
        vars(sys.modules["korproxy.chat"]).update(names)
        if name in names:
            return names[name]
    raise AttributeError(f"module 'korproxy.chat' has no attribute {name!r}")
