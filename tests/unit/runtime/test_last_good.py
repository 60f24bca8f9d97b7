from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio

from korproxy.config.home import Home
from korproxy.config.last_good import keep_last_good, newest
from korproxy.errors.exceptions import CommandFailed, Problem
from korproxy.runtime import last_good as module
from korproxy.runtime.last_good import LastGood, keep
from korproxy.runtime.reload import Reloader
from tests.fakes.reloading import account, open_reloader, started, written
from tests.fakes.waiting import until

Logs = list[logging.LogRecord]
ROUTING = 'version = 1\nprofile = "night"\n\n[profiles.night]\n'


def kept(home: Path) -> str | None:
    """Return korproxy.toml as it was kept last."""
    found = newest(Home(path=home))
    return found.files["korproxy.toml"].decode() if found else None


@asynccontextmanager
async def keeping(home: Path, settings: str, monkeypatch: pytest.MonkeyPatch, *, sound: float) -> AsyncIterator[Reloader]:
    monkeypatch.setattr(module, "SOON", 0.01)
    monkeypatch.setattr(module, "SOUND", sound)
    with trio.fail_after(20):
        async with open_reloader(home, settings) as reloader, trio.open_nursery() as nursery:
            await nursery.start(LastGood(reloader).run)
            yield reloader
            nursery.cancel_scope.cancel()


async def test_the_first_of_all_is_kept_soon(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (module.SOON, module.SOUND) == (1, 60)
    async with keeping(home, account(), monkeypatch, sound=1000):
        await until(lambda: kept(home) == account())


async def test_another_one_is_kept_once_it_has_been_in_force_for_long_enough(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_last_good(Home(path=home), {"korproxy.toml": b"old"})
    async with keeping(home, account(), monkeypatch, sound=0.5) as reloader:
        for _ in range(20):  # one second, in which none is in force for half of one
            await trio.sleep(0.05)
            reloader.parts = attrs.evolve(reloader.parts)
        early = kept(home)
        await until(lambda: kept(home) == account())

    assert early == "old"


def test_all_files_that_are_in_force_are_kept(home: Path) -> None:
    written(home, "", ROUTING)
    keep(started(home, account()))
    found = newest(Home(path=home))

    assert found is not None
    assert found.files == {"korproxy.toml": account().encode(), "routing.toml": ROUTING.encode()}


def test_what_is_not_the_files_own_or_has_no_file_is_not_kept(home: Path) -> None:
    parts = started(home, account())
    wrong = attrs.evolve(parts.loaded, problems=(Problem(code="KP-CONF-202", path="$.x", message="no"),))
    for each in (
        attrs.evolve(parts, demo=True),
        attrs.evolve(parts, careful=True),  # what it leaves out is what a usual start would stumble over
        attrs.evolve(parts, loaded=wrong),
        attrs.evolve(parts, loaded=attrs.evolve(parts.loaded, files={})),
    ):
        keep(each)

    assert kept(home) is None


@pytest.mark.code("KP-CONF-229")
@pytest.mark.parametrize("exc", [CommandFailed("KP-CONF-229", "It cannot be kept."), OSError(24, "Too many open files")])
def test_that_it_cannot_be_kept_is_told_and_hinders_nothing(
    home: Path, exc: Exception, monkeypatch: pytest.MonkeyPatch, expected_logs: Logs
) -> None:
    def broken(*_: object) -> None:
        raise exc

    monkeypatch.setattr(module, "keep_last_good", broken)
    keep(started(home, account()))

    assert [each.getMessage()[:11] for each in expected_logs] == ["KP-CONF-229"]
