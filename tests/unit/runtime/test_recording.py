from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.config.home import Home, prepare
from korproxy.config.loading import parse
from korproxy.gateway.redact import Redactor
from korproxy.runtime.compose import Composition, compose
from korproxy.runtime.recording import make_recorder, place_of_store, services_of
from korproxy.store.connection import StoreDown
from korproxy.store.place import InFile
from korproxy.store.services import MetricsFlush, Purge
from tests.fakes.stores import database, finished


def composed(home: Path, text: str) -> Composition:
    return compose(Home(path=home), root=parse(text, path="korproxy.toml"), no_plugins=True)


def test_without_an_address_the_store_is_a_file_of_the_home(home: Path) -> None:
    assert place_of_store(composed(home, "")) == InFile(home / "korproxy.db")


def test_with_one_it_is_there_and_the_address_is_looked_up_when_it_is_opened(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of_store(composed(home, '[store]\nurl = "env:DB"'))
    home.mkdir()
    with pytest.raises(StoreDown, match=r"\[store\] url: The environment variable DB is not set"):
        place.open()
    monkeypatch.setenv("DB", "mysql://u:hunter2@h/d")
    place = place_of_store(composed(home, '[store]\nurl = "env:DB"'))
    with pytest.raises(StoreDown, match=r"does not begin with postgresql://\."):
        place.open()


async def test_what_is_configured_is_what_is_done(home: Path) -> None:
    text = "[store]\nhistory = false\ndays = 3\nmost_requests = 9\nflush = 4.0"
    parts = composed(home, text)
    recorder = make_recorder(parts, Redactor())
    flush, purge = services_of(recorder, parts)
    assert isinstance(flush, MetricsFlush)
    assert isinstance(purge, Purge)
    assert (recorder.history, recorder.metrics, flush.every, purge.days, purge.most) == (False, True, 4.0, 3, 9)
    assert purge.exists() is False


async def test_names_are_redacted_by_the_rules_of_the_daemon(home: Path) -> None:
    parts = composed(home, "")
    prepare(parts.home)
    recorder = make_recorder(parts, Redactor.of(each.item for each in parts.offered_redactions))
    recorder.take(finished(1, model="sk-ant-REDACTED"))
    (row,) = await recorder.ask(lambda store: store.connection.execute("SELECT model FROM requests"))
    await recorder.ask(lambda store: store.close())
    assert row == ("***REDACTED***",)


async def test_a_real_daemons_settings_lead_to_a_real_postgresql(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(Home(path=home))
    with database("postgresql", home) as found:
        monkeypatch.setenv("DB", found.place.url())  # type: ignore[attr-defined]
        recorder = make_recorder(composed(home, '[store]\nurl = "env:DB"'), Redactor())
        recorder.take(finished(1))
        assert await recorder.ask(lambda store: (store.connection.kind, store.facts()["requests"])) == ("postgresql", 1)
        await recorder.ask(lambda store: store.close())
    assert (home / "replica.id").exists()
