"""Providers that speak one format only, and what they send: streams in each format, one piece for each thing said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import trio

from korproxy.api import Abilities, Usage, chat
from korproxy.kit.gemini_endpoint import GEMINI
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES, OPENAI_RESPONSES, Endpoint, HttpProvider
from tests.fakes.gateway import provider_at
from tests.fakes.passing import translator
from tests.fakes.raw_upstream import Serve, read_request

PAIRS = (  # client, provider
    ("openai-chat", "anthropic-messages"),
    ("openai-chat", "gemini"),
    ("openai-chat", "openai-responses"),
    ("anthropic-messages", "openai-chat"),
    ("anthropic-messages", "gemini"),
    ("anthropic-messages", "openai-responses"),
)
ENDPOINTS = {
    "openai-chat": Endpoint(path="/v1/chat/completions"),
    "anthropic-messages": ANTHROPIC_MESSAGES,
    "gemini": GEMINI,
    "openai-responses": OPENAI_RESPONSES,
}
FAMILIES = {"openai-chat": "openai", "anthropic-messages": "anthropic", "gemini": "google", "openai-responses": "openai"}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
USAGE = Usage(tokens_in=7, cache_read=0, cache_write=0, tokens_out=3)


def speaking(format: str, url: str, **more: Any) -> HttpProvider:  # noqa: A002 -- the word for it
    """Return a provider at *url* that speaks *format* only, and takes every model."""
    abilities = Abilities(family=FAMILIES[format])
    return attrs.evolve(provider_at(url), speaks={format: ENDPOINTS[format]}, **{"assumed": abilities, **more})


def chunk(data: bytes) -> bytes:
    """Return *data* as one chunk of a body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


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


def told(format: str, events: Iterable[chat.Event]) -> list[bytes]:  # noqa: A002
    """Return what a provider that speaks *format* sends for each of *events*; empty where it has nothing to say."""
    writer = translator(format).stream_writer(chat.Asked(model="m", stream=True, usage=True, created=1790000000))
    return [writer.write(each) for each in events]


def saying(*words: str) -> Sequence[chat.Event]:
    """Return the events of an answer of *words*."""
    ending: list[chat.Event] = [chat.TextEnded(), chat.UsageSeen(USAGE), chat.Ended(chat.Ending(reason="end"))]
    return [chat.Started(id="answer-1", model="m"), *map(chat.TextDelta, words), *ending]


def calling(name: str, *fragments: str, id: str = "call-1", seal: chat.Seal | None = None) -> Sequence[chat.Event]:  # noqa: A002
    """Return the events of an answer that calls the tool *name* with *fragments* of arguments."""
    call: list[chat.Event] = [
        chat.CallStarted(key=0, id=id, name=name, seal=seal),
        *(chat.CallDelta(0, each) for each in fragments),
        chat.CallEnded(0),
    ]
    return [chat.Started(id="answer-1", model="m"), *call, chat.UsageSeen(USAGE), chat.Ended(chat.Ending(reason="tools"))]


def asking(prompt: object, *, model: str = "m", **more: Any) -> dict[str, Any]:
    """Return a request for a stream that either client format takes."""
    turns = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
    return {"model": model, "stream": True, "max_tokens": 1000, "messages": turns, **more}
