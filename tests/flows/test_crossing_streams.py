"""Answers on their way from one format into another, over real sockets: in silence, in pieces, in a crowd, and at the end."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.api import Abilities, Translator, chat
from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages
from korproxy.config.settings import ServerSettings
from korproxy.models.providers import Deadlines
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.foreign import HEAD, LAST, PAIRS, asking, calling, chunk, saying, speaking, told
from tests.fakes.gateway import CLIENT_KEY, OTHER_KEY, Gateway, open_gateway
from tests.fakes.listening import Heard, listening, request
from tests.fakes.passing import CLIENTS, FORMATS, faults
from tests.fakes.raw_client import connect, read_until
from tests.fakes.raw_upstream import Serve, answering, raw_upstream, read_request
from tests.fakes.stream_checks import sse
from tests.fakes.waiting import until

CORPUS = Path(__file__).parent.parent / "corpora" / "streams"
SIGNS = {"openai-chat": b": keep-alive\n\n", "anthropic-messages": b'event: ping\ndata: {"type":"ping"}\n\n'}
RESTLESS = ServerSettings(port=0, keep_alive=0.05)
TOO_FAST = {
    "openai-chat": b'{"error":{"message":"Slow down, gr\xc3\xb6\xc3\x9fer","type":"requests","code":"rate_limit_exceeded"}}',
    "anthropic-messages": b'{"type":"error","error":{"type":"rate_limit_error","message":"Slow down, gr\xc3\xb6\xc3\x9fer"}}',
    "gemini": b'{"error":{"code":429,"message":"Slow down, gr\xc3\xb6\xc3\x9fer","status":"RESOURCE_EXHAUSTED"}}',
}

every_pair = pytest.mark.parametrize(("client", "provider"), PAIRS)


def data_of(stream: bytes) -> list[Any]:
    """Return the data of each event that is JSON."""
    return [json.loads(data) for _, data in sse(stream) if data.startswith("{")]


def text_of(client: str, stream: bytes) -> str:
    """Return the text of a good stream."""
    assert faults(client, stream) == []
    if client == "openai-chat":
        return "".join(each["choices"][0]["delta"].get("content") or "" for each in data_of(stream) if each["choices"])
    return "".join(each["delta"].get("text", "") for each in data_of(stream) if each["type"] == "content_block_delta")


def call_of(client: str, stream: bytes) -> dict[str, Any]:
    """Return the one call of a good stream: id, name, arguments as text, and what stands beside them."""
    assert faults(client, stream) == []
    found: dict[str, Any] = {"arguments": ""}
    for each in data_of(stream):
        if client == "openai-chat":
            for delta in each["choices"][0]["delta"].get("tool_calls", ()) if each["choices"] else ():
                function = delta.pop("function")
                found |= {**delta, "name": function.get("name", found.get("name"))}
                found["arguments"] += function.get("arguments", "")
        elif each["type"] == "content_block_start" and each["content_block"]["type"] == "tool_use":
            found |= each["content_block"]
        elif each["type"] == "content_block_delta":
            found["arguments"] += each["delta"].get("partial_json", "")
    return found


def error_of(client: str, stream: bytes) -> dict[str, Any]:
    """Return the error that a stream ends with; it must be the last event, and the only end."""
    assert faults(client, stream) == []
    error: dict[str, Any] = data_of(stream)[-1]["error"]
    return error


def streamed(*pieces: bytes) -> bytes:
    """Return a whole answer of *pieces*, a chunk each."""
    return b"".join([HEAD, *map(chunk, pieces), LAST])


def refusing(status: int, body: bytes) -> bytes:
    """Return a whole answer with an error."""
    head = f"HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def after(signal: trio.Event, answer: bytes) -> Serve:
    """Return a server that reads a request and sends *answer* when *signal* is set."""

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await signal.wait()
        await stream.send_all(answer)

    return serve


async def finished_one(gateway: Gateway) -> Any:
    """Return the one event of a call that was put down."""
    await until(lambda: gateway.finished)
    [event] = gateway.finished
    return event


async def waited(client: str, provider: str, answer: bytes, **more: Any) -> tuple[Heard, Any]:
    """Let a client wait for *answer* until it has heard two signs of life; return what it heard, and what was put down."""
    go_on = trio.Event()
    with trio.fail_after(20):
        async with raw_upstream(after(go_on, answer)) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}", **more)
            async with open_gateway(there, server=RESTLESS) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await until(lambda: heard.body.count(SIGNS[client]) > 1)
                    assert heard.body.replace(SIGNS[client], b"") == b""
                    go_on.set()
                    await heard.over.wait()
                event = await finished_one(gateway)
    return heard, event


@every_pair
async def test_who_waits_for_the_provider_hears_signs_of_life_and_then_the_answer(client: str, provider: str) -> None:
    words = ["Grüße ", "an ", "🙂"]
    heard, event = await waited(client, provider, streamed(*told(provider, saying(*words))))

    assert (heard.status, heard.whole, heard.headers["x-korproxy-provider"]) == (200, True, "one")
    assert heard.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert text_of(client, bytes(heard.body)) == "Grüße an 🙂"
    assert (event.outcome, event.code, event.status) == ("ok", None, 200)


@pytest.mark.code("KP-RATE-401")
@every_pair
async def test_a_refusal_behind_a_sign_of_life_is_an_error_in_the_stream(client: str, provider: str) -> None:
    heard, event = await waited(client, provider, refusing(429, TOO_FAST[provider]))

    error = error_of(client, bytes(heard.body))
    assert (heard.status, heard.whole) == (200, True)
    assert (error["message"], error["type"]) == ("Slow down, größer", "rate_limit_error")
    assert (event.outcome, event.code, event.status) == ("refused", "KP-RATE-401", 429)


@pytest.mark.code("KP-AUTH-007")
@every_pair
async def test_our_key_that_is_refused_behind_a_sign_of_life_is_told_as_ours(client: str, provider: str) -> None:
    heard, event = await waited(client, provider, refusing(401, b'{"error":{"message":"no such key"}}'))

    error = error_of(client, bytes(heard.body))
    assert "KP-AUTH-007" in error["message"]
    assert error["type"] != "authentication_error"  # or the tool would ask its user for another key
    assert (event.outcome, event.code, event.status) == ("failed", "KP-AUTH-007", 200)


@every_pair
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(b"", "KP-NET-308", marks=pytest.mark.code("KP-NET-308")),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "KP-PROV-108", marks=pytest.mark.code("KP-PROV-108")),
        pytest.param(HEAD, "KP-NET-309", marks=pytest.mark.code("KP-NET-309")),
        pytest.param(HEAD + chunk(b"data: no json\n\n"), "KP-PROV-116", marks=pytest.mark.code("KP-PROV-116")),
    ],
)
async def test_what_fails_behind_a_sign_of_life_is_told_in_the_stream(
    client: str, provider: str, answer: bytes, code: str
) -> None:
    heard, event = await waited(client, provider, answer)

    assert code in error_of(client, bytes(heard.body))["message"]
    assert (heard.status, heard.whole) == (200, True)
    assert (event.outcome, event.code, event.status) == ("failed", code, 200)


@pytest.mark.code("KP-NET-305")
@every_pair
async def test_a_provider_that_is_silent_for_too_long_is_given_up_behind_signs_of_life(client: str, provider: str) -> None:
    with trio.fail_after(20):
        async with raw_upstream(after(trio.Event(), b"")) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}", deadlines=Deadlines(first_byte=0.3))
            async with open_gateway(there, server=RESTLESS) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await heard.over.wait()

    assert heard.body.startswith(SIGNS[client])
    assert "KP-NET-305" in error_of(client, bytes(heard.body))["message"]


@every_pair
async def test_who_asks_for_no_stream_is_told_with_a_status_however_long_it_took(client: str, provider: str) -> None:
    go_on = trio.Event()
    with trio.fail_after(20):
        async with raw_upstream(after(go_on, refusing(429, TOO_FAST[provider]))) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=RESTLESS) as gateway:
                async with listening(gateway, client, asking("hi") | {"stream": False}) as heard:
                    await trio.sleep(4 * RESTLESS.keep_alive)  # that nothing comes has no other sign than time
                    assert (heard.status, heard.body) == (0, b"")
                    go_on.set()
                    await heard.over.wait()

    assert (heard.status, json.loads(heard.body)["error"]["message"]) == (429, "Slow down, größer")


@pytest.mark.code("KP-SYS-511")
@every_pair
async def test_a_stop_ends_the_stream_of_who_waits_behind_a_sign_of_life(client: str, provider: str) -> None:
    settings = attrs.evolve(RESTLESS, grace=0.2)
    with trio.fail_after(20):
        async with raw_upstream(after(trio.Event(), b"")) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=settings) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await until(lambda: SIGNS[client] in heard.body)
                    gateway.stop.set()
                    await heard.over.wait()
                event = await finished_one(gateway)

    assert "KP-SYS-511" in error_of(client, bytes(heard.body))["message"]
    assert (heard.status, heard.whole) == (200, True)
    assert (event.outcome, event.code, event.status) == ("failed", "KP-SYS-511", 200)


@pytest.mark.code("KP-SYS-511")
@every_pair
async def test_a_stop_ends_a_stream_in_its_middle(client: str, provider: str) -> None:
    pieces = [chunk(each) for each in told(provider, saying("one ", "two "))[:3]]
    settings = attrs.evolve(RESTLESS, grace=0.2)
    with trio.fail_after(20):
        async with raw_upstream(answering(HEAD, *pieces, then_wait=True)) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=settings) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await until(lambda: b"two " in heard.body)
                    gateway.stop.set()
                    await heard.over.wait()

    assert "KP-SYS-511" in error_of(client, bytes(heard.body))["message"]
    assert heard.whole


@every_pair
async def test_a_client_that_leaves_while_it_waits_lets_the_provider_go_within_a_second(client: str, provider: str) -> None:
    left = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        assert await stream.receive_some() == b""
        left.set()

    with trio.fail_after(20):
        async with raw_upstream(serve) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=RESTLESS) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await until(lambda: SIGNS[client] in heard.body)
                began = trio.current_time()
                await left.wait()
                took = trio.current_time() - began
                event = await finished_one(gateway)

    assert took < 1
    assert (event.outcome, event.code) == ("client left", "KP-NET-311")


def endless(provider: str) -> Serve:
    """Return a server whose answer has no end: large pieces for as long as somebody takes them."""
    beginning, *more = told(provider, saying("x" * 64 * 1024, "x" * 64 * 1024))

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(HEAD + chunk(beginning) + chunk(more[0]))
        while True:
            await stream.send_all(chunk(more[1]))

    return serve


async def stalled(gateway: Gateway, client: str) -> trio.SocketStream:
    """Return the connection of a client that never reads; the gateway is stuck in a write to it. The caller closes it."""
    stream = await connect(gateway.url)
    await stream.send_all(request(client, asking("hi")))
    await until(lambda: gateway.server.connections.stalled(trio.current_time(), 0.1))
    return stream


@pytest.mark.code("KP-NET-312")
@every_pair
async def test_a_client_that_never_reads_is_hung_up_on(client: str, provider: str) -> None:
    settings = attrs.evolve(RESTLESS, write_deadline=0.4)
    with trio.fail_after(20):
        async with raw_upstream(endless(provider)) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=settings) as gateway, await stalled(gateway, client):
                event = await finished_one(gateway)
                await until(lambda: not gateway.windows["one"].upstream.open_connections)

    assert (event.outcome, event.code) == ("client left", "KP-NET-312")


@every_pair
async def test_a_client_that_never_reads_costs_the_end_its_grace_and_no_more(client: str, provider: str) -> None:
    settings = attrs.evolve(RESTLESS, grace=0.3)
    with trio.fail_after(20):
        async with raw_upstream(endless(provider)) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=settings) as gateway, await stalled(gateway, client):
                began = trio.current_time()
                gateway.stop.set()
                await until(lambda: not len(gateway.server.connections))
                took = trio.current_time() - began

    assert took < settings.grace + 1


RECORDED = {
    "openai-chat": ("anthropic-tools", "anthropic-thinking", "anthropic-line-separators", "anthropic-crlf-comments"),
    "anthropic-messages": ("openai-parallel-tools", "deepseek-reasoning", "openrouter-comments", "dashscope-crlf"),
}
THOUGHT = [
    chat.Started(id="answer-1", model="m"),
    chat.ReasoningDelta("Größe? "),
    chat.ReasoningEnded(seal=chat.Seal(family="google", data="c2VhbA==")),
    chat.TextDelta("日本\u2028🙂"),
    *calling("read", '{"a": 1.10, "ü": "\\ud83d\\ude42"}', seal=chat.Seal(family="google", data="Y2FsbA=="))[1:],
]


def recordings() -> list[Any]:
    """Return client, provider and stream of each case."""
    found = [
        pytest.param(client, "anthropic-messages" if name.startswith("anthropic") else "openai-chat", _read(name), id=name)
        for client, names in RECORDED.items()
        for name in names
    ]
    gemini = b"".join(told("gemini", THOUGHT))
    return [*found, *(pytest.param(client, "gemini", gemini, id=f"gemini to {client}") for client in CLIENTS)]


def _read(name: str) -> bytes:
    return (CORPUS / f"{name}.sse").read_bytes()


@pytest.mark.parametrize(("client", "provider", "wire"), recordings())
async def test_a_stream_that_comes_byte_by_byte_says_the_same(client: str, provider: str, wire: bytes) -> None:
    bodies = []
    for pieces in ([wire], [wire[at : at + 1] for at in range(len(wire))]):
        with trio.fail_after(30):
            async with raw_upstream(answering(HEAD, *map(chunk, pieces), LAST)) as port:
                async with open_gateway(speaking(provider, f"http://127.0.0.1:{port}")) as gateway:
                    async with listening(gateway, client, asking("hi")) as heard:
                        await heard.over.wait()
        assert heard.whole
        bodies.append(re.sub(rb'"created":\d+', b'"created":0', bytes(heard.body)))

    assert bodies[0] == bodies[1]
    assert faults(client, bodies[0], wants_usage=False) == []


FRAGMENTS = ['{"pa', 'th": "/a', '/größe.md"', "}"]
WORDS = ["eins ", "zwei ", "drei ", "vier "]


@every_pair
@pytest.mark.parametrize("kind", ["text", "arguments"])
async def test_each_fragment_leaves_before_the_provider_sends_the_next(client: str, provider: str, kind: str) -> None:
    """The provider is told by the client, past KorProxy, that it may go on."""
    events = saying(*WORDS) if kind == "text" else calling("read", *FRAGMENTS)
    whole = "".join(FRAGMENTS)
    parts = WORDS if kind == "text" else [whole] if provider == "gemini" else FRAGMENTS  # Gemini's calls come whole
    send, receive = trio.open_memory_channel[bytes](0)

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(HEAD)
        async for piece in receive:
            await stream.send_all(chunk(piece))
        await stream.send_all(LAST)

    heard = b""
    with trio.fail_after(20):
        async with raw_upstream(serve) as port, open_gateway(speaking(provider, f"http://127.0.0.1:{port}")) as gateway:
            async with await connect(gateway.url) as stream, send:
                await stream.send_all(request(client, asking("hi")))
                seen = list(parts)
                for event, piece in zip(events, told(provider, events), strict=True):
                    if not piece:
                        continue
                    await send.send(piece)
                    if isinstance(event, chat.TextDelta | chat.CallDelta) or (provider == "gemini" and seen):
                        heard += await read_until(stream, json.dumps(seen.pop(0), ensure_ascii=False)[1:-1].encode())

    assert seen == []


PICTURE = base64.b64encode(bytes(range(256)) * 20_480).decode()  # of 5 MiB


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_picture_of_five_megabytes_arrives_whole(client: str, stream: bool) -> None:
    part = chat.Image(blob=chat.Blob(media_type="image/png", data=PICTURE))
    begun, *rest = saying("Here: ")
    pieces = told("gemini", [begun, rest[0], chat.PartAdded(part), *rest[1:]])
    with trio.fail_after(30):
        async with raw_upstream(answering(streamed(*pieces))) as port:
            async with open_gateway(speaking("gemini", f"http://127.0.0.1:{port}")) as gateway:
                async with listening(gateway, client, asking("hi") | {"stream": stream}) as heard:
                    await heard.over.wait()

    text = text_of(client, bytes(heard.body)) if stream else json.dumps(json.loads(heard.body))
    assert (heard.status, heard.whole) == (200, True)
    assert f"![image](data:image/png;base64,{PICTURE})" in text


@attrs.define
class Patient:
    """A translator that reads a large request only when it is told to, and says whether it was."""

    inner: Translator
    entered: threading.Event = attrs.field(factory=threading.Event)
    go_on: threading.Event = attrs.field(factory=threading.Event)
    was_told: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def read_request(self, path: str, body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
        if len(body) > 1024**2:
            self.entered.set()
            self.was_told = self.go_on.wait(10)
        return self.inner.read_request(path, body, report)


async def test_while_a_large_request_is_translated_the_others_go_on() -> None:
    large = "größer " * 250_000
    answer = Scripted(headers=[("content-type", "text/event-stream")], pieces=told("openai-chat", saying("Good.")))
    dialect = AnthropicMessages()
    patient = Patient(dialect.translator)
    with trio.fail_after(30):
        async with open_echo(answer) as echo, open_gateway(speaking("openai-chat", echo.url)) as gateway:
            snapshot = gateway.gate.snapshot
            dialects = {**snapshot.dialects, dialect.name: attrs.evolve(dialect, translator=patient)}  # type: ignore[arg-type]
            gateway.gate.snapshot = attrs.evolve(snapshot, dialects=dialects)
            async with listening(gateway, dialect.name, asking(large)) as of_large:
                await until(patient.entered.is_set)
                async with listening(gateway, dialect.name, asking("small")) as of_small:
                    await of_small.over.wait()
                before = of_large.over.is_set()
                patient.go_on.set()
                await of_large.over.wait()

    bodies = [json.loads(each.body) for each in echo.arrived]
    assert (before, patient.was_told) == (False, True)
    assert [each["messages"][-1]["content"] for each in bodies] == ["small", large]
    assert [text_of(dialect.name, bytes(each.body)) for each in (of_small, of_large)] == ["Good."] * 2


ADDRESSES = {"openai-chat": "/openai/v1", "anthropic-messages": "/anthropic", "gemini": "/google/v1beta"}


async def test_many_streams_at_once_keep_apart() -> None:
    """Both clients, all providers, text and calls: 24 streams, each in small pieces so that they take turns."""
    heard: dict[str, tuple[str, Heard]] = {}

    async def one(gateway: Gateway, client: str, provider: str, number: int) -> None:
        mark = f"<{client} {provider} {number}>"
        call = f"""tool=read args='{{"mark": "{mark}"}}'""" if number % 2 else ""
        prompt = f'{{{{mock: text="{mark} " words=15 gap=0.003 {call}}}}}'
        async with listening(gateway, client, asking(prompt, model=f"{provider}/m")) as found:
            heard[mark] = client, found
            await found.over.wait()

    with trio.fail_after(30):
        async with open_mock() as mock:
            there = [speaking(each, mock.url + where, id=each) for each, where in ADDRESSES.items()]
            async with open_gateway(*there, server=RESTLESS) as gateway, trio.open_nursery() as nursery:
                for number in range(4):
                    for client in CLIENTS:
                        for provider in FORMATS:
                            nursery.start_soon(one, gateway, client, provider, number)

    assert len(heard) == 24
    for mark, (client, found) in heard.items():
        body = bytes(found.body)
        others = [each for each in heard if each != mark and each.encode() in body]
        assert (found.status, found.whole, others) == (200, True, [])
        assert text_of(client, body).startswith(f"{mark} alpha beta größer ")
        if mark.endswith(("1>", "3>")):
            assert json.loads(call_of(client, body)["arguments"]) == {"mark": mark}


TOOLS: dict[str, Any] = {
    "openai-chat": [{"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}],
    "anthropic-messages": [{"name": "read", "input_schema": {"type": "object", "properties": {}}}],
}


def next_turn(client: str, stream: bytes) -> list[dict[str, Any]]:
    """Return the conversation behind an answer that called a tool: of the answer only the call is sent back, as many tools do."""
    call = call_of(client, stream)
    question = {"role": "user", "content": "read it"}
    if client == "anthropic-messages":
        block = {"type": "tool_use", "id": call["id"], "name": call["name"], "input": json.loads(call["arguments"] or "{}")}
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": "ok"}
        return [question, {"role": "assistant", "content": [block]}, {"role": "user", "content": [result]}]
    function = {"name": call["name"], "arguments": call["arguments"]}
    calls = [{"id": call["id"], "type": "function", "function": function}]
    answer = {"role": "assistant", "content": None, "tool_calls": calls}
    return [question, answer, {"role": "tool", "tool_call_id": call["id"], "content": "ok"}]


async def two_turns(client: str, provider: str, events: Sequence[chat.Event], second_key: str, **more: Any) -> Any:
    """Have a tool called, then send its result with *second_key*; return the body of the second request to the provider."""
    pieces = [each for each in told(provider, events) if each]
    answer = Scripted(headers=[("content-type", "text/event-stream")], pieces=pieces, framing="chunked")
    with trio.fail_after(20):
        async with open_echo(answer) as echo, open_gateway(speaking(provider, echo.url, **more)) as gateway:
            async with listening(gateway, client, asking("read it", tools=TOOLS[client])) as heard:
                await heard.over.wait()
            turns = next_turn(client, bytes(heard.body))
            async with listening(gateway, client, asking(turns, tools=TOOLS[client]), second_key) as heard:
                await heard.over.wait()
    assert heard.status == 200
    return json.loads(echo.arrived[1].body)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("key", [CLIENT_KEY, OTHER_KEY], ids=["the same client", "another client"])
async def test_geminis_mark_on_a_call_comes_back_to_it_from_the_same_client_only(client: str, key: str) -> None:
    """No format but Gemini's own has a place for it that every client sends back. An id may be anybody's: servers count them."""
    abilities = Abilities(family="google", reasoning="level", efforts=("low", "high"))
    called = calling("read", "{}", seal=chat.Seal(family="google", data="c2VjcmV0"))
    sent = await two_turns(client, "gemini", called, key, assumed=abilities)

    [call] = [part for turn in sent["contents"] for part in turn["parts"] if "functionCall" in part]
    assert call["functionCall"]["name"] == "read"
    assert call["thoughtSignature"] == ("c2VjcmV0" if key == CLIENT_KEY else "skip_thought_signature_validator")


@pytest.mark.parametrize("key", [CLIENT_KEY, OTHER_KEY], ids=["the same client", "another client"])
async def test_thoughts_of_claude_come_back_to_it_from_the_same_client_only(key: str) -> None:
    begun, *call = calling("read", "{}")
    thought = [chat.ReasoningDelta("I read it."), chat.ReasoningEnded(seal=chat.Seal(family="anthropic", data="U0VBTA=="))]
    abilities = Abilities(family="anthropic", reasoning="adaptive", efforts=("low", "high"))
    sent = await two_turns("openai-chat", "anthropic-messages", [begun, *thought, *call], key, assumed=abilities)

    [assistant] = [each["content"] for each in sent["messages"] if each["role"] == "assistant"]
    kept = [{"type": "thinking", "thinking": "I read it.", "signature": "U0VBTA=="}] if key == CLIENT_KEY else []
    assert [each for each in assistant if each["type"] != "tool_use"] == kept
