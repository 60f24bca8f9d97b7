"""Every fault, seen from a raw socket."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import trio
from korproxy_mock.server import MockServer

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
GEMINI = "/v1beta/models/gemini-3.5-flash:generateContent"
BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])
ALL = pytest.mark.parametrize("path", [CHAT, MESSAGES, GEMINI])


def block(directives: str) -> str:
    return "{{mock: " + directives + "}}"


def payloads(events: list[str]) -> list[Any]:
    """The JSON of events, without ``[DONE]``."""
    lines = [line for event in events for line in event.splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line != "data: [DONE]"]


@ALL
@pytest.mark.parametrize("after", [0, 1, 3])
async def test_cut_after_ends_the_connection_without_ending_the_body(ask: Any, path: str, after: int) -> None:
    got = await ask(block(f"text='a b c' cut-after={after}"), path, stream=True)
    assert (got.status, got.end, len(got.events)) == (200, "cut", after)


@ALL
async def test_cut_after_more_events_than_there_are_cuts_the_end_of_the_body(ask: Any, path: str) -> None:
    got = await ask(block("text=a cut-after=99"), path, stream=True)
    assert got.end == "cut"
    assert any(ending in got.events[-1] for ending in ("[DONE]", "message_stop", "finishReason"))


async def test_cut_inside_leaves_half_an_event(ask: Any) -> None:
    got = await ask(block("text='a b c' cut-after=2 cut-inside"), stream=True)
    assert (got.end, len(payloads(got.events[:2]))) == ("cut", 2)
    assert got.events[2].startswith('data: {"id"')
    assert not got.body.endswith(b"\n\n")


@ALL
async def test_a_cut_may_be_a_reset(ask: Any, path: str) -> None:
    got = await ask(block("text='a b c' gap=0.05 cut-after=2 cut=rst"), path, stream=True)
    assert (got.end, len(got.events)) == ("reset", 2)


@ALL
async def test_early_close_gives_no_answer_at_all(ask: Any, path: str, korproxy_mock: MockServer) -> None:
    got = await ask(block("early-close"), path)
    assert (got.status, got.body, got.end) == (None, b"", "cut")
    assert (await ask(block("early-close cut=rst"), path)).end == "reset"
    assert [(each.status, each.client_left) for each in korproxy_mock.requests] == [(None, False), (None, False)]


@ALL
@pytest.mark.parametrize("stream", [False, True])
async def test_close_after_head_gives_a_head_only(ask: Any, path: str, stream: bool) -> None:
    got = await ask(block("close-after-head"), path, stream=stream)
    assert (got.status, got.body, got.end) == (200, b"", "cut")


@ALL
async def test_malformed_after_breaks_one_event_and_goes_on(ask: Any, path: str) -> None:
    got = await ask(block("text='a b c' malformed-after=2"), path, stream=True)
    assert got.end == "clean"
    payloads([*got.events[:2], *got.events[3:]])
    with pytest.raises(json.JSONDecodeError):
        payloads(got.events[2:3])


async def test_error_after_sends_the_vendors_own_event_and_ends(ask: Any) -> None:
    got = await ask(block("text='a b c' error-after=2 status=503"), stream=True)
    assert (got.end, len(got.events)) == ("clean", 3)
    assert payloads(got.events)[2]["error"]["type"] == "service_unavailable_error"
    got = await ask(block("text='a b c' error-after=2 status=529"), MESSAGES, stream=True)
    assert (got.end, len(got.events)) == ("clean", 3)
    assert got.events[2].startswith("event: error\n")
    assert payloads(got.events)[2]["error"] == {"type": "overloaded_error", "message": "Overloaded"}


@ALL
async def test_no_terminal_ends_cleanly_without_the_last_event(ask: Any, path: str) -> None:
    got = await ask(block("text='a b' no-terminal"), path, stream=True)
    assert got.end == "clean"
    assert not any(ending in got.events[-1] for ending in ("[DONE]", "message_stop", "finishReason"))


@ALL
@pytest.mark.parametrize("stream", [False, True])
async def test_html_and_empty_come_with_status_200(ask: Any, path: str, stream: bool) -> None:
    got = await ask(block("html"), path, stream=stream)
    assert (got.status, got.header("content-type"), got.body[:6]) == (200, "text/html", b"<html>")
    got = await ask(block("empty"), path, stream=stream)
    assert (got.status, got.body, got.end) == (200, b"", "clean")


async def test_html_and_empty_may_be_errors(ask: Any) -> None:
    got = await ask(block("html status=502"))
    assert (got.status, b"502 Bad Gateway" in got.body) == (502, True)
    got = await ask(block("empty status=503"))
    assert (got.status, got.body) == (503, b"")


async def test_redirect_points_elsewhere(ask: Any) -> None:
    got = await ask(block("redirect=http://127.0.0.1:9/x"))
    assert (got.status, got.header("location")) == (302, "http://127.0.0.1:9/x")


@ALL
async def test_comments_and_crlf_change_the_lines_but_not_what_is_said(ask: Any, path: str) -> None:
    plain = await ask(block("text='a b c d'"), path, stream=True)
    got = await ask(block("text='a b c d' comments crlf"), path, stream=True)
    assert got.body.count(b"\n") == got.body.count(b"\r\n")
    assert got.body.count(b": keep-alive\r\n\r\n") >= 2
    said = [event for event in got.events if not event.startswith(":")]
    assert len(said) == len(plain.events)


@ALL
async def test_split_char_cuts_inside_characters(ask: Any, path: str) -> None:
    got = await ask(block("text='日本語🙂' split=char"), path, stream=True)
    assert [chunk for chunk in got.chunks if chunk[0] & 0xC0 == 0x80]
    assert "日本語🙂" in got.body.decode()


async def test_split_every_byte_sends_single_bytes_and_join_sends_several_events(ask: Any) -> None:
    got = await ask(block("text=a split=every-byte"), stream=True)
    assert {len(chunk) for chunk in got.chunks} == {1}
    got = await ask(block("text='a b c d' join=3"), stream=True)
    assert [chunk.count(b"\n\n") for chunk in got.chunks] == [3, 3, 1]


async def test_gzip_only_where_it_is_accepted_or_always(ask: Any) -> None:
    accepts = [("accept-encoding", "br, gzip")]
    assert (await ask(block("gzip text=a"))).header("content-encoding") is None
    for got in (await ask(block("gzip text=a"), headers=accepts), await ask(block("gzip=always text=a"))):
        assert got.header("content-encoding") == "gzip"
        assert json.loads(gzip.decompress(got.body))["choices"][0]["message"]["content"] == "a"
    got = await ask(block("gzip text='a b'"), headers=accepts, stream=True)
    assert gzip.decompress(got.body).endswith(b"data: [DONE]\n\n")
    assert len(got.chunks) > 3


async def test_a_zipped_stream_may_end_in_a_fault(ask: Any) -> None:
    got = await ask(block("gzip=always text='a b' malformed-after=4"), stream=True)
    assert (got.end, gzip.decompress(got.body).count(b"\n\n")) == ("clean", 5)
    got = await ask(block("gzip=always text='a b' cut-after=2"), stream=True)
    assert got.end == "cut"


@BOTH
async def test_retry_hints_come_in_every_form(ask: Any, path: str) -> None:
    assert (await ask(block("status=429 retry-after=7"), path)).header("retry-after") == "7"
    assert (await ask(block("status=429 retry-after=ms:1500"), path)).header("retry-after-ms") == "1500"
    assert (await ask(block("status=429 retry-after=raw:soon"), path)).header("retry-after") == "soon"
    date = (await ask(block("status=429 retry-after=date:30"), path)).header("retry-after")
    ahead = parsedate_to_datetime(date) - datetime.now(UTC)
    assert timedelta(seconds=25) < ahead < timedelta(seconds=35)
    assert (await ask(block("status=429"), path)).header("retry-after") is None


async def test_limit_headers_say_plenty_or_used_up(ask: Any) -> None:
    assert (await ask("hi")).header("x-ratelimit-remaining-requests") == "9999"
    assert (await ask(block("status=429"))).header("x-ratelimit-remaining-requests") is None
    got = await ask(block("status=429 ratelimit-headers retry-after=7"))
    assert (got.header("x-ratelimit-remaining-requests"), got.header("x-ratelimit-reset-requests")) == ("0", "7s")
    assert (await ask("hi", MESSAGES)).header("anthropic-ratelimit-requests-remaining") == "3999"
    got = await ask(block("status=429 ratelimit-headers"), MESSAGES)
    assert got.header("anthropic-ratelimit-tokens-remaining") == "0"
    assert datetime.fromisoformat(got.header("anthropic-ratelimit-tokens-reset")) > datetime.now(UTC)
    got = await ask(block("status=429 ratelimit-headers=unified"), MESSAGES)
    assert got.header("anthropic-ratelimit-unified-status") == "rejected"


@BOTH
async def test_answers_carry_the_vendors_headers(ask: Any, path: str) -> None:
    got = await ask("hi", path)
    names = {"x-request-id", "openai-processing-ms", "openai-version", "openai-organization"}
    names = names if path == CHAT else {"request-id", "anthropic-organization-id"}
    assert names <= dict(got.headers).keys()


async def test_waits_are_as_long_as_scripted(ask: Any, korproxy_mock: MockServer) -> None:
    await ask(block("first-byte=0.2"))
    await ask(block("text='a b' gap=0.05"), stream=True)
    slow, gaps = korproxy_mock.requests
    assert slow.first_byte
    assert gaps.ended
    assert slow.first_byte - slow.began >= 0.2
    assert gaps.ended - gaps.began >= 0.05 * 4


async def test_first_event_lets_the_head_go_first(connect: Any) -> None:
    wire = await connect()
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": block("first-event=60")}]})
    with trio.fail_after(5):
        await wire.send("POST", CHAT, [("authorization", "Bearer k")], body.encode())
        assert (await wire.event()).status_code == 200


@BOTH
@pytest.mark.parametrize("fault", ["stall-after=2", "gap=60", "first-byte=60", "first-event=60"])
async def test_a_client_that_leaves_is_noticed_at_once(connect: Any, korproxy_mock: MockServer, path: str, fault: str) -> None:
    wire = await connect()
    fields = {"model": "m", "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": block(fault)}]}
    keys = [("authorization", "Bearer k"), ("anthropic-version", "2023-06-01")]
    await wire.send("POST", path, keys, json.dumps(fields).encode())
    await korproxy_mock.wait_for(lambda mock: mock.open_streams == 1)
    await wire.stream.aclose()
    await korproxy_mock.wait_for(lambda mock: mock.open_connections == 0)
    assert [(each.client_left, each.ended) for each in korproxy_mock.requests] == [(True, None)]
    assert (korproxy_mock.client_left_count, korproxy_mock.open_streams) == (1, 0)


async def test_a_client_that_leaves_after_the_last_event_has_not_left_early(connect: Any, korproxy_mock: MockServer) -> None:
    for _ in range(50):
        wire = await connect()
        body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}).encode()
        await wire.send("POST", CHAT, [("authorization", "Bearer k")], body)
        seen = b""
        while b"[DONE]" not in seen:
            seen += await wire.stream.receive_some(65536)
        await wire.stream.aclose()
    await korproxy_mock.wait_for(lambda mock: mock.open_connections == 0)
    assert korproxy_mock.client_left_count == 0
