"""A client that keeps what it hears while it hears it, so that a test can act in the middle of an answer; and what it heard."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import attrs
import h11
import trio

from tests.fakes.gateway import CLIENT_KEY, Gateway
from tests.fakes.passing import faults
from tests.fakes.stream_checks import sse

PATHS = {"openai-chat": "/v1/chat/completions", "anthropic-messages": "/v1/messages"}


@attrs.define
class Heard:
    """One answer, as far as it has come.

    Attributes:
        over: Set once no more will come.
        whole: Whether the answer was ended properly; else the connection broke off.
    """

    status: int = 0
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytearray = attrs.field(factory=bytearray)
    over: trio.Event = attrs.field(factory=trio.Event)
    whole: bool = False

    async def listen(self, stream: trio.SocketStream) -> None:
        """Read the answer on *stream* to its end."""
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=1024**2)
        parser.send(h11.Request(method="POST", target="/", headers=[("host", "x"), ("content-length", "0")]))
        parser.send(h11.EndOfMessage())
        while not self.over.is_set():
            try:
                event = parser.next_event()
            except h11.RemoteProtocolError:
                event = h11.ConnectionClosed()
            if event is h11.NEED_DATA:
                parser.receive_data(await _some(stream))
            elif isinstance(event, h11.Response):
                self.status = event.status_code
                self.headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            elif isinstance(event, h11.Data):
                self.body += event.data
            else:
                self.whole = isinstance(event, h11.EndOfMessage)
                self.over.set()


async def _some(stream: trio.SocketStream) -> bytes:
    try:
        return bytes(await stream.receive_some())
    except trio.BrokenResourceError:
        return b""


def request(client: str, body: object, key: str = CLIENT_KEY) -> bytes:
    """Return a whole request in the format *client*, head and body."""
    content = json.dumps(body, ensure_ascii=False).encode()
    head = f"POST {PATHS[client]} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
    return f"{head}content-length: {len(content)}\r\n\r\n".encode() + content


@asynccontextmanager
async def listening(gateway: Gateway, client: str, body: object, key: str = CLIENT_KEY) -> AsyncIterator[Heard]:
    """Send *body* in the format *client*, and hear the answer while the block runs; at its end the client leaves."""
    heard = Heard()
    async with await trio.open_tcp_stream("127.0.0.1", gateway.port) as stream, trio.open_nursery() as nursery:
        await stream.send_all(request(client, body, key))
        nursery.start_soon(heard.listen, stream)
        yield heard
        nursery.cancel_scope.cancel()


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
