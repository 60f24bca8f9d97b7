"""When Python looks for what nothing refers to any more: not while the daemon starts, and never again in what stays for good.

A start makes a hundred thousand objects that all stay: modules, functions, classes. Python's collector goes through them again
and again meanwhile, which takes a tenth of the whole start, and later once more with each of its full rounds, while requests
wait. So it is off until the start is over. Then one round frees what starting has left behind, and what is still there is left
out of all further ones (``gc.freeze``).
"""

from __future__ import annotations

import gc
import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Modules that only a start needs, for a look at the language and at korproxy.toml. Whoever needs them again imports them again.
ONCE = ("locale", "tomllib", "tomllib._parser", "tomllib._re", "tomllib._types")
ROUND = 5_000  # objects between two rounds; at 700, as many as a few dozen requests have at once, rounds cost them a fortieth


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect nothing in the block, or until ``settle`` is called in it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def settle() -> None:
    """Free what is left of an ``uncollected`` start, leave the rest alone for good, and collect from then on.

    The first time it takes some 30 ms, in which no other thread runs; after more was loaded it can be called again, and looks
    at that only. Without such a start it does nothing: what else runs in this process (a test, a program that embeds KorProxy)
    may count on all of its objects being looked at.
    """
    if gc.isenabled() and not gc.get_freeze_count():
        return
    for name in ONCE:
        sys.modules.pop(name, None)
    linecache.clearcache()  # attrs puts the source of all that it generates there, for debuggers: more than 1 MB
    gc.collect()
    gc.freeze()
    gc.set_threshold(ROUND)
    gc.enable()
