"""Answers on their way from one format into another, over real sockets: in pieces, large ones, in a crowd, in a second turn."""

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
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.foreign import HEAD, LAST, PAIRS, asking, calling, chunk, saying, speaking, streamed, told
from tests.fakes.gateway import CLIENT_KEY, OTHER_KEY, Gateway, open_gateway
from tests.fakes.listening import Heard, call_of, listening, request, text_of
from tests.fakes.passing import FORMATS, TWO_CLIENTS, faults
from tests.fakes.raw_client import connect, read_until
from tests.fakes.raw_upstream import answering, raw_upstream, read_request
from tests.fakes.waiting import until

CORPUS = Path(__file__).parent.parent / "corpora" / "streams"
every_pair = pytest.mark.parametrize(("client", "provider"), PAIRS)


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
    return [*found, *(pytest.param(client, "gemini", gemini, id=f"gemini to {client}") for client in TWO_CLIENTS)]


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


@pytest.mark.parametrize("client", TWO_CLIENTS)
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
            dialects = {**snapshot.dialects, dialect.name: attrs.evolve(dialect, translator=patient)}
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


ADDRESSES = {
    "openai-chat": "/openai/v1",
    "anthropic-messages": "/anthropic",
    "gemini": "/google/v1beta",
    "openai-responses": "/openai/v1",
}


async def test_many_streams_at_once_keep_apart() -> None:
    """Two clients, all providers, text and calls: 32 streams, each in small pieces so that they take turns."""
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
            async with (
                open_gateway(*there, server=ServerSettings(port=0, keep_alive=0.05)) as gateway,
                trio.open_nursery() as nursery,
            ):
                for number in range(4):
                    for client in TWO_CLIENTS:
                        for provider in FORMATS:
                            nursery.start_soon(one, gateway, client, provider, number)

    assert len(heard) == 32
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
    """Return the conversation behind an answer that called a tool. Of the answer only the call is sent back, as many do it."""
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


@pytest.mark.parametrize("client", TWO_CLIENTS)
@pytest.mark.parametrize("key", [CLIENT_KEY, OTHER_KEY], ids=["the same client", "another client"])
async def test_geminis_mark_on_a_call_comes_back_to_it_from_the_same_client_only(client: str, key: str) -> None:
    """No format but Gemini's own has a place for it that clients send back. An id may be anybody's: servers count them."""
    abilities = Abilities(family="google", reasoning="level", efforts=("low", "high"))
    called = calling("read", "{}", seal=chat.Seal(family="google", data="c2VjcmV0"))
    sent = await two_turns(client, "gemini", called, key, assumed=abilities)

    [call] = [part for turn in sent["contents"] for part in turn["parts"] if "functionCall" in part]
    assert call["functionCall"]["name"] == "read"
    assert call["thoughtSignature"] == ("c2VjcmV0" if key == CLIENT_KEY else "skip_thought_signature_validator")


@pytest.mark.parametrize("key", [CLIENT_KEY, OTHER_KEY], ids=["the same client", "another client"])
async def test_thoughts_of_claude_come_back_to_it_from_the_same_client_only(key: str) -> None:
    begun, *call = calling("read", "{}")
    thought: list[chat.Event] = [
        chat.ReasoningDelta("I read it."),
        chat.ReasoningEnded(seal=chat.Seal(family="anthropic", data="U0VBTA==")),
    ]
    abilities = Abilities(family="anthropic", reasoning="adaptive", efforts=("low", "high"))
    sent = await two_turns("openai-chat", "anthropic-messages", [begun, *thought, *call], key, assumed=abilities)

    [assistant] = [each["content"] for each in sent["messages"] if each["role"] == "assistant"]
    kept = [{"type": "thinking", "thinking": "I read it.", "signature": "U0VBTA=="}] if key == CLIENT_KEY else []
    assert [each for each in assistant if each["type"] != "tool_use"] == kept
