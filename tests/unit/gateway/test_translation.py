from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import attrs
import pytest
import trio

from korproxy.builtin.dialects.gemini import Gemini
from korproxy.errors.exceptions import KorproxyError
from korproxy.gateway import translation
from korproxy.gateway.gate import Gate
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.translation import looks_like_events
from korproxy.kit.gemini_endpoint import GEMINI
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES, HttpProvider
from korproxy.models.outcome import Usage
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gate import Told, a_call, ask, failure, open_gate, said
from tests.fakes.gateway import provider_at
from tests.fakes.raw_upstream import raw_upstream, read_request

EVENTS = [("content-type", "text/event-stream")]
JSON = [("content-type", "application/json"), ("x-ratelimit-limit", "9")]
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 3},
}
USAGE = Usage(tokens_in=7, tokens_out=3)


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


START = event("message_start", message={**MESSAGE, "content": [], "stop_reason": None, "usage": {"input_tokens": 7}})
TEXT = (
    event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    + event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hello"})
    + event("content_block_stop", index=0)
)
STOP = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3}) + event("message_stop")
TOOL = event("content_block_start", index=0, content_block={"type": "tool_use", "id": "toolu_1", "name": "read", "input": {}})
OVERLOADED = event("error", error={"type": "overloaded_error", "message": "Overloaded"})


def claude_at(url: str, **more: Any) -> HttpProvider:
    return attrs.evolve(provider_at(url, id="claude"), speaks={"anthropic-messages": ANTHROPIC_MESSAGES}, **more)


def gemini_at(url: str) -> HttpProvider:
    return attrs.evolve(provider_at(url, id="gemini"), speaks={"gemini": GEMINI})


def chat(*, stream: bool, **more: Any) -> bytes:
    return json.dumps({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "hi"}], **more}).encode()


async def told(scripted: Scripted, *, stream: bool) -> Told:
    async with open_echo(scripted) as echo, open_gate(claude_at(echo.url)) as gate:
        return await ask(gate, a_call(chat(stream=stream)))


async def untold(scripted: Scripted, *, stream: bool) -> KorproxyError:
    """Return how it ends where nothing could be said, and somebody else might have been asked."""
    async with open_echo(scripted) as echo, open_gate(claude_at(echo.url)) as gate:
        error, _ = await failure(gate, a_call(chat(stream=stream)))
    return error


def chunks(body: bytes) -> list[Any]:
    """Return the decoded data of each event, ``[DONE]`` and our own late errors as text."""
    lines = [line[6:] for line in body.decode().split("\n\n") if line.startswith("data: ")]
    return [json.loads(line) if line.startswith("{") else line for line in lines]


def text_of(found: list[Any]) -> str:
    return "".join(
        choice["delta"].get("content") or "" for each in found if isinstance(each, dict) for choice in each.get("choices", [])
    )


async def test_a_whole_answer_comes_in_the_clients_format_with_a_length_of_its_own() -> None:
    answer = json.dumps(MESSAGE).encode()
    got = await told(Scripted(headers=JSON, pieces=[answer[:30], answer[30:]], framing="chunked"), stream=False)
    document = json.loads(got.body)

    assert (document["object"], document["model"]) == ("chat.completion", "m")
    assert document["choices"][0]["message"]["content"] == "Hello"
    assert (got.relay.is_stream, got.relay.status, got.finished.outcome, got.finished.usage) == (False, 200, "ok", USAGE)
    assert [each for each in got.relay.headers if each[0].startswith(b"content-")] == [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(got.body)).encode()),
    ]
    assert (b"x-ratelimit-limit", b"9") in got.relay.headers


async def test_each_fragment_of_a_stream_leaves_at_once() -> None:
    go_on = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + START + TEXT)
        await go_on.wait()
        await stream.send_all(STOP)

    async with raw_upstream(serve) as port, open_gate(claude_at(f"http://127.0.0.1:{port}")) as gate:
        ledger = Ledger(call=a_call(chat(stream=True)))
        relay = await gate.open(ledger.call, ledger, said)
        got = [relay.first]
        go_on.set()
        while piece := await relay.next_piece():
            got.append(piece)
        await relay.aclose()

    found = chunks(b"".join(got))
    assert text_of(chunks(got[0])) == text_of(found) == "Hello"
    assert found[-1] == "[DONE]"
    assert (relay.is_stream, ledger.outcome, ledger.usage) == (True, "ok", USAGE)
    assert relay.headers[-2:] == [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


@pytest.mark.code("KP-NET-309")
@pytest.mark.parametrize("pieces", [[START], [START, START[:-5]]])
async def test_a_stream_that_is_cut_before_it_has_said_anything_is_no_answer(pieces: list[bytes]) -> None:
    assert (await untold(Scripted(headers=EVENTS, pieces=pieces, framing="chunked"), stream=True)).code == "KP-NET-309"


@pytest.mark.code("KP-NET-309")
@pytest.mark.parametrize("pieces", [[START, TEXT], [START, TEXT + TEXT[:-5]]])
async def test_a_stream_that_is_cut_ends_with_an_error_and_no_end_of_its_own(pieces: list[bytes]) -> None:
    got = await told(Scripted(headers=EVENTS, pieces=pieces, framing="chunked"), stream=True)

    assert got.pieces[-1] == b"data: [KP-NET-309]\n\n"
    assert "[DONE]" not in got.body.decode()
    assert (got.finished.outcome, got.finished.code) == ("failed", "KP-NET-309")


async def test_a_provider_that_breaks_off_with_an_error_has_its_words_passed_on() -> None:
    got = await told(Scripted(headers=EVENTS, pieces=[START, TEXT, OVERLOADED], framing="chunked"), stream=True)

    assert chunks(got.body)[-1]["error"]["message"] == "Overloaded"
    assert (got.finished.outcome, got.finished.code, got.relay.status) == ("refused", "KP-PROV-102", 200)


@pytest.mark.parametrize("stream", [True, False])
async def test_an_error_as_the_first_event_is_a_real_status(stream: bool) -> None:
    got = await told(Scripted(headers=EVENTS, pieces=[OVERLOADED], framing="chunked"), stream=stream)

    assert (got.relay.status, got.relay.is_stream, got.relay.code) == (503, False, "KP-PROV-102")
    assert json.loads(got.body)["error"]["message"] == "Overloaded"
    assert dict(got.relay.headers)[b"content-type"] == b"application/json"


@pytest.mark.parametrize("stream", [True, False])
async def test_an_error_right_behind_the_beginning_is_a_real_status_too(stream: bool) -> None:
    got = await told(Scripted(headers=EVENTS, pieces=[START, OVERLOADED], framing="chunked"), stream=stream)

    assert (got.relay.status, got.relay.is_stream, got.relay.code) == (503, False, "KP-PROV-102")
    assert json.loads(got.body)["error"]["message"] == "Overloaded"


@pytest.mark.parametrize("stream", [True, False])
async def test_an_error_with_a_good_status_keeps_its_words_and_gets_its_own_status(stream: bool) -> None:
    said = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}
    got = await told(Scripted(headers=JSON, pieces=[json.dumps(said).encode()]), stream=stream)

    assert (got.relay.status, got.relay.is_stream, got.relay.code) == (429, False, "KP-PROV-102")
    assert json.loads(got.body)["error"]["message"].startswith("Slow down.")
    assert got.finished.outcome == "refused"


async def test_how_long_to_wait_is_a_header_also_where_the_first_event_says_it() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "20.5s"}]
    said = {"error": {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED", "details": details}}
    async with open_echo(Scripted(headers=EVENTS, pieces=[b"data: " + json.dumps(said).encode() + b"\n\n"])) as echo:
        async with open_gate(gemini_at(echo.url), gemini=Gemini()) as gate:
            got = await ask(gate, a_call(chat(stream=True)))

    assert (got.relay.status, dict(got.relay.headers)[b"retry-after"]) == (429, b"21")


@pytest.mark.code("KP-PROV-116")
async def test_arguments_that_are_no_json_end_the_stream_behind_what_was_good() -> None:
    torn = event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": '{"a":'})
    end = event("content_block_stop", index=0)
    got = await told(Scripted(headers=EVENTS, pieces=[START + TOOL + torn + end + STOP], framing="chunked"), stream=True)

    assert got.pieces[-1] == b"data: [KP-PROV-116]\n\n"
    assert (got.finished.outcome, got.finished.code) == ("failed", "KP-PROV-116")
    assert "arguments" in str(got.relay.ended_badly)


@pytest.mark.code("KP-PROV-116")
@pytest.mark.parametrize("body", [b"null", b"[1]", b"{", b"plain words"])
async def test_an_answer_in_no_format_is_no_answer(body: bytes) -> None:
    error = await untold(Scripted(headers=[("content-type", "application/json")], pieces=[body]), stream=False)

    assert error.code == "KP-PROV-116"


async def test_whoever_asked_for_a_stream_and_is_answered_whole_gets_a_stream() -> None:
    got = await told(Scripted(headers=JSON, pieces=[json.dumps(MESSAGE).encode()]), stream=True)
    found = chunks(got.body)

    assert (text_of(found), found[-1]) == ("Hello", "[DONE]")
    assert (got.relay.is_stream, got.finished.usage) == (True, USAGE)


@pytest.mark.parametrize("headers", [EVENTS, [("content-type", "application/json")], []])
async def test_whoever_asked_for_the_whole_and_is_answered_by_a_stream_gets_the_whole(headers: list[tuple[str, str]]) -> None:
    got = await told(Scripted(headers=headers, pieces=[START + TEXT, STOP], framing="chunked"), stream=False)
    document = json.loads(got.body)

    assert document["choices"][0]["message"]["content"] == "Hello"
    assert (got.relay.is_stream, got.finished.outcome, got.finished.usage) == (False, "ok", USAGE)


async def test_a_stream_that_was_cut_is_no_whole_answer() -> None:
    error = await untold(Scripted(headers=EVENTS, pieces=[START + TEXT], framing="chunked"), stream=False)

    assert error.code == "KP-NET-309"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_refusal_keeps_its_status_and_its_words_and_says_how_long_to_wait(stream: bool) -> None:
    said = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}
    scripted = Scripted(status=429, headers=[("retry-after", "7"), *JSON], pieces=[json.dumps(said).encode()])
    got = await told(scripted, stream=stream)

    assert (got.relay.status, got.relay.code, got.relay.is_stream) == (429, "KP-RATE-401", False)
    assert json.loads(got.body)["error"]["message"] == "Slow down. Please try again in 7s."  # where OpenAI's tools look for it
    assert dict(got.relay.headers)[b"retry-after"] == b"7"
    assert dict(got.relay.headers)[b"content-length"] == str(len(got.body)).encode()
    assert (got.finished.outcome, got.finished.status) == ("refused", 429)


@pytest.mark.code("KP-PROV-116")
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_without_end_is_not_held_for_ever(stream: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "LONGEST", 1000)
    long = b'data: {"x":"' + b"x" * 2000 if stream else b'{"x":"' + b"x" * 2000
    headers = EVENTS if stream else JSON
    error = await untold(Scripted(headers=headers, pieces=[long, b"x"], framing="chunked"), stream=stream)

    assert error.code == "KP-PROV-116"


GZIP = ("content-encoding", "gzip")


async def test_a_stream_that_is_compressed_without_being_asked_for_is_read_piece_by_piece() -> None:
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(each) + packer.flush(zlib.Z_SYNC_FLUSH) for each in (START, TEXT, STOP)]
    go_on = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n"
        await stream.send_all(head + pieces[0] + pieces[1])
        await go_on.wait()
        await stream.send_all(pieces[2] + packer.flush())

    async with raw_upstream(serve) as port, open_gate(claude_at(f"http://127.0.0.1:{port}")) as gate:
        ledger = Ledger(call=a_call(chat(stream=True)))
        relay = await gate.open(ledger.call, ledger, said)
        got = [relay.first]
        go_on.set()
        while piece := await relay.next_piece():
            got.append(piece)
        await relay.aclose()

    assert text_of(chunks(got[0])) == text_of(chunks(b"".join(got))) == "Hello"
    assert (ledger.outcome, ledger.usage) == ("ok", USAGE)
    assert not any(name == b"content-encoding" for name, _ in relay.headers)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_whole_answer_that_is_compressed_is_read_too(stream: bool) -> None:
    got = await told(Scripted(headers=[*JSON, GZIP], pieces=[gzip.compress(json.dumps(MESSAGE).encode())]), stream=stream)

    assert (b"Hello" in got.body, got.relay.is_stream, got.finished.usage) == (True, stream, USAGE)


async def test_a_refusal_that_is_compressed_keeps_its_words() -> None:
    said = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}
    got = await told(
        Scripted(status=429, headers=[*JSON, GZIP], pieces=[gzip.compress(json.dumps(said).encode())]), stream=True
    )

    assert (got.relay.status, json.loads(got.body)["error"]["message"]) == (429, "Slow down.")


@pytest.mark.code("KP-PROV-116")
async def test_a_compression_that_is_not_known_is_named() -> None:
    scripted = Scripted(headers=[*EVENTS, ("content-encoding", "br")], pieces=[START], framing="chunked")
    error = await untold(scripted, stream=True)

    assert error.code == "KP-PROV-116"
    assert "it is compressed ('br'), though none was asked for" in str(error)


async def test_names_of_tools_come_back_as_the_client_wrote_them() -> None:
    name = "mcp/server@x y"
    tools = [{"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}]

    async def answer(gate: Gate) -> Told:
        return await ask(gate, a_call(chat(stream=True, tools=tools)))

    async with open_echo(Scripted(headers=EVENTS, pieces=[START + TEXT], framing="chunked")) as echo:
        async with open_gate(claude_at(echo.url)) as gate:
            await answer(gate)
            theirs = json.loads(echo.only.body)["tools"][0]["name"]
            block = {"type": "tool_use", "id": "toolu_1", "name": theirs, "input": {}}
            called = event("content_block_start", index=0, content_block=block) + event("content_block_stop", index=0)
            stop = event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 1}) + event("message_stop")
            echo.answer = Scripted(headers=EVENTS, pieces=[START + called + stop], framing="chunked")
            got = await answer(gate)

    calls = [
        each for each in chunks(got.body)[:-1] for choice in each["choices"] for each in choice["delta"].get("tool_calls", [])
    ]
    assert theirs != name
    assert calls[0]["function"]["name"] == name


@pytest.mark.parametrize("first", [b"data: {}", b"event: x\n", b": ping\n", b"\xef\xbb\xbfdata:{}", b"\n\ndata: x", b":\n\n"])
def test_events_are_known_by_their_first_bytes(first: bytes) -> None:
    assert looks_like_events(first)


@pytest.mark.parametrize("first", [b"{}", b'[{"data:"', b"", b"<html>", b"datafile"])
def test_documents_are_not_events(first: bytes) -> None:
    assert not looks_like_events(first)


async def test_edge_79_the_encoding_of_a_body_that_was_rewritten_is_not_told() -> None:
    packed = gzip.compress(json.dumps(MESSAGE).encode())
    got = await told(Scripted(headers=[*JSON, ("content-encoding", "gzip")], pieces=[packed]), stream=False)

    assert json.loads(got.body)["choices"][0]["message"]["content"] == "Hello"
    assert b"content-encoding" not in dict(got.relay.headers)
    assert dict(got.relay.headers)[b"content-length"] == str(len(got.body)).encode()
