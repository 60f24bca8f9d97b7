from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from korproxy.errors.exceptions import BadRequest, CommandFailed
from korproxy.gateway.redact import Redactor
from korproxy.models.calls import Call, Peek
from korproxy.models.decisions import Decision
from korproxy.models.searching import WantedLines, WantedRequests
from korproxy.plugins.offers import Offer
from korproxy.runtime.health import Health
from korproxy.runtime.health_check import HealthCheck
from korproxy.runtime.running_bundle import running_bundle
from korproxy.runtime.supervise import ServiceState
from tests.fakes.finished import finished
from tests.fakes.reloading import account, open_reloader
from tests.unit.runtime.test_bundle_schema import mistakes
from tests.unit.runtime.test_health import SECRET, FakeCollector, Hider

REDACTOR = Redactor.of([Hider()])
SPREAD = {"count": 0, "mean": None, "p50": None, "p90": None, "p99": None}
COUNTED = {
    **dict.fromkeys(("requests", "ok", "refused", "failed", "client_left", "attempts"), 0),
    "error_rate": 0.0,
    "errors": {},
    "tokens": {},
    "bytes": {},
    "seconds": SPREAD,
    "first_byte": SPREAD,
}
LINE = {"time": "2026-01-01T00:00:00.000Z", "level": "info", "component": "x", "message": SECRET}


@attrs.define
class Past:
    """What is known of the past; asked for rows it raises *fails* where there is one."""

    fails: Exception | None = None
    asked: list[object] = attrs.field(factory=list)

    async def metrics(self, since: float) -> Mapping[str, Any]:
        self.asked.append(since)
        tables: dict[str, list[object]] = {name: [] for name in ("by_provider", "by_model", "by_profile", "by_type")}
        return {"since": 1.0, "until": 2.0, "total": COUNTED, **tables}

    async def requests(self, wanted: WantedRequests) -> Mapping[str, Any]:
        self.asked.append(wanted.failed)
        if self.fails:
            raise self.fails
        return {"requests": []}

    async def logs(self, wanted: WantedLines) -> Mapping[str, Any]:
        self.asked.append(wanted.most)
        return {"lines": [LINE]}

    async def store(self) -> Mapping[str, Any]:
        if self.fails:
            raise self.fails
        return {"bytes": 4096, "oldest_request": 0.0}


@asynccontextmanager
async def running(home: Path, *collectors: FakeCollector, services: tuple[ServiceState, ...] = ()) -> AsyncIterator[Health]:
    async with open_reloader(home, account()) as reloader:
        reloader.parts = attrs.evolve(reloader.parts, offered_collectors=[Offer("x", each) for each in collectors])
        yield Health(
            about={"pid": 4711},
            reloader=reloader,
            checks=HealthCheck(reloader),
            services=lambda: services,
            redactor=REDACTOR,
            began=trio.current_time(),
            books=lambda: {"waiting": 3},
        )


def fail(health: Health, number: int = 1) -> None:
    """Have a request end badly."""
    lasting = health.reloader.shared.lasting
    ended = finished(number, outcome="failed", provider="one", account="work", attempts=1, code="KP-NET-301", first_byte=0.1)
    peek, body = Peek("m", stream=False), json.dumps({"model": "m", "messages": [SECRET]}).encode()
    lasting.stories.add((ended, Decision(type="chat", profile="default", wanted="m", model="m"), None))
    lasting.shapes.add(Call(ended.id, ended.correlation_id, "openai-chat", "/v1/chat/completions", peek, body), ended)


async def test_the_running_daemon_tells_all_parts_and_no_secret(home: Path) -> None:
    services = ServiceState(name="sink log", state="running"), ServiceState(name="s", last_error=SECRET, restarts=2)
    past = Past()
    async with running(home, FakeCollector("gpu", {"name": SECRET}), services=services) as health:
        fail(health)
        found = await running_bundle(health, past, REDACTOR, repro="r-1")

    assert SECRET not in json.dumps(found)
    assert mistakes(found) == []
    assert (found["asked"], found["remarks"], found["cut"]) == ("daemon", [], [])
    assert (found["korproxy"]["pid"], found["korproxy"]["home"]) == (4711, str(home))
    assert found["sections"] == {"gpu": {"name": "***"}}
    assert found["store"] == {"waiting": 3, "bytes": 4096, "oldest_request": "1970-01-01T00:00:00.000Z"}
    assert found["log"]["lines"] == [{**LINE, "message": "***"}]
    assert [(each["id"], each["why"]["decision"]["wanted"]) for each in found["failures"]] == [("r-1", "m")]
    assert found["providers"][0]["accounts"][0]["last_error"]["code"] == "KP-NET-301"
    assert found["repro"]["body"] == {"model": "m", "messages": ["xxxxxxx"]}
    assert sorted(past.asked, key=str) == [100, 86400.0, False, True]
    json.dumps(found, allow_nan=False)


async def test_what_cannot_be_had_is_said_and_costs_nothing_else(home: Path) -> None:
    async with running(home) as health:
        fail(health)
        found = await running_bundle(health, Past(fails=CommandFailed("KP-SYS-533", "No store.")), REDACTOR)

    assert sorted(found["remarks"]) == [f"{each}: [KP-SYS-533] No store." for each in ("failed", "recent", "store")]
    assert [each["id"] for each in found["failures"]] == ["r-1"]
    assert mistakes(found) == []


@pytest.mark.code("KP-SYS-539")
async def test_a_shape_that_nobody_remembers_is_an_error(home: Path) -> None:
    async with running(home) as health:
        with pytest.raises(BadRequest) as caught:
            await running_bundle(health, Past(), REDACTOR, repro="r-9")

    assert caught.value.code == "KP-SYS-539"
    assert str(caught.value) == "No shape of a failed request 'r-9' is remembered."
