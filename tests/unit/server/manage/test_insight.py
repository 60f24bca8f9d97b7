"""The routes that look at the past: what they ask for, whom they let in, what they refuse."""

from __future__ import annotations

import time
from typing import Any

import attrs
import httpx
import pytest

from korproxy.config.settings import ServerSettings
from korproxy.models.searching import WantedLines, WantedRequests
from tests.fakes.gateway import CLIENT_KEY, MANAGEMENT_KEY, IdleInsight, open_gateway
from tests.unit.server.manage.managed import desk_with, managed

KEY = {"x-management-key": MANAGEMENT_KEY}
OPEN = ("/metrics", "/v1/metrics")
LOCKED = ("/v1/requests", "/v1/requests/r-1", "/v1/logs", "/v1/logs/levels", "/v1/diagnostics/bundle")
ROW = {"id": "r-1", "correlation_id": "c-1"}


@attrs.frozen
class Rows(IdleInsight):
    async def requests(self, wanted: WantedRequests) -> dict[str, Any]:
        return {"requests": [{**ROW, "id": each} for each in ("r-2", "r-1") if wanted.id in (each, "c-1")]}


def coded(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json()["error"]["code"] == answer.headers["x-korproxy-error"]
    return answer.status_code, answer.headers["x-korproxy-error"]


# What is asked for


async def test_without_questions_it_is_the_newest_of_all() -> None:
    async with managed(desk_with()) as client:
        requests, logs = await client.get("/v1/requests", headers=KEY), await client.get("/v1/logs", headers=KEY)

    assert requests.json()["wanted"] == attrs.asdict(WantedRequests())
    assert logs.json()["wanted"] == attrs.asdict(WantedLines())


async def test_every_question_reaches_whoever_answers() -> None:
    rows = {"failed": "", "provider": "one", "since": "1779000000.5", "id": "c-1", "user": "ann", "limit": "7"}
    lines = {"level": "WARNING", "component": "gateway", "since": "1779000000.5", "id": "c-1", "limit": "7"}
    async with managed(desk_with()) as client:
        requests = await client.get("/v1/requests", params=rows, headers=KEY)
        logs = await client.get("/v1/logs", params=lines, headers=KEY)
        bundle = await client.get("/v1/diagnostics/bundle", params={"repro": "r-1"}, headers=KEY)

    wanted = WantedRequests(failed=True, provider="one", since=1779000000.5, id="c-1", user="ann", most=7)
    assert requests.json()["wanted"] == attrs.asdict(wanted)
    assert logs.json()["wanted"] == attrs.asdict(
        WantedLines(level="warning", component="gateway", since=1779000000.5, id="c-1", most=7)
    )
    assert bundle.json() == {"repro": "r-1"}


@pytest.mark.parametrize(("query", "seconds"), [("", 86400), ("?since=", 86400), ("?since=3600", 3600), ("?since=7d", 604800)])
async def test_metrics_are_of_the_last_day_unless_said_otherwise(query: str, seconds: float) -> None:
    async with managed(desk_with()) as client:
        answer = await client.get(f"/v1/metrics{query}")

    assert answer.json()["since"] == pytest.approx(seconds, abs=1e-3)


async def test_metrics_since_a_moment_are_of_the_seconds_since_then() -> None:
    async with managed(desk_with()) as client:
        answer = await client.get("/v1/metrics", params={"since": f"{time.time() - 100}"})

    assert 100 <= answer.json()["since"] < 130


async def test_prometheus_gets_its_own_format() -> None:
    async with managed(desk_with()) as client:
        answer = await client.get("/metrics")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.content == b"up 1\n"


async def test_levels_are_told_and_changed() -> None:
    async with managed(desk_with()) as client:
        told = await client.get("/v1/logs/levels", headers=KEY)
        changed = await client.post("/v1/logs/levels", json={"level": "debug"}, headers=KEY)

    assert (told.json(), changed.json()) == ({"level": "info", "levels": {}}, {"level": "debug"})


async def test_one_request_is_told_by_its_own_id() -> None:
    async with managed(desk_with(insight=Rows())) as client:
        answer = await client.get("/v1/requests/r-1", headers=KEY)

    assert (answer.status_code, answer.json()) == (200, ROW)


@pytest.mark.code("KP-SYS-544")
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("r-9", "No request 'r-9' is in the history. [KP-SYS-544: "),
        ("c-1", "No request 'c-1' is in the history. 2 have it as their correlation id: /v1/requests?id=ID lists them."),
        ("x" * 500, "No request 'xxxxxxxx…' is in the history."),
    ],
)
async def test_a_request_that_is_not_there_is_not_found(asked: str, words: str) -> None:
    async with managed(desk_with(insight=Rows())) as client:
        answer = await client.get(f"/v1/requests/{asked}", headers=KEY)

    assert coded(answer) == (404, "KP-SYS-544")
    assert answer.json()["error"]["message"].startswith(words)


MISUNDERSTOOD = (
    *("/metrics?since=1h", "/v1/metrics?sinse=1h", "/v1/metrics?since=soon", "/v1/requests/r-1?x=1"),
    *("/v1/requests?limit=0", "/v1/requests?failed=perhaps", "/v1/requests?provider=a&provider=b", "/v1/requests?id=%ff"),
    *("/v1/logs?level=loud", "/v1/logs?limit=1001", "/v1/logs/levels?level=debug", "/v1/diagnostics/bundle?repo=1"),
)


@pytest.mark.code("KP-SYS-543")
async def test_a_question_that_is_not_understood_is_refused() -> None:
    async with managed(desk_with()) as client:
        found = {path: coded(await client.get(path, headers=KEY)) for path in MISUNDERSTOOD}

    assert found == dict.fromkeys(MISUNDERSTOOD, (400, "KP-SYS-543"))


# Who may


@pytest.mark.parametrize("lane", [True, False], ids=["lane", "hypercorn"])
@pytest.mark.parametrize("server", [ServerSettings(port=0), ServerSettings(port=0, public_reads=False)], ids=["open", "closed"])
async def test_counts_are_public_on_loopback_and_what_tells_of_requests_never_is(server: ServerSettings, lane: bool) -> None:
    found: dict[str, list[tuple[int, str | None]]] = {}
    headers: list[dict[str, str]] = [{}, {"x-management-key": CLIENT_KEY}, {"x-management-key": "wrong"}, KEY]
    settings = attrs.evolve(server, lane=lane)
    async with open_gateway(server=settings) as gateway, httpx.AsyncClient(base_url=gateway.url, trust_env=False) as client:
        for path in (*OPEN, *LOCKED):
            answers = [await client.get(path, headers=each) for each in headers]
            found[path] = [(each.status_code, each.headers.get("x-korproxy-error")) for each in answers]

    closed = [(401, "KP-AUTH-006"), (403, "KP-AUTH-003"), (401, "KP-AUTH-002")]
    public = [(200, None), (200, None), (401, "KP-AUTH-002")]
    last: dict[str, tuple[int, str | None]] = dict.fromkeys((*OPEN, *LOCKED), (200, None))
    last["/v1/requests/r-1"] = (404, "KP-SYS-544")
    expected = {path: [*(public if path in OPEN and server.public_reads else closed), last[path]] for path in last}
    assert found == expected


@pytest.mark.code("KP-AUTH-006")
@pytest.mark.parametrize("path", ["/metrics", "/v1/metrics"])
async def test_counts_are_not_public_through_a_proxy(path: str) -> None:
    async with managed(desk_with()) as client:
        answer = await client.get(path, headers={"x-forwarded-for": "192.0.2.1"})

    assert coded(answer) == (401, "KP-AUTH-006")


OTHERWISE = (
    *("/v1/diagnostics/%62undle", "/v1/diagnostics//bundle", "//v1/diagnostics/bundle", "/v1/diagnostics/./bundle"),
    *("/v1/%72equests", "/v1/requests/", "/v1//requests", "/v1/requests%2Fr-1"),
    *("/v1/logs%2f", "/V1/logs", "/v1/errors/../logs"),
)


async def test_no_other_way_to_write_its_path_opens_what_is_locked() -> None:
    found: dict[str, tuple[int, bool]] = {}
    async with managed(desk_with()) as client:
        for path in OTHERWISE:
            request = client.build_request("GET", client.base_url)
            request.url = request.url.copy_with(raw_path=path.encode())
            answer = await client.send(request)
            found[path] = answer.status_code, any(each in answer.content for each in (b'"wanted"', b'"repro"'))

    assert {path: each for path, each in found.items() if each[0] not in (308, 401, 404) or each[1]} == {}


@pytest.mark.parametrize("headers", [{}, {"x-management-key": CLIENT_KEY}], ids=["none", "client"])
async def test_levels_are_changed_by_managers_only(headers: dict[str, str]) -> None:
    async with managed(desk_with()) as client:
        answer = await client.post("/v1/logs/levels", json={"level": "debug"}, headers=headers)

    assert answer.status_code in (401, 403)
