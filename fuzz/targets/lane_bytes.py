"""However a client's bytes are cut: of the requests that the lane takes h11 reads the same, and the rest is left as it came."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import closing, suppress
from itertools import pairwise
from urllib.parse import unquote

import attrs
import h11
import trio
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from fuzz.target import Target
from korproxy.errors.exceptions import BadRequest
from korproxy.net.wire import Wire
from korproxy.server.exchange import ClientLeft
from korproxy.server.lane.connection import LaneConnection
from korproxy.server.lane.exchange import LaneExchange

LIMIT = 1024 * 1024
Cut = tuple[bytes, list[int]]

_lines = st.sampled_from(
    [
        *(b"POST /v1/messages HTTP/1.1\r\n", b"GET /?a=b HTTP/1.1\r\n", b"DELETE /v1/responses/r HTTP/1.1\r\n"),
        *(b"POST /%zz?# HTTP/1.1\r\n", b"GET /errors/ HTTP/1.1\r\n", b"POST  / HTTP/1.1\r\n", b"POST / HTTP/1.0\r\n", b"\r\n"),
    ]
)
_fields = st.sampled_from(
    [
        *(b"content-length: 3\r\n", b"Content-Length: 12\r\n", b"content-length: 0\r\n", b"content-length: +3\r\n"),
        *(b"transfer-encoding: chunked\r\n", b"transfer-encoding: Chunked\r\n", b"transfer-encoding: gzip\r\n"),
        *(
            b"connection: close\r\n",
            b"expect: 100-continue\r\n",
            b"upgrade: h2c\r\n",
            b"x: y\r\n",
            b"x: y\r\n z\r\n",
            b"x: y\n",
        ),
    ]
)
_bodies = st.sampled_from(
    [
        b"",
        b"abc",
        b"abcdefghijkl",
        b"3\r\nabc\r\n0\r\n\r\n",
        b"3;a=b\r\nabc\r\n00\r\na: b\r\n\r\n",
        b"0\r\n\r\n",
        b"3\r\nabcd\r\n",
    ]
)
_requests = st.builds(
    lambda line, host, fields, body: line + host + b"".join(fields) + b"\r\n" + body,
    _lines,
    st.sampled_from([b"host: x\r\n"] * 6 + [b""]),
    st.lists(_fields, max_size=3),
    _bodies,
)


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    wire = bytearray(b"".join(draw(st.lists(_requests, min_size=1, max_size=4))))
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        at = draw(st.integers(0, len(wire)))
        wire[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2) | st.sampled_from([b"\r\n", b"\n", b"\0", b" "]))
    return bytes(wire)


_inputs = st.tuples(_damaged(), st.lists(st.integers(0, 400), max_size=4).map(sorted))


@attrs.frozen
class _Request:
    """What whoever answers gets to know."""

    method: str
    path: str
    query: bytes
    body: bytes


def check(cut: Cut) -> None:
    """Send the pieces to the lane, and compare what it found with what h11 finds in the same bytes."""
    wire, cuts = cut
    found, left = trio.run(_in_the_lane, wire, cuts)
    known = _by_h11(wire)
    assert found == known[: len(found)], "h11 reads something else"
    if left is None:
        return
    assert wire.endswith(left), "bytes were lost, added or moved"
    consumed = _by_h11(wire[: len(wire) - len(left)])
    assert consumed == found, "what was left does not begin with a request"


async def _in_the_lane(wire: bytes, cuts: Sequence[int]) -> tuple[list[_Request], bytes | None]:
    """Return the requests that the lane answers, and what it leaves to Hypercorn."""
    found: list[_Request] = []

    async def answer(exchange: LaneExchange) -> None:
        with suppress(ClientLeft, BadRequest):
            body = await exchange.body(LIMIT, 5)
            found.append(_Request(exchange.method, exchange.path, exchange.query, body))
            await exchange.start(204, [])
            await exchange.finish()

    ours, client = socket.socketpair()
    left: bytes | None = None
    with closing(client), closing(Wire.of(ours)) as ours_as_wire:

        async def serve() -> None:
            nonlocal left
            left = await LaneConnection(wire=ours_as_wire, handle=answer, idle_seconds=5).run()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            for start, end in pairwise([0, *(each for each in cuts if each < len(wire)), len(wire)]):
                with suppress(OSError):  # it has hung up
                    client.sendall(wire[start:end])
                await wait_all_tasks_blocked()
            if left is not None:
                left += _unread(ours_as_wire)
            with suppress(OSError):
                client.shutdown(socket.SHUT_WR)
    return found, left


def _unread(wire: Wire) -> bytes:
    """Return what came after the lane had left the connection to somebody else."""
    found = b""
    with suppress(BlockingIOError):
        while data := wire.socket.recv(64 * 1024):
            found += data
    return found


def _by_h11(wire: bytes) -> list[_Request]:
    """Return the whole requests at the beginning of *wire*."""
    reader, found = h11.Connection(h11.SERVER, max_incomplete_event_size=LIMIT), list[_Request]()
    reader.receive_data(wire)
    with suppress(h11.ProtocolError):
        while isinstance(head := reader.next_event(), h11.Request):
            body = b""
            while isinstance(event := reader.next_event(), h11.Data):
                body += event.data
            if not isinstance(event, h11.EndOfMessage):
                break
            path, _, query = head.target.partition(b"?")
            found.append(_Request(head.method.decode(), unquote(path.decode()), query, body))
            reader.send(h11.Response(status_code=204, headers=[]))
            reader.send(h11.EndOfMessage())
            reader.start_next_cycle()
    return found


def read(wire: bytes) -> Cut:
    """Cut the wire after every byte: the worst that a network can do."""
    return wire, list(range(len(wire)))


LANE_BYTES = Target(name="lane_bytes", inputs=_inputs, read=read, check=check)
