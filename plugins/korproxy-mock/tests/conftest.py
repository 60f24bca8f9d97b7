"""A client that sees every byte, and the vendors' own SDKs."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import anthropic
import attrs
import h11
import openai
import pytest
import trio
from korproxy_mock.server import MockServer

CHAT = "/v1/chat/completions"
OPENAIS = ("/responses", "/v1/completions", "/embeddings")
MESSAGES = "/v1/messages"
GEMINI = ":generateContent"
_GEMINI_STREAMS = {True: ":streamGenerateContent?alt=sse", "array": ":streamGenerateContent", False: GEMINI}
_KEYS = {
    **{path: [("authorization", "Bearer sk-mock")] for path in (CHAT, *OPENAIS)},
    MESSAGES: [("x-api-key", "sk-mock"), ("anthropic-version", "2023-06-01")],
    "/v1beta": [("x-goog-api-key", "sk-mock")],
}


@attrs.define
class Got:
    """An answer as it came: ``end`` is ``clean``, ``cut`` (EOF too early) or ``reset``."""

    status: int | None = None
    headers: list[tuple[str, str]] = attrs.field(factory=list)
    chunks: list[bytes] = attrs.field(factory=list)
    end: str = ""

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def events(self) -> list[str]:
        return [each for each in self.body.decode().replace("\r\n", "\n").split("\n\n") if each]

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


class Wire:
    """A raw HTTP/1.1 client on one connection."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.h11 = h11.Connection(h11.CLIENT)

    async def send(self, method: str, path: str, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> None:
        sized = [("host", "mock"), *headers, ("content-length", str(len(body)))]
        data = self.h11.send(h11.Request(method=method, target=path, headers=sized)) or b""
        data += (self.h11.send(h11.Data(data=body)) or b"") if body else b""
        await self.stream.send_all(data + (self.h11.send(h11.EndOfMessage()) or b""))

    async def event(self) -> Any:
        while (event := self.h11.next_event()) is h11.NEED_DATA:
            self.h11.receive_data(await self.stream.receive_some(65536))
        return event

    async def read(self) -> Got:
        got = Got()
        try:
            while True:
                event = await self.event()
                if isinstance(event, h11.Response):
                    got.status = event.status_code
                    got.headers = [(name.decode(), value.decode()) for name, value in event.headers]
                elif isinstance(event, h11.Data):
                    got.chunks.append(bytes(event.data))
                else:
                    got.end = "clean" if isinstance(event, h11.EndOfMessage) else "cut"
                    return got
        except h11.RemoteProtocolError:
            got.end = "cut"
        except trio.BrokenResourceError:
            got.end = "reset"
        return got


Connect = Callable[[], Awaitable[Wire]]
Ask = Callable[..., Awaitable[Got]]


@pytest.fixture
async def connect(korproxy_mock: MockServer) -> AsyncIterator[Connect]:
    """Open raw connections; they are closed after the test."""
    opened: list[Wire] = []

    async def open_one() -> Wire:
        port = int(korproxy_mock.url.rpartition(":")[2])
        opened.append(Wire(await trio.open_tcp_stream("127.0.0.1", port)))
        return opened[-1]

    yield open_one
    for each in opened:
        await each.stream.aclose()


@pytest.fixture
async def ask(connect: Connect) -> Ask:
    """Send one request on a new connection and read all of its answer; a body is the prompt or given fields.

    Gemini's ``stream`` is in its path: True for events, ``array`` for an array.
    """

    async def send(
        prompt: str = "hello",
        path: str = CHAT,
        *,
        headers: Sequence[tuple[str, str]] = (),
        raw: bytes | None = None,
        **fields: Any,
    ) -> Got:
        keys = next((value for part, value in _KEYS.items() if part in path), _KEYS[MESSAGES])
        base: dict[str, Any] = {}
        if path.endswith(GEMINI):
            base = {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
            path = path.removesuffix(GEMINI) + _GEMINI_STREAMS[fields.pop("stream", False)]
        elif "/responses" in path:
            base = {"model": "gpt-5.5", "input": prompt}
        elif path.endswith("/v1/completions"):
            base = {"model": "gpt-3.5-turbo-instruct", "prompt": prompt}
        elif path.endswith("/embeddings"):
            base = {"model": "text-embedding-3-small", "input": prompt}
        elif "/v1beta" not in path:
            base = {"model": "gpt-4o"} if path.endswith(CHAT) else {"model": "claude-x", "max_tokens": 1000}
            base["messages"] = [{"role": "user", "content": prompt}]
        body = {name: value for name, value in {**base, **fields}.items() if value is not ...}
        wire = await connect()
        with trio.fail_after(10):
            await wire.send("POST", path, [*keys, *headers], json.dumps(body).encode() if raw is None else raw)
            return await wire.read()

    return send


@pytest.fixture
def openai_sdk(korproxy_mock: MockServer) -> Iterator[openai.OpenAI]:
    """OpenAI's own client; it blocks, so call it in a thread."""
    with openai.OpenAI(base_url=f"{korproxy_mock.url}/v1", api_key="sk-mock", max_retries=0, timeout=10) as client:
        yield client


@pytest.fixture
def anthropic_sdk(korproxy_mock: MockServer) -> Iterator[anthropic.Anthropic]:
    """Anthropic's own client; it blocks, so call it in a thread."""
    with anthropic.Anthropic(base_url=korproxy_mock.url, api_key="sk-mock", max_retries=0, timeout=10) as client:
        yield client
