from __future__ import annotations

import gc
import linecache
import sys
import weakref
from collections.abc import Iterator
from importlib import import_module

import pytest

from korproxy.runtime.memory import ONCE, ROUND, settle, uncollected


class Knot:
    """Refers to itself, so that only the collector can free it."""

    def __init__(self) -> None:
        self.me = self


def _is_looked_at(thing: object) -> bool:
    return any(each is thing for each in gc.get_objects())


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def test_nothing_is_collected_in_the_block_and_all_is_after_it() -> None:
    with uncollected():
        within = gc.isenabled()

    assert (within, gc.isenabled()) == (False, True)


def test_a_block_within_another_ends_nothing() -> None:
    with uncollected():
        with uncollected():
            pass
        within = gc.isenabled()

    assert (within, gc.isenabled()) == (False, True)


def test_a_block_that_fails_leaves_the_collector_on() -> None:
    with pytest.raises(ValueError, match="no start"), uncollected():
        raise ValueError("no start")

    assert gc.isenabled()


def test_what_a_start_leaves_behind_is_freed_and_the_rest_is_never_looked_at_again() -> None:
    with uncollected():
        left = weakref.ref(Knot())
        linecache.cache["<attrs generated>"] = (4, None, ["self"], "<attrs generated>")
        settle()
        found = (left(), gc.isenabled(), gc.get_freeze_count() > 1000, "<attrs generated>" in linecache.cache)

    assert found == (None, True, True, False)


def test_what_is_loaded_later_can_be_settled_as_well() -> None:
    with uncollected():
        settle()
        later = Knot()
        looked_at = _is_looked_at(later)
        settle()

    assert (looked_at, _is_looked_at(later)) == (True, False)


def test_without_such_a_start_everything_is_collected_as_ever() -> None:
    settle()

    assert (gc.isenabled(), gc.get_freeze_count()) == (True, 0)


def test_after_a_start_rounds_are_rarer() -> None:
    with uncollected():
        settle()

    assert gc.get_threshold()[0] == ROUND


def test_what_only_a_start_needs_goes_and_can_be_imported_again() -> None:
    before = {name: sys.modules.get(name) for name in ONCE}
    try:
        with uncollected():
            import_module("tomllib")
            settle()
        left = [name for name in ONCE if name in sys.modules]

        assert (left, import_module("tomllib").loads("a = 1")) == ([], {"a": 1})
    finally:
        sys.modules.update({name: module for name, module in before.items() if module is not None})
