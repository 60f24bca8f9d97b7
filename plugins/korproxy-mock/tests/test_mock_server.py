"""Connections, records, pushed scripts and the mock's own pages."""

import json
from typing import Any

import h11
import pytest
import trio
from korproxy_mock.directives import DirectiveError
from korproxy_mock.record import Log, Received
from korproxy_mock.server import MockServer, open_mock

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
KEY = [("authorization", "Bearer sk-mock")]


def body(prompt: str = "hi", **fields: Any) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": prompt}], **fields}).encode()


async def test_one_connection_carries_many_requests(connect: Any, korproxy_mock: MockServer) -> None:
    wire = await connect()
    for stream in (False, True, False, True):
        await wire.send("POST", CHAT, KEY, body(stream=stream))
        assert (await wire.read()).end == "clean"
        wire.h11.start_next_cycle()
    assert {each.connection for each in korproxy_mock.requests} == {1}
    assert korproxy_mock.open_connections == 1


async def test_a_request_sent_during_a_stream_is_answered_after_it(connect: Any) -> None:
    wire = await connect()
    request = b"POST %s HTTP/1.1\r\nhost: m\r\nauthorization: Bearer k\r\ncontent-length: %d\r\n\r\n%s"
    bodies = body("{{mock: text='a b' gap=0.02}}", stream=True), body("{{mock: text=second}}")
    await wire.stream.send_all(b"".join(request % (CHAT.encode(), len(each), each) for each in bodies))
    seen = b""
    with trio.fail_after(5):
        while b"second" not in seen:
            seen += await wire.stream.receive_some(65536)
    assert seen.index(b"[DONE]") < seen.index(b"second")


async def test_a_record_keeps_the_request_as_it_came(connect: Any, korproxy_mock: MockServer) -> None:
    wire = await connect()
    sent = body("ü")
    head = b"POST /claude/v1/messages?beta=true HTTP/1.1\r\nHost: m\r\nX-Api-Key: k\r\nX-Odd: 1\r\nx-odd: 2\r\n"
    await wire.stream.send_all(head + b"Content-Length: %d\r\n\r\n%s" % (len(sent), sent))
    await wire.stream.receive_some(65536)
    (record,) = korproxy_mock.requests
    assert (record.method, record.path, record.query) == ("POST", "/claude/v1/messages", "beta=true")
    assert (record.provider, record.format, record.status) == ("claude", "anthropic-messages", 400)
    assert [pair for pair in record.headers if pair[0].lower() == "x-odd"] == [("X-Odd", "1"), ("x-odd", "2")]
    assert (record.header("x-api-key"), record.body, record.json) == ("k", sent, json.loads(sent))
    assert record.ended
    assert record.began <= record.ended


@pytest.mark.parametrize(
    ("path", "provider"),
    [
        (CHAT, ""),
        ("/chat/completions", ""),
        ("/qwen/v1/chat/completions", "qwen"),
        ("/api/paas/v4/chat/completions", "api/paas/v4"),
        ("/qwen/chat/completions/", "qwen"),
        ("/claude/v1/messages", "claude"),
    ],
)
async def test_what_stands_in_front_of_a_path_is_the_provider(
    ask: Any, korproxy_mock: MockServer, path: str, provider: str
) -> None:
    both = [*KEY, ("anthropic-version", "2023-06-01")]
    wire_headers = [] if path.endswith(("/v1/chat/completions", "/v1/messages")) else both
    assert (await ask("hi", path, model="m", max_tokens=9, headers=wire_headers)).status == 200
    assert korproxy_mock.requests[0].provider == provider


@pytest.mark.parametrize("path", ["/", "/v1/nothing", "/messages", "/v1/images/generations"])
async def test_an_unknown_path_is_404(ask: Any, path: str) -> None:
    got = await ask("hi", path)
    assert (got.status, got.error["message"]) == (404, f"Invalid URL (POST {path})")


async def test_a_head_request_gets_no_body(connect: Any) -> None:
    wire = await connect()
    await wire.send("HEAD", "/api/hello")
    got = await wire.read()
    assert (got.status, got.body, got.end) == (404, b"", "clean")


async def test_what_is_no_http_is_refused(connect: Any) -> None:
    wire = await connect()
    await wire.stream.send_all(b"\x16\x03\x01 hello\r\n\r\n")
    assert (await wire.stream.receive_some(100)).startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_an_upload_that_breaks_off_is_recorded(connect: Any, korproxy_mock: MockServer) -> None:
    wire = await connect()
    await wire.stream.send_all(b"POST /v1/messages HTTP/1.1\r\nhost: m\r\ncontent-length: 100\r\n\r\n{")
    await wire.stream.aclose()
    await korproxy_mock.wait_for(lambda mock: mock.client_left_count == 1 and mock.open_connections == 0)
    assert [(each.client_left, each.body, each.status) for each in korproxy_mock.requests] == [(True, b"{", None)]


async def test_a_client_may_ask_before_it_uploads(connect: Any) -> None:
    wire = await connect()
    head = [("host", "m"), *KEY, ("expect", "100-continue"), ("content-length", str(len(body())))]
    await wire.stream.send_all(wire.h11.send(h11.Request(method="POST", target=CHAT, headers=head)))
    assert (await wire.event()).status_code == 100
    await wire.stream.send_all((wire.h11.send(h11.Data(data=body())) or b"") + (wire.h11.send(h11.EndOfMessage()) or b""))
    assert (await wire.read()).status == 200


async def test_large_bodies_are_taken_up_to_the_vendors_limit(ask: Any) -> None:
    assert (await ask("x" * 20 * 1024**2)).status == 200
    got = await ask("x" * 33 * 1024**2, MESSAGES)
    assert (got.status, got.error["type"]) == (413, "request_too_large")


async def test_a_pushed_script_goes_before_the_prompt_and_is_used_once(ask: Any, korproxy_mock: MockServer) -> None:
    korproxy_mock.script("status=429 retry-after=2")
    korproxy_mock.script("text=second")
    assert (await ask("{{mock: text=mine}}")).status == 429
    assert (await ask("{{mock: text=mine}}")).json["choices"][0]["message"]["content"] == "second"
    assert (await ask("{{mock: text=mine}}")).json["choices"][0]["message"]["content"] == "mine"


async def test_a_pushed_script_waits_for_the_request_it_is_meant_for(ask: Any, korproxy_mock: MockServer) -> None:
    korproxy_mock.script("status=401 provider=b")
    korproxy_mock.script("status=402 key=sk-mock model=special times=2")
    korproxy_mock.script("status=403 model=never times=forever")
    assert (await ask("hi", "/a/v1/chat/completions")).status == 200
    assert (await ask("hi", "/b/v1/chat/completions")).status == 401
    assert [(await ask("hi", model="special")).status for _ in range(3)] == [402, 402, 200]
    assert [(await ask("hi", model="never")).status for _ in range(3)] == [403, 403, 403]


async def test_other_requests_than_chats_can_be_scripted_too(connect: Any, korproxy_mock: MockServer) -> None:
    korproxy_mock.script("status=503 on=models")
    korproxy_mock.script("status=529 on=count")
    wire = await connect()
    await wire.send("GET", "/v1/models", KEY)
    assert (await wire.read()).status == 503
    wire.h11.start_next_cycle()
    await wire.send("POST", "/v1/messages/count_tokens", [("x-api-key", "k"), ("anthropic-version", "1")], body())
    assert (await wire.read()).error["type"] == "overloaded_error"


async def test_a_refused_request_uses_up_no_script(ask: Any, korproxy_mock: MockServer) -> None:
    korproxy_mock.script("text=kept")
    assert (await ask("hi", n="two")).status == 400
    assert (await ask("hi")).json["choices"][0]["message"]["content"] == "kept"


async def test_a_misspelt_script_is_refused_where_it_is_written(ask: Any, korproxy_mock: MockServer) -> None:
    with pytest.raises(DirectiveError, match="unknown directive 'txt'"):
        korproxy_mock.script("txt=a")
    for path in (CHAT, MESSAGES):
        got = await ask("{{mock: txt=a}}", path)
        assert (got.status, got.error["message"][:31]) == (400, "mock: unknown directive 'txt'; ")


async def test_only_listed_keys_are_good_where_there_is_a_list() -> None:
    async with open_mock(accept_keys=frozenset({"good"})) as mock:
        port = int(mock.url.rpartition(":")[2])
        statuses = []
        for key in (b"good", b"other"):
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                await stream.send_all(b"GET /v1/models HTTP/1.1\r\nhost: m\r\nauthorization: Bearer %s\r\n\r\n" % key)
                statuses.append((await stream.receive_some(65536))[:12])
    assert statuses == [b"HTTP/1.1 200", b"HTTP/1.1 401"]


async def test_the_same_requests_get_the_same_bytes() -> None:
    answers = []
    for _ in range(2):
        async with open_mock() as mock, await trio.open_tcp_stream("127.0.0.1", int(mock.url.rpartition(":")[2])) as stream:
            sent = body("{{mock: tool=a thinking=b}}", stream=True)
            head = b"POST /v1/chat/completions HTTP/1.0\r\nauthorization: Bearer k\r\ncontent-length: %d\r\n\r\n" % len(sent)
            await stream.send_all(head + sent)
            answers.append(b"".join([part async for part in stream]))
    assert answers[0] == answers[1]
    assert answers[0].endswith(b"data: [DONE]\n\n")


async def test_a_test_that_fails_inside_the_block_fails_with_its_own_error() -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_mock():
            raise ZeroDivisionError


async def test_the_mocks_own_pages_show_and_steer_it(connect: Any, ask: Any, korproxy_mock: MockServer) -> None:
    wire = await connect()

    async def page(method: str, path: str, content: bytes = b"") -> Any:
        await wire.send(method, path, [], content)
        got = await wire.read()
        wire.h11.start_next_cycle()
        return got.status, got.json

    assert await page("GET", "/healthz") == (200, {"status": "ok"})
    assert await page("POST", "/_mock/script", b'{"directives": "status=418"}') == (200, {})
    assert (await page("POST", "/_mock/script", b'{"directives": "txt=1"}'))[0] == 400
    assert (await page("POST", "/_mock/script", b"[]"))[0] == 400
    assert (await page("GET", "/_mock/nothing"))[0] == 404
    assert (await ask("hi")).status == 418
    await ask(raw=b"\xff")
    status, records = await page("GET", "/_mock/requests")
    assert (status, [each["status"] for each in records]) == (200, [418, 400])
    assert json.loads(records[0]["body"])["messages"] == [{"role": "user", "content": "hi"}]
    assert records[1]["body_base64"] == "/w=="
    state = {"open_connections": 3, "open_streams": 0, "requests": 2, "client_left_count": 0, "scripts": 0}
    assert await page("GET", "/_mock/state") == (200, state)
    korproxy_mock.script("status=503 times=forever")
    assert await page("DELETE", "/_mock/script") == (200, {})
    assert (korproxy_mock.state()["scripts"], len(korproxy_mock.requests)) == (0, 2)
    assert await page("DELETE", "/_mock/requests") == (200, {})
    assert korproxy_mock.requests == []


async def test_wait_for_gives_up_in_time(korproxy_mock: MockServer) -> None:
    with pytest.raises(trio.TooSlowError):
        await korproxy_mock.wait_for(lambda mock: mock.open_connections == 1, timeout=0.01)


def test_the_log_forgets_the_oldest_when_there_are_too_many_or_too_large() -> None:
    log = Log(most_records=3, most_bytes=10)
    for size in (1, 2, 3, 4, 9, 50):
        log.add(Received(method="POST", path="/", body=b"x" * size))
    assert [len(each.body) for each in log] == [50]
    log.clear()
    for size in (0, 1, 2, 3):
        log.add(Received(method="POST", path="/", body=b"x" * size))
    assert [len(each.body) for each in log] == [1, 2, 3]
