from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from korproxy.runtime import watch as module
from korproxy.runtime.reload import Reloader
from korproxy.runtime.watch import Asked, ConfigWatch
from korproxy.runtime.watched import files_of, seen_now
from tests.fakes.reloading import account, open_reloader, written
from tests.fakes.waiting import until

Logs = list[logging.LogRecord]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.02)
    monkeypatch.setattr(module, "SETTLING", 0.01)


@asynccontextmanager
async def watching(home: Path, settings: str = "", asked: Asked | None = None) -> AsyncIterator[Reloader]:
    with trio.fail_after(20):
        async with open_reloader(home, settings) as reloader, trio.open_nursery() as nursery:
            await nursery.start(ConfigWatch(reloader, asked or Asked()).run)
            yield reloader
            nursery.cancel_scope.cancel()


def test_the_configuration_is_looked_at_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert module.EVERY == 1.0
    assert module.SETTLING * module.STEPS <= 1.0


@pytest.mark.parametrize("name", ["korproxy.toml", "routing.toml", "accounts.toml"])
async def test_a_change_of_a_file_is_put_in_force_and_said(home: Path, name: str) -> None:
    async with watching(home, account()) as reloader:
        await trio.Path(home / "draft").write_text((account() if name == "korproxy.toml" else "version = 1\n") + "# changed\n")
        await trio.Path(home / "draft").replace(home / name)
        await until(lambda: reloader.last)

        assert reloader.last is not None
        assert reloader.last.ok
        assert reloader.last.reason == f"{name} changed"


async def test_a_secret_that_is_replaced_is_read_again(home: Path) -> None:
    written(home)
    secret = home / "secrets" / "one"
    secret.write_text("sk-first")
    secret.chmod(0o600)
    async with watching(home, account(key="file:secrets/one")) as reloader:
        await trio.Path(secret).write_text("sk-second-one")
        await until(lambda: reloader.last)
        found = reloader.parts.providers[0].accounts[0].secret

    assert found is not None
    assert found.reveal() == "sk-second-one"


async def test_nothing_is_read_where_nothing_has_changed(home: Path) -> None:
    async with watching(home, account()) as reloader:
        for _ in range(10):
            await trio.sleep(module.EVERY)
        assert reloader.last is None


async def test_a_bad_file_is_told_once_and_read_again_when_it_has_changed(home: Path, expected_logs: Logs) -> None:
    async with watching(home, account()) as reloader:
        written(home, "[server")
        await until(lambda: reloader.last)
        for _ in range(10):
            await trio.sleep(module.EVERY)
        bad = reloader.last
        written(home, account("two"))
        await until(lambda: reloader.last is not bad)

        assert bad is not None
        assert (bad.ok, [each.id for each in reloader.parts.providers], len(expected_logs)) == (False, ["two"], 1)


async def test_whoever_asks_is_heard_at_once_and_also_if_it_was_before(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 1000.0)
    asked = Asked()
    asked.ask("SIGHUP")
    async with watching(home, account(), asked) as reloader:
        await until(lambda: reloader.last)
        first = reloader.last
        asked.ask("SIGHUP again")
        await until(lambda: reloader.last is not first)

        assert first is not None
        assert reloader.last is not None
        assert (first.reason, reloader.last.reason) == ("SIGHUP", "SIGHUP again")
        assert reloader.parts.generation == 2


async def test_what_a_reload_has_read_is_no_change_any_more(home: Path) -> None:
    async with watching(home, account()) as reloader:
        written(home, account("two"))
        await reloader.reload("asked")
        for _ in range(10):
            await trio.sleep(module.EVERY)
        assert reloader.parts.generation == 1


async def test_what_changed_since_the_start_read_it_is_seen(home: Path) -> None:
    async with open_reloader(home, account()) as reloader:
        reloader.seen = seen_now(files_of(reloader.home, reloader.parts.loaded.root))
        written(home, account("two"))
        async with trio.open_nursery() as nursery:
            await nursery.start(ConfigWatch(reloader).run)
            await until(lambda: reloader.last)
            nursery.cancel_scope.cancel()

    assert [each.id for each in reloader.parts.providers] == ["two"]


async def test_a_file_is_read_once_nobody_writes_it_any_more(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLING", 0.5)  # 25 times as long as a writer pauses here: a busy machine changes nothing
    async with watching(home, account()) as reloader:
        async with await trio.open_file(home / "korproxy.toml", "w") as file:
            for line in (account("two") + account("three")).splitlines(keepends=True):
                await file.write(line)
                await file.flush()
                await trio.sleep(0.02)
        await until(lambda: reloader.last)
        assert (reloader.parts.generation, [each.id for each in reloader.parts.providers]) == (1, ["two", "three"])
