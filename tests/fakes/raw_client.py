"""A client that holds the socket in its own hands: it can leave, dawdle and misbehave as SDKs do not."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import trio


def chat_request(prompt: str, key: str, *, stream: bool = True, host: str = "127.0.0.1") -> bytes:
    """Return a whole OpenAI chat request, head and body."""
    body = json.dumps({"model": "m", "stream": stream, "messages": [{"role": "user", "content": prompt}]}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def connect(url: str) -> trio.SocketStream:
    """Return a connection to *url*; the caller closes it."""
    where = urlsplit(url)
    return await trio.open_tcp_stream(where.hostname or "127.0.0.1", where.port or 80)


async def read_all(stream: trio.SocketStream) -> bytes:
    """Read until the other side closes."""
    received = bytearray()
    async for chunk in stream:
        received += chunk
    return bytes(received)


async def read_until(stream: trio.SocketStream, text: bytes) -> bytes:
    """Read until *text* was there; the end of the stream before it is an error."""
    received = b""
    while text not in received:
        chunk = await stream.receive_some()
        if not chunk:
            raise AssertionError(f"{text!r} did not come, but {received!r}")
        received += chunk
    return received
