"""The management API through a real socket: what it answers, to whom, and that nobody waits for Quart before it is needed."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import textwrap
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import trio

from korproxy.config.settings import ServerSettings
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.server.asgi import App, AsgiApp
from korproxy.server.manage import app as management
from korproxy.server.manage.desk import Desk
from korproxy.server.manage.insight import LINES, REQUESTS
from tests.fakes.gateway import CLIENT_KEY, MANAGEMENT_KEY, open_gateway
from tests.unit.server.manage.managed import desk_with, managed

ROOT = Path(__file__).parents[4]
CODES = Registry.of(BUILTIN_CODES)
READS = ("/v1/diagnostics/health", "/v1/providers", "/v1/errors", "/v1/errors/KP-SYS-506", "/errors/KP-SYS-506")
MANAGER = {"x-management-key": MANAGEMENT_KEY}
CLOSED = ServerSettings(port=0, public_reads=False)


def verdict(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("x-korproxy-error")


def is_plain_error(answer: httpx.Response, code: str) -> bool:
    error = answer.json()["error"]
    return (answer.headers["content-type"], answer.headers["x-korproxy-error"], error["code"]) == (
        "application/json",
        code,
        code,
    )


# What is read


async def test_health_is_what_the_daemon_says_of_itself() -> None:
    async def health() -> dict[str, object]:
        return {"status": "ok", "plugins": {"broken": 0}, "text": "ü"}

    async with managed(desk_with(health=health)) as client:
        answer = await client.get("/v1/diagnostics/health")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {"status": "ok", "plugins": {"broken": 0}, "text": "ü"}


async def test_all_codes_are_listed_in_their_order() -> None:
    async with managed() as client:
        answer = await client.get("/v1/errors")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"errors": [each.to_dict() for each in CODES]}


@pytest.mark.parametrize("written", ["KP-AUTH-006", "kp-auth-006", "Kp-Auth-006"])
async def test_a_code_is_found_however_it_is_written(written: str) -> None:
    async with managed() as client:
        as_json, as_page = await client.get(f"/v1/errors/{written}"), await client.get(f"/errors/{written}")

    assert as_json.json() == CODES["KP-AUTH-006"].to_dict()
    assert "<h1>KP-AUTH-006</h1>" in as_page.text


@pytest.mark.code("KP-SYS-506")
@pytest.mark.parametrize("prefix", ["/v1/errors/", "/errors/"])
async def test_a_code_that_is_none_is_not_found(prefix: str) -> None:
    async with managed() as client:
        answer = await client.get(f"{prefix}KP-SYS-999")

    assert answer.status_code == 404
    assert is_plain_error(answer, "KP-SYS-506")
    assert "There is no error code 'KP-SYS-999'." in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "odd", ["%3Cscript%3Ealert(1)%3C/script%3E", "%00%0d%0aX-Evil:%201", "%ff%fe", "x" * 5000, "..%2f..", " "]
)
async def test_odd_codes_are_refused_as_data(odd: str) -> None:
    async with managed() as client:
        answer = await client.get(f"/errors/{odd}")

    assert answer.status_code == 404
    assert is_plain_error(answer, "KP-SYS-506")
    assert len(answer.content) < 500
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/v1/diagnostics", "/v1/diagnostics/nothing", "/v1/providers/one", "/errors", "/v1/errors/", "/errors/a/b"]
)
async def test_where_nothing_is_that_is_said_in_json(path: str) -> None:
    async with managed() as client:
        answer = await client.get(path)

    assert answer.status_code == 404
    assert is_plain_error(answer, "KP-SYS-506")


async def test_the_link_in_a_refusal_leads_to_the_page_of_its_code() -> None:
    async with managed() as client:
        refused = await client.get("/v1/providers/one")
        page = await client.get(refused.json()["error"]["docs"])

    assert page.status_code == 200
    assert "<h1>KP-SYS-506</h1>" in page.text


class Assets(HTMLParser):
    """Collects whatever a browser would load or run, or follow to somewhere else."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag in {"script", "link", "img", "iframe", "object", "embed", "base", "form"} or names & {"src", "href", "srcset"}:
            self.found.append(self.get_starttag_text() or tag)
        self.found += [name for name in names if name.startswith("on")]


async def test_no_page_loads_anything() -> None:
    found: dict[str, list[str]] = {}
    async with managed() as client:
        for code in BUILTIN_CODES:
            answer = await client.get(f"/errors/{code.code}")
            assets = Assets()
            assets.feed(answer.text)
            style = answer.text.split("<style>")[1].split("</style>")[0]
            found[code.code] = assets.found + [each for each in ("url(", "@import") if each in style]
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")

    assert found == {code.code: [] for code in BUILTIN_CODES}


@pytest.mark.parametrize("path", [*READS, "/errors/KP-SYS-999"])
async def test_head_is_get_without_a_body(path: str) -> None:
    async with managed() as client:
        full, head = await client.get(path), await client.head(path)

    varying = {"date", "x-korproxy-request", "x-correlation-id", "x-request-id"}
    one, other = ({name: value for name, value in each.headers.items() if name not in varying} for each in (full, head))
    assert (head.status_code, head.content, other) == (full.status_code, b"", one)


# Who may


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("key", ["", CLIENT_KEY, MANAGEMENT_KEY], ids=["none", "client", "management"])
async def test_reads_are_open_on_loopback_whatever_good_key_comes_with_them(path: str, key: str) -> None:
    async with managed() as client:
        answer = await client.get(path, headers={"authorization": f"Bearer {key}"} if key else {})

    assert answer.status_code == 200


@pytest.mark.code("KP-AUTH-006")
@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("header", ["x-forwarded-for", "X-Forwarded-Host", "X-Forwarded-Whatever", "forwarded"])
async def test_reads_are_closed_to_whoever_comes_through_a_proxy(path: str, header: str) -> None:
    async with managed() as client:
        refused = await client.get(path, headers={header: "192.0.2.1"})
        admitted = await client.get(path, headers={header: "192.0.2.1", **MANAGER})

    assert (verdict(refused), admitted.status_code) == ((401, "KP-AUTH-006"), 200)


@pytest.mark.parametrize("path", [*READS, "/v1/providers/none"])
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (401, "KP-AUTH-006")),
        ({"x-management-key": "wrong"}, (401, "KP-AUTH-002")),
        ({"x-management-key": CLIENT_KEY}, (403, "KP-AUTH-003")),
        ({"authorization": f"Bearer {CLIENT_KEY}"}, (403, "KP-AUTH-003")),
    ],
    ids=["no key", "wrong key", "client key", "client key as bearer"],
)
async def test_reads_that_are_not_public_take_a_key_that_may(
    path: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    async with managed(server=CLOSED) as client:
        answer = await client.get(path, headers=headers)

    assert verdict(answer) == expected


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("headers", [MANAGER, {"authorization": f"Bearer {MANAGEMENT_KEY}"}], ids=["header", "bearer"])
async def test_the_management_key_opens_reads_that_are_not_public(path: str, headers: dict[str, str]) -> None:
    async with managed(server=CLOSED) as client:
        answer = await client.get(path, headers=headers)

    assert answer.status_code == 200


@pytest.mark.code("KP-AUTH-003")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (401, "KP-AUTH-006")),
        ({"x-management-key": "wrong"}, (401, "KP-AUTH-002")),
        ({"x-management-key": CLIENT_KEY}, (403, "KP-AUTH-003")),
        (MANAGER, (405, "KP-SYS-507")),
    ],
    ids=["no key", "wrong key", "client key", "management key"],
)
async def test_every_write_is_for_managers_only(method: str, headers: dict[str, str], expected: tuple[int, str]) -> None:
    async with managed() as client:
        answers = [await client.request(method, path, headers=headers, content=b"{}") for path in READS]

    assert [verdict(each) for each in answers] == [expected] * len(READS)


@pytest.mark.code("KP-SYS-507")
async def test_a_method_that_is_not_taken_is_told_what_is() -> None:
    async with managed() as client:
        answer = await client.post("/v1/errors", headers=MANAGER)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert is_plain_error(answer, "KP-SYS-507")


async def test_a_refused_caller_is_told_how_to_come_in_and_gets_no_cookie() -> None:
    async with managed(server=CLOSED) as client:
        answer = await client.get("/v1/errors")

    assert answer.headers["www-authenticate"] == 'Bearer realm="korproxy"'
    assert "`korproxy key show management` prints it." in answer.json()["error"]["message"]
    assert "set-cookie" not in answer.headers


@pytest.mark.code("KP-AUTH-004")
@pytest.mark.code("KP-AUTH-005")
@pytest.mark.parametrize(
    ("headers", "code"), [({"host": "evil.example"}, "KP-AUTH-004"), ({"origin": "https://evil.example"}, "KP-AUTH-005")]
)
async def test_web_pages_do_not_get_to_the_management_api(headers: dict[str, str], code: str) -> None:
    async with managed() as client:
        answers = [await client.get(path, headers={**headers, **MANAGER}) for path in READS]

    assert {verdict(each) for each in answers} == {(403, code)}


# What goes with every answer


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/errors", {}, 200),
        ("/errors/KP-SYS-506", {}, 200),
        ("/v1/errors/none", {}, 404),
        ("/v1/errors", {"x-management-key": "wrong", "x-forwarded-for": "192.0.2.1"}, 401),
    ],
)
async def test_every_answer_carries_the_ids(path: str, headers: dict[str, str], status: int) -> None:
    async with managed() as client:
        mine = await client.get(path, headers={**headers, "x-correlation-id": "build-7"})
        made = await client.get(path, headers=headers)

    assert (mine.status_code, made.status_code) == (status, status)
    assert (mine.headers["x-correlation-id"], mine.headers["x-request-id"]) == ("build-7", "build-7")
    assert UUID(made.headers["x-correlation-id"]).version == 4
    assert made.headers["x-request-id"] == made.headers["x-correlation-id"]
    assert mine.headers["x-korproxy-request"] != made.headers["x-korproxy-request"]


async def test_no_correlation_id_is_told_where_they_are_off() -> None:
    async with managed(correlation_ids=False) as client:
        answer = await client.get("/v1/errors", headers={"x-correlation-id": "build-7"})

    assert not {"x-correlation-id", "x-request-id"} & set(answer.headers)
    assert "x-korproxy-request" in answer.headers


async def test_where_codes_are_off_a_refusal_has_its_text_only() -> None:
    async with managed(show_codes=False) as client:
        answer = await client.get("/v1/providers/one")

    assert (answer.status_code, answer.json()) == (404, {"error": {"message": "Nothing is here."}})
    assert "x-korproxy-error" not in answer.headers


@pytest.mark.code("KP-SYS-501")
async def test_a_question_that_fails_is_a_fault_of_our_own_without_its_details(expected_logs: list[logging.LogRecord]) -> None:
    async def sick() -> dict[str, object]:
        raise LookupError("sk-secret in a traceback")

    async with managed(desk_with(health=sick)) as client:
        failed = await client.get("/v1/diagnostics/health")
        after = await client.get("/v1/errors/KP-SYS-501")

    assert failed.status_code == 500
    assert is_plain_error(failed, "KP-SYS-501")
    assert "secret" not in failed.text
    assert after.status_code == 200
    assert [repr(each.exc_info[1]) for each in expected_logs if each.exc_info] == ["LookupError('sk-secret in a traceback')"]


async def test_an_answer_may_take_its_time() -> None:
    built = await trio.to_thread.run_sync(management.build, desk_with())

    assert built.config["RESPONSE_TIMEOUT"] is None  # Quart would end what takes a minute


# What is written about it


def headings() -> list[str]:
    text = (ROOT / "docs" / "reference" / "http-api.md").read_text(encoding="utf-8")
    return re.findall(r"^## `([A-Z]+ /\S*)`$", text, re.MULTILINE)


async def test_every_route_is_documented_and_every_documented_one_there() -> None:
    built = await trio.to_thread.run_sync(management.build, desk_with())
    routes = [
        f"{method} {re.sub('<code>', 'CODE', re.sub('<asked>', 'ID', each.rule))}"
        for each in built.url_map.iter_rules()
        for method in (each.methods or set()) - {"HEAD", "OPTIONS"}
        if each.endpoint != "static"
    ]

    assert sorted(headings()) == sorted(routes)


def test_every_question_that_can_be_asked_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "http-api.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `GET (/v1/requests|/v1/logs)`$(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL))
    asked = {path: said.partition("Each request has")[0] for path, said in sections.items()}
    tables = {path: re.findall(r"^\| `(\w+)` \|", said, re.MULTILINE) for path, said in asked.items()}

    assert tables == {"/v1/requests": list(REQUESTS), "/v1/logs": list(LINES)}


# When Quart comes in

IMPORTS = """
    import json, sys, trio
    from tests.fakes.gateway import CLIENT_KEY, open_gateway

    async def main():
        there = {}
        async with open_gateway() as gateway, gateway.client() as client:
            there["start"] = "quart" in sys.modules
            for path in ("/healthz", "/v1/models", "/nothing"):
                await client.get(path)
            await client.post("/v1/messages", content=b"{}")
            there["clients"] = "quart" in sys.modules
            await client.post("/v1/errors")
            there["refused"] = "quart" in sys.modules
            await client.get("/v1/errors")
            there["management"] = "quart" in sys.modules
        sys.stdout.write(json.dumps(there))

    trio.run(main)
"""


def test_quart_is_imported_with_the_first_management_request_and_not_before() -> None:
    command = [sys.executable, "-c", textwrap.dedent(IMPORTS)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"start": False, "clients": False, "refused": False, "management": True}


async def test_many_first_requests_build_one_application(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Desk] = []
    statuses: list[int] = []
    build = management.build

    def count(desk: Desk) -> object:
        built.append(desk)
        return build(desk)

    monkeypatch.setattr(management, "build", count)
    async with managed() as client:

        async def ask() -> None:
            statuses.append((await client.get("/v1/errors")).status_code)

        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(ask)

    assert (len(built), statuses) == (1, [200] * 10)


async def test_once_all_is_loaded_that_is_told_before_the_first_answer_and_never_again() -> None:
    told: list[str] = []

    def told_of(app: AsgiApp) -> AsgiApp:
        assert isinstance(app, App)
        return App(app.entrance, management.on_demand(desk_with(), loaded=lambda: told.append("loaded")))

    async with open_gateway(wrap=told_of) as gateway, gateway.client() as client:
        told += [str((await client.get("/v1/errors")).status_code) for _ in range(2)]

    assert told == ["loaded", "200", "200"]


async def test_no_application_is_built_where_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(desk: Desk) -> object:
        raise AssertionError("built")

    monkeypatch.setattr(management, "build", fail)
    async with open_gateway() as gateway, gateway.client() as client:
        answer = await client.get("/healthz")

    assert answer.status_code == 200
