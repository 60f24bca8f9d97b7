"""The front door over real sockets: a whole gateway, a real client, the mock provider."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx
import pytest
import trio
from korproxy_mock.server import MockServer, open_mock

from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.models.accounts import Account
from korproxy.models.calls import Headers, Peek, RawHeaders
from korproxy.models.correlation import current_correlation
from korproxy.models.providers import Model
from korproxy.server.asgi import App, AsgiApp
from korproxy.server.front import Bounds
from tests.bench.road import HEAD, MemoryExchange
from tests.fakes.gateway import CLIENT_KEY, MANAGEMENT_KEY, UPSTREAM_KEY, Gateway, open_gateway, provider_at
from tests.fakes.raw_client import chat_request, connect, read_all, read_until
from tests.fakes.waiting import until

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


@attrs.frozen
class Stage:
    gateway: Gateway
    mock: MockServer
    client: httpx.AsyncClient


@asynccontextmanager
async def stage(*, keyless: bool = False, **options: Any) -> AsyncIterator[Stage]:
    """Open a gateway to a mock, and a client of it."""
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(provider_at(mock.url), **options) as gateway:
            client = httpx.AsyncClient(base_url=gateway.url, trust_env=False) if keyless else gateway.client()
            async with client:
                yield Stage(gateway, mock, client)


def chat(prompt: str = "hello", **fields: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": prompt}], **fields}


def coded(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal; the body has to say the same as the header."""
    code = answer.headers["x-korproxy-error"]
    assert code in answer.text
    return answer.status_code, code


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/hello"])
async def test_probes_are_answered_to_anybody(path: str) -> None:
    async with stage(keyless=True) as at:
        told, head = await at.client.get(path), await at.client.head(path)

    assert (told.status_code, told.json()["name"], told.json()["status"]) == (200, "KorProxy", "ok")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(told.content)))


@pytest.mark.parametrize(("path", "stream"), [(CHAT, False), (CHAT, True), (MESSAGES, False), (MESSAGES, True)])
async def test_a_call_is_answered_in_the_clients_format_and_put_down(path: str, stream: bool) -> None:
    async with stage() as at:
        answer = await at.client.post(path, json=chat(stream=stream, max_tokens=50))
        await until(lambda: at.gateway.finished)

    [event] = at.gateway.finished
    assert (answer.status_code, answer.headers["x-korproxy-provider"], answer.headers["x-korproxy-model"]) == (200, "one", "m")
    assert answer.headers["content-type"].startswith("text/event-stream" if stream else "application/json")
    assert (event.outcome, event.status, event.stream, event.key_name) == ("ok", 200, stream, "client")
    assert (event.id, event.correlation_id) == (answer.headers["x-korproxy-request"], answer.headers["x-correlation-id"])
    assert (event.bytes_in, event.bytes_out) == (len(answer.request.content), len(answer.content))


@pytest.mark.code("KP-RATE-401")
async def test_a_providers_own_refusal_passes_untouched_with_a_code_beside_it() -> None:
    asked = chat("{{mock: status=429 retry-after=7}}")
    async with stage() as at, httpx.AsyncClient(base_url=at.mock.url, trust_env=False) as straight:
        direct = await straight.post(CHAT, json=asked, headers={"authorization": f"Bearer {UPSTREAM_KEY}"})
        answer = await at.client.post(CHAT, json=asked)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.headers["x-korproxy-error"] == "KP-RATE-401"
    assert answer.content == direct.content


@pytest.mark.code("KP-AUTH-001")
async def test_without_a_key_nobody_is_served_and_nothing_is_sent_on() -> None:
    async with stage(keyless=True) as at:
        answer = await at.client.post(CHAT, json=chat())

    assert coded(answer) == (401, "KP-AUTH-001")
    assert answer.headers["www-authenticate"] == 'Bearer realm="korproxy"'
    assert answer.json()["error"]["code"] == "KP-AUTH-001"
    assert (at.mock.requests, at.gateway.finished) == ([], [])


@pytest.mark.code("KP-AUTH-002")
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
async def test_a_wrong_key_is_refused_in_the_clients_format(path: str) -> None:
    async with stage(keyless=True) as at:
        answer = await at.client.post(path, json=chat(), headers={"x-api-key": "sk-somebody-elses"})

    assert coded(answer) == (401, "KP-AUTH-002")
    assert answer.json()["error"]["type"] == "authentication_error"
    assert "sk-somebody" not in answer.text


@pytest.mark.code("KP-AUTH-003")
async def test_the_management_key_is_no_key_for_calls() -> None:
    async with stage(keyless=True) as at:
        answer = await at.client.post(CHAT, json=chat(), headers={"authorization": f"Bearer {MANAGEMENT_KEY}"})

    assert coded(answer) == (403, "KP-AUTH-003")


@pytest.mark.code("KP-AUTH-004")
@pytest.mark.parametrize("path", [CHAT, "/healthz", "/v1/errors", "/nowhere"])
async def test_another_host_is_refused_on_every_route_and_never_repeated_as_an_address(path: str) -> None:
    async with stage() as at:
        answer = await at.client.post(path, json=chat(), headers={"host": "evil.test"})

    assert coded(answer) == (403, "KP-AUTH-004")
    assert "http://evil.test" not in answer.text


@pytest.mark.code("KP-AUTH-005")
@pytest.mark.parametrize("path", [CHAT, "/healthz", "/v1/errors", "/nowhere"])
@pytest.mark.parametrize("origin", ["https://evil.test", "http://["])
async def test_another_origin_is_refused_on_every_route(path: str, origin: str) -> None:
    async with stage() as at:
        answer = await at.client.post(path, json=chat(), headers={"origin": origin})

    assert coded(answer) == (403, "KP-AUTH-005")


@pytest.mark.code("KP-AUTH-006")
async def test_what_manages_needs_the_management_key() -> None:
    async with stage(keyless=True) as at:
        answer = await at.client.get("/v1/diagnostics/bundle")

    assert coded(answer) == (401, "KP-AUTH-006")


@pytest.mark.code("KP-SYS-506")
@pytest.mark.parametrize("path", ["/nowhere", "/v1/moderations", "/chat/completions", "/v1/v1/messages"])
async def test_a_wrong_path_says_what_there_is(path: str) -> None:
    async with stage() as at:
        answer = await at.client.post(path, json=chat())

    assert coded(answer) == (404, "KP-SYS-506")
    assert set(answer.json()["error"]) == {"code", "message", "docs"}
    assert answer.json()["error"]["docs"] == f"{at.gateway.url}/errors/KP-SYS-506"


@pytest.mark.code("KP-SYS-506")
@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    ("path", "told"),
    [(f"{MESSAGES}/batches", ("error", "not_found_error")), (f"{CHAT}/x", (None, "invalid_request_error"))],
)
async def test_a_wrong_path_below_that_of_a_call_is_an_error_in_its_format(
    path: str, told: tuple[str | None, str], method: str
) -> None:
    async with stage() as at:
        answer = await at.client.request(method, path, params={"beta": "true"})

    assert coded(answer) == (404, "KP-SYS-506")
    assert (answer.json().get("type"), answer.json()["error"]["type"]) == told


@pytest.mark.code("KP-SYS-507")
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", CHAT, "POST"),
        ("PUT", MESSAGES, "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("DELETE", "/v1/models", "GET, HEAD"),
        ("PUT", "/v1/responses/resp_1", "GET, DELETE"),
        ("GET", "/v1/responses/resp_1/cancel", "POST"),
        ("OPTIONS", CHAT, "POST"),
        ("BREW", CHAT, "POST"),
    ],
)
async def test_a_wrong_method_says_what_is_allowed(method: str, path: str, allowed: str) -> None:
    async with stage() as at:
        answer = await at.client.request(method, path)

    assert coded(answer) == (405, "KP-SYS-507")
    assert answer.headers["allow"] == allowed


@pytest.mark.code("KP-SYS-508")
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_refused(announced: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100

    async with stage(bounds=Bounds(max_body=1000)) as at:
        answer = await at.client.post(CHAT, content=b"x" * 3000 if announced else chunks())

    assert coded(answer) == (413, "KP-SYS-508")
    assert [each.code for each in at.gateway.finished] == ["KP-SYS-508"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"", 400, "KP-SYS-509", marks=pytest.mark.code("KP-SYS-509")),
        pytest.param(b"[]", 400, "KP-SYS-509"),
        pytest.param(b'{"model":"m"', 400, "KP-SYS-509"),
        pytest.param(b'{"model":"m","model":"n"}', 400, "KP-SYS-518", marks=pytest.mark.code("KP-SYS-518")),
        pytest.param(b"{}", 400, "KP-SYS-519", marks=pytest.mark.code("KP-SYS-519")),
        pytest.param(b'{"model":""}', 400, "KP-SYS-519"),
        pytest.param(b'{"model":7}', 400, "KP-SYS-519"),
    ],
)
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
async def test_a_body_that_cannot_be_routed_is_refused_before_anybody_is_asked(
    path: str, body: bytes, status: int, code: str
) -> None:
    async with stage() as at:
        answer = await at.client.post(path, content=body)

    assert coded(answer) == (status, code)
    assert (at.mock.requests, at.gateway.front.tally.running, at.gateway.front.tally.turned_away) == ([], 0, {})
    assert [(each.status, each.code) for each in at.gateway.finished] == [(status, code)]


@pytest.mark.code("KP-SYS-510")
async def test_an_upload_that_falls_silent_is_refused() -> None:
    async with stage(bounds=Bounds(read_deadline=0.1)) as at, await connect(at.gateway.url) as stream:
        await stream.send_all(chat_request("hello", CLIENT_KEY)[:-5])
        answer = (await read_all(stream)).decode()

    assert answer.startswith("HTTP/1.1 408")
    assert "x-korproxy-error: KP-SYS-510\r\n" in answer
    assert "x-should-retry: true\r\n" in answer


@pytest.mark.code("KP-RATE-403")
async def test_too_many_requests_at_once_are_sent_away_and_the_place_of_each_is_given_back() -> None:
    async with stage(bounds=Bounds(max_running=1)) as at:
        async with await connect(at.gateway.url) as busy:
            await busy.send_all(chat_request("{{mock: words=5 stall-after=2}}", CLIENT_KEY))
            await read_until(busy, b"data:")
            answer = await at.client.post(CHAT, json=chat())
            running = at.gateway.front.tally.running
        await until(lambda: not at.gateway.front.tally.running)
        after = await at.client.post(CHAT, json=chat())

    assert coded(answer) == (503, "KP-RATE-403")
    assert (answer.headers["retry-after"], answer.headers["x-should-retry"]) == ("1", "true")
    assert (running, after.status_code, at.gateway.front.tally.running, at.gateway.front.tally.total) == (1, 200, 0, 3)
    assert sorted((each.outcome, each.code) for each in at.gateway.finished) == [
        ("client left", "KP-NET-311"),
        ("failed", "KP-RATE-403"),
        ("ok", None),
    ]


@pytest.mark.code("KP-SYS-511")
async def test_once_the_grace_is_over_calls_are_refused() -> None:
    async with stage() as at:
        at.gateway.front.answerer.grace.end()
        answer = await at.client.post(MESSAGES, json=chat())

    assert coded(answer) == (503, "KP-SYS-511")
    assert answer.json()["error"]["type"] == "overloaded_error"


@attrs.frozen
class Broken(OpenAIChat):
    """A format with a fault in it."""

    def peek(self, path: str, body: bytes) -> Peek:
        raise LookupError(f"{path} sk-secret {body!r}")

    def lists_models(self, path: str, query: bytes, headers: Headers) -> bool:
        raise LookupError(path, query, headers)


def with_broken_format(app: AsgiApp) -> AsgiApp:
    assert isinstance(app, App)
    app.entrance.front.dialects["openai-chat"] = Broken()  # type: ignore[index]
    return app


@pytest.mark.code("KP-SYS-501")
@pytest.mark.parametrize(("method", "path"), [("POST", CHAT), ("GET", "/v1/models"), ("PUT", "/v1/models")])
async def test_a_fault_of_our_own_is_answered_without_its_details_and_logged_with_them(
    method: str, path: str, expected_logs: list[logging.LogRecord]
) -> None:
    async with stage(wrap=with_broken_format) as at:
        answer = await at.client.request(method, path, json=chat())
        healthy = await at.client.get("/healthz")

    assert coded(answer) == (500, "KP-SYS-501")
    assert "LookupError" in answer.json()["error"]["message"]
    assert "sk-secret" not in answer.text
    assert (healthy.status_code, at.gateway.front.tally.running) == (200, 0)
    assert [each.code for each in at.gateway.finished] == ["KP-SYS-501"] * (method == "POST")
    assert [each.getMessage() for each in expected_logs] == [f"a fault of KorProxy's own in {method} {path!r}"]


async def test_ids_of_the_client_are_kept_and_come_back() -> None:
    async with stage() as at:
        own = await at.client.post(CHAT, json=chat(), headers={"x-correlation-id": "abc:1.2-3_4", "x-request-id": "other"})
        other = await at.client.post(CHAT, json=chat(), headers={"x-request-id": "other"})

    assert (own.headers["x-correlation-id"], own.headers["x-request-id"]) == ("abc:1.2-3_4", "abc:1.2-3_4")
    assert (other.headers["x-correlation-id"], other.headers["x-request-id"]) == ("other", "other")
    assert [each.header("x-correlation-id") for each in at.mock.requests] == ["abc:1.2-3_4", "other"]
    assert own.headers["x-korproxy-request"] != other.headers["x-korproxy-request"]


@pytest.mark.parametrize("wrong", ["", "x" * 129, "a b", "ä", "<script>"])
async def test_ids_that_could_do_harm_are_replaced(wrong: str) -> None:
    async with stage() as at:
        answer = await at.client.get("/healthz", headers={b"x-correlation-id": wrong.encode()})

    assert uuid.UUID(answer.headers["x-correlation-id"]).version == 4


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/v1/models", "/v1/errors", "/v1/errors/x", "/v1/requests"])
async def test_every_answer_of_every_route_has_the_ids(path: str) -> None:
    async with stage() as at:
        answer = await at.client.get(path, headers={"x-correlation-id": "mine"})

    assert answer.headers["x-correlation-id"] == answer.headers["x-request-id"] == "mine"
    assert uuid.UUID(answer.headers["x-korproxy-request"]).version == 4
    assert "x-korproxy-demo" not in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/v1/errors"])
async def test_the_demo_says_so_everywhere(path: str) -> None:
    async with stage(demo=True) as at:
        assert (await at.client.get(path)).headers["x-korproxy-demo"] == "1"


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/v1/errors"])
async def test_with_correlation_ids_switched_off_none_come_back(path: str) -> None:
    async with stage(correlation_ids=False) as at:
        answer = await at.client.get(path, headers={"x-correlation-id": "mine", "x-request-id": "mine"})

    assert {"x-correlation-id", "x-request-id"}.isdisjoint(answer.headers)
    assert "mine" not in str(answer.headers)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", CHAT, 400), ("POST", MESSAGES, 400), ("GET", "/nowhere", 404), ("GET", "/v1/errors/x", 404), ("GET", CHAT, 405)],
)
async def test_with_codes_switched_off_no_code_is_in_any_error(method: str, path: str, status: int) -> None:
    async with stage(show_codes=False) as at:
        answer = await at.client.request(method, path, content=b"no json")

    assert answer.status_code == status
    assert "x-korproxy-error" not in answer.headers
    assert "KP-" not in answer.text


async def test_log_lines_carry_the_id_and_a_path_cannot_forge_one() -> None:
    seen: list[tuple[str, str]] = []

    class Note(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            seen.append((current_correlation.get(), record.getMessage().partition(":")[0]))
            return True

    log, note = logging.getLogger("korproxy.server"), Note()
    log.addFilter(note)
    try:
        async with stage() as at:
            await at.client.get("/x%0aforged", headers={"x-correlation-id": "abc"})
            await at.client.get("/v1/diagnostics/bundle", headers={"x-correlation-id": "def"})
    finally:
        log.removeFilter(note)

    assert seen == [("abc", r"refused GET '/x\nforged'"), ("def", "refused GET '/v1/diagnostics/bundle'")]


async def test_a_client_that_leaves_in_mid_upload_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as at:
        for key in (CLIENT_KEY, "wrong"):
            async with await connect(at.gateway.url) as stream:
                await stream.send_all(chat_request("hello", key)[:-5])
                await until(lambda: len(at.gateway.server.connections))
        await until(lambda: not len(at.gateway.server.connections))

    assert (at.mock.requests, at.gateway.front.tally.running) == ([], 0)
    assert [(each.outcome, each.key_name) for each in at.gateway.finished] == [("client left", "client")]
    assert [each for each in caplog.records if each.levelno > logging.INFO] == []


CATALOGUE = [Model(id="a", owner="x", name="A", created=1), Model(id="b")]


async def models(*, anthropic: bool = False, accounts: bool = True, method: str = "GET") -> httpx.Response:
    one = provider_at("http://127.0.0.1:1", accounts=None if accounts else [])
    with trio.fail_after(20):
        async with open_gateway(attrs.evolve(one, catalogue=CATALOGUE)) as gateway, gateway.client() as client:
            return await client.request(method, "/v1/models", headers={"anthropic-version": "2023-06-01"} if anthropic else {})


async def test_models_are_listed_in_the_shape_of_whoever_asks() -> None:
    openai, anthropic = await models(), await models(anthropic=True)

    assert openai.json() == {
        "object": "list",
        "data": [
            {"id": "a", "object": "model", "created": 1, "owned_by": "x"},
            {"id": "b", "object": "model", "created": 0, "owned_by": ""},
        ],
    }
    assert [each["display_name"] for each in anthropic.json()["data"]] == ["A", "b"]


async def test_a_list_of_models_of_no_format_that_is_loaded_is_not_there() -> None:
    with trio.fail_after(20):
        async with open_gateway(provider_at("http://127.0.0.1:1")) as gateway, gateway.client() as client:
            gate = gateway.gate
            gate.snapshot = attrs.evolve(gate.snapshot, dialects={})
            answer = await client.get("/v1/models")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "KP-SYS-506")


async def test_models_that_cannot_be_used_are_not_listed() -> None:
    assert (await models(accounts=False)).json() == {"object": "list", "data": []}


async def test_the_list_of_models_has_a_head() -> None:
    head, whole = await models(method="HEAD"), await models()

    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(whole.content)))


@pytest.mark.code("KP-AUTH-001")
async def test_the_list_of_models_needs_a_key() -> None:
    async with stage(keyless=True) as at:
        assert coded(await at.client.get("/v1/models")) == (401, "KP-AUTH-001")


async def test_the_callers_credential_reaches_the_provider_and_our_key_never_does() -> None:
    with trio.fail_after(20):
        async with open_mock() as mock:
            one = provider_at(mock.url, accounts=[Account(name="theirs", forwards=True)])
            async with open_gateway(one) as gateway, httpx.AsyncClient(base_url=gateway.url, trust_env=False) as client:
                keys = {"x-korproxy-key": CLIENT_KEY, "authorization": "Bearer sk-mine"}
                answer = await client.post(CHAT + "?beta=true&key=" + CLIENT_KEY, json=chat(), headers=keys)

    [request] = mock.requests
    assert (answer.status_code, request.header("authorization"), request.query) == (200, "Bearer sk-mine", "beta=true")
    assert CLIENT_KEY not in json.dumps([request.headers, request.query])


async def test_a_key_of_ours_stays_here_and_the_providers_key_is_never_shown() -> None:
    async with stage() as at:
        answer = await at.client.post(CHAT, json=chat())

    [request] = at.mock.requests
    assert request.header("authorization") == f"Bearer {UPSTREAM_KEY}"
    assert CLIENT_KEY not in json.dumps(request.headers)
    assert UPSTREAM_KEY not in str(answer.headers) + answer.text


@attrs.define
class Waiting(MemoryExchange):
    """An exchange in the scope of whoever reads it, whose answer waits for its client at each step."""

    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    async def body(self, limit: int, patience: float) -> bytes:
        await trio.lowlevel.checkpoint()
        return await MemoryExchange.body(self, limit, patience)

    async def drain(self, limit: int, patience: float) -> None:
        await trio.lowlevel.checkpoint()
        await MemoryExchange.drain(self, limit, patience)

    async def start(self, status: int, headers: RawHeaders) -> None:
        await trio.lowlevel.checkpoint()
        await MemoryExchange.start(self, status, headers)

    async def finish(self, data: bytes = b"") -> None:
        await trio.lowlevel.checkpoint()
        await MemoryExchange.finish(self, data)


@pytest.mark.parametrize("complete", [True, False])
async def test_whoever_comes_after_the_grace_is_told_so_in_a_scope_that_is_cancelled_for_it(complete: bool) -> None:
    with trio.fail_after(20):
        async with open_gateway(provider_at("http://127.0.0.1:1")) as gateway:
            gateway.front.answerer.grace.end()
            exchange = Waiting(Headers(HEAD), b'{"model":"m","messages":[]}', complete=complete)
            with exchange.scope:
                await gateway.front.handle(exchange)
                await trio.sleep_forever()

    assert (exchange.status, exchange.finished, exchange.scope.cancelled_caught) == (503, True, True)
