"""A client that sends and gets bytes, and tells a whole answer from one that broke off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import h11
import trio

from tests.fakes.gateway import CLIENT_KEY, Gateway

PATHS = {"openai-chat": "/v1/chat/completions", "openai-responses": "/v1/responses", "anthropic-messages": "/v1/messages"}
PATIENCE = 20.0  # seconds for one exchange


@attrs.frozen
class Answered:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


async def send(gateway: Gateway, path: str, pieces: Sequence[bytes], *, chunked: bool) -> Answered:
    """POST the body *pieces*, byte for byte as they are, and read the answer to its end, or to where it breaks off."""
    told = "transfer-encoding: chunked" if chunked else f"content-length: {sum(map(len, pieces))}"
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {CLIENT_KEY}\r\n{told}\r\n\r\n"
    with trio.fail_after(PATIENCE):
        async with await trio.open_tcp_stream("127.0.0.1", gateway.port) as stream:
            await stream.send_all(head.encode())
            for piece in pieces:
                await stream.send_all(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            if chunked:
                await stream.send_all(b"0\r\n\r\n")
            return await read_answer(stream)


async def read_answer(stream: trio.SocketStream) -> Answered:
    """Read one answer with h11, which neither end of KorProxy uses for clients' answers."""
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="POST", target="/", headers=[("host", "x"), ("content-length", "0")]))
    parser.send(h11.EndOfMessage())
    status, body = 0, bytearray()
    headers: dict[str, str] = {}
    while True:
        try:
            event = parser.next_event()
        except h11.RemoteProtocolError:
            return Answered(status, headers, bytes(body), whole=False)
        if event is h11.NEED_DATA:
            try:
                parser.receive_data(await stream.receive_some())
            except trio.BrokenResourceError:
                parser.receive_data(b"")
        elif isinstance(event, h11.Response):
            status, headers = event.status_code, {name.decode(): value.decode("latin-1") for name, value in event.headers}
        elif isinstance(event, h11.Data):
            body += event.data
        else:
            return Answered(status, headers, bytes(body), whole=True)
