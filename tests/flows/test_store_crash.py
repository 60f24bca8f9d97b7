"""A daemon that is killed under load loses what it had not written yet, and nothing else."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio

from tests.fakes.process import DaemonProcess, daemon, korproxy
from tests.fakes.stores import schema
from tests.fakes.waiting import until

FLUSH = 0.3  # seconds
MARGIN = 0.7  # seconds in which a flush has to be done once it is due, on a busy machine
SAFE = 30  # requests that must not be lost
CHAT: dict[str, Any] = {"model": "mock", "messages": [{"role": "user", "content": "hi"}]}
SETTINGS = f"[store]\nflush = {FLUSH}\n"


@attrs.define
class Load:
    """Clients that ask without a pause, each in a thread of its own.

    Attributes:
        ended: When each request ended, by its id.
    """

    running: DaemonProcess
    ended: dict[str, float] = attrs.field(factory=dict)
    _over: threading.Event = attrs.field(factory=threading.Event)
    _threads: list[threading.Thread] = attrs.field(factory=list)

    def begin(self, clients: int = 4) -> None:
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for each in self._threads:
            each.start()

    def end(self) -> None:
        self._over.set()
        for each in self._threads:
            each.join(10)

    def _ask(self) -> None:
        headers = {"authorization": f"Bearer {self.running.key}"}
        with httpx.Client(base_url=self.running.url, headers=headers, trust_env=False) as client:
            while not self._over.is_set():
                try:
                    answer = client.post("/v1/chat/completions", json=CHAT)
                except httpx.TransportError:
                    return  # it was killed
                if answer.status_code == 200:
                    self.ended[answer.headers["x-korproxy-request"]] = time.monotonic()


def test_a_daemon_that_is_killed_loses_one_flush_at_most(home: Path) -> None:
    path = home / "korproxy.db"

    def ids() -> list[str]:
        with closing(sqlite3.connect(path)) as connection:
            return [each for (each,) in connection.execute("SELECT request_id FROM history")]

    killed_and_started_again(home, SETTINGS, ids)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.slow
def test_so_does_one_that_writes_to_postgresql(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with schema() as url:
        import psycopg

        def ids() -> list[str]:
            with psycopg.connect(url) as connection:
                return [each for (each,) in connection.execute("SELECT request_id FROM history")]

        monkeypatch.setenv("DB", url)
        killed_and_started_again(home, SETTINGS + 'url = "env:DB"\n', ids)


def killed_and_started_again(home: Path, settings: str, ids: Callable[[], list[str]]) -> None:
    """Kill a daemon under load, start it again, and look at what *ids* returns: all requests that are in the history."""
    with daemon(home, "--demo", settings=settings) as running:
        with asking(running) as client:
            assert counted(client) == (0, 0)  # the store is open from here on
        load = Load(running)
        load.begin()
        trio.run(until, lambda: len(load.ended) >= SAFE, 30)
        time.sleep(FLUSH + MARGIN)  # then those are written, whatever comes
        killed = time.monotonic()
        running.ask_to_stop(signal.SIGKILL)
        load.end()
        assert running.wait() == -signal.SIGKILL
    safe = {each for each, at in load.ended.items() if at <= killed - FLUSH - MARGIN}
    stored = ids()
    assert len(safe) >= SAFE
    assert safe - set(stored) == set()
    assert len(stored) == len(set(stored))

    with daemon(home, "--demo", settings=settings) as again, asking(again) as client:
        assert counted(client) == (len(stored), len(stored))
        for _ in range(3):
            client.post("/v1/chat/completions", json=CHAT, headers={"authorization": f"Bearer {again.key}"})
        assert counted(client) == (len(stored) + 3, len(stored) + 3)
        again.ask_to_stop()
        assert again.wait() == 0
    told = json.loads(korproxy("metrics", "--json", home=home).stdout)
    assert (told["asked"], told["total"]["requests"], len(ids())) == ("files", len(stored) + 3, len(stored) + 3)


def asking(running: DaemonProcess) -> httpx.Client:
    return httpx.Client(base_url=running.url, headers={"x-management-key": running.management_key}, trust_env=False)


def counted(client: httpx.Client) -> tuple[int, int]:
    """Return how many requests there were, by the minutes and by what Prometheus is told."""
    whole = client.get("/v1/metrics").json()["total"]["requests"]
    lines = [each for each in client.get("/metrics").text.splitlines() if each.startswith("korproxy_requests_total{")]
    return whole, sum(int(float(each.rpartition(" ")[2])) for each in lines)
