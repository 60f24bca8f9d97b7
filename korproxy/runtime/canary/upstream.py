"""The provider behind the canary's KorProxy: it puts secrets into everything that a provider can answer."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import attrs
import trio

from korproxy.runtime.canary.places import FAILING
from korproxy.runtime.canary.planting import Plant

Pieces = Sequence[bytes]
MOST = 64 * 1024**2  # bytes of all requests together
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CHUNKED = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
SAY = re.compile(rb"say-([0-9]+)")  # in the model's name: which plant the answer is to hold


def answer(body: object, *, status: str = "200 OK", headers: str = "") -> bytes:
    """Return a whole HTTP answer with *body* as JSON."""
    return _head(status, headers, json.dumps(body).encode())


def _head(status: str, headers: str, body: bytes, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


def _chat(text: str) -> dict[str, object]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def _error(text: str) -> dict[str, object]:
    return {"error": {"message": text, "type": "invalid_request_error", "param": None, "code": "invalid_value"}}


def _in_pieces(plant: Plant) -> Pieces:
    """Cut the error's body where that hurts: every few bytes, so that no piece holds a whole secret."""
    body = json.dumps(_error(plant.text)).encode()
    chunks = [body[at : at + 7] for at in range(0, len(body), 7)]
    head = (
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    return [head, *(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks), b"0\r\n\r\n"]


def _late(plant: Plant) -> Pieces:
    """Begin a stream well, and end it with an error."""
    delta = {"index": 0, "delta": {"role": "assistant", "content": "It"}, "finish_reason": None}
    good = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [delta]}
    events = "".join(f"data: {json.dumps(each)}\n\n" for each in (good, _error(plant.text)))
    return [_head("200 OK", "", events.encode(), "text/event-stream")]


ANSWERS: Mapping[str, Callable[[Plant], Pieces]] = {
    FAILING: lambda plant: [answer(_error(plant.text), status="400 Bad Request")],
    "error body": lambda plant: [answer(_error(plant.text), status="400 Bad Request")],
    "error of the server": lambda plant: [_head("500 Oops", "", f"<pre>{plant.text}</pre>".encode(), "text/html")],
    "redirection": lambda plant: [_head(f"307 {plant.text}", f"Location: https://{plant.text}/\r\n", b"")],
    "error body in pieces": _in_pieces,
    "crossed error body": lambda plant: [answer(_error(plant.text), status="400 Bad Request")],
    "refusal of the credential": lambda plant: [answer(_error(plant.text), status="401 Unauthorized")],
    "late error of a stream": _late,
    "answer's header": lambda plant: [answer(_chat("Yes."), headers=f"X-Request-ID: {plant.text}\r\nServer: {plant.text}\r\n")],
    "answer": lambda plant: [answer(_chat(plant.text))],
    "no status line": lambda plant: [f"{plant.text}\r\n\r\n".encode()],
    "garbage in an answer": lambda plant: [
        _CHUNKED % b"200 OK",
        plant.text.encode() + b"\r\n",
    ],
}


@attrs.define
class Upstream:
    """What it was sent so far is in ``received``, for the markers in it."""

    plants: Mapping[int, Plant]
    received: bytearray = attrs.field(factory=bytearray, repr=False)

    async def answer(self, stream: trio.SocketStream) -> None:
        """Read one request from *stream*, and answer as its plant says."""
        async with stream:
            with suppress(trio.BrokenResourceError):
                request = await _read(stream)
                if len(self.received) < MOST:
                    self.received += request
                for each in self.pieces(request):
                    await stream.send_all(each)

    def pieces(self, request: bytes) -> Pieces:
        """Return what is sent for *request*, in the pieces in which it is sent."""
        said = SAY.search(request)
        plant = self.plants.get(int(said[1])) if said else None
        if plant is None or plant.place not in ANSWERS:
            return [answer(_chat("Yes."))]
        return ANSWERS[plant.place](plant)


async def _read(stream: trio.SocketStream) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += (piece := await stream.receive_some())
        if not piece:
            return received
    head, _, body = received.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    wanted = int(length[1]) if length else 0
    while len(body) < wanted:
        body += (piece := await stream.receive_some())
        if not piece:
            break
    return head + b"\r\n\r\n" + body


@asynccontextmanager
async def serving(upstream: Upstream) -> AsyncIterator[str]:
    """Be the provider for the block; yields its base URL on this machine."""
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, upstream.answer, 0, host="127.0.0.1"))
        yield f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/v1"
        nursery.cancel_scope.cancel("all has been asked")
