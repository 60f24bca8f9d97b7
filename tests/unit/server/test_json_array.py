"""Streams as one JSON array, for clients that ask for no events."""

from __future__ import annotations

import json
from collections.abc import Sequence

import attrs
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.calls import Headers, RawHeaders
from korproxy.server.json_array import ArrayExchange

EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-a", b"1")]


@attrs.define
class Recorder:
    """An exchange that keeps what is written."""

    method: str = "POST"
    path: str = "/p"
    query: bytes = b"q"
    headers: Headers = attrs.field(factory=Headers)
    started: bool = False
    stalled: bool = False
    complete: bool = True
    broken: bool = False
    drained: tuple[int, float] | None = None
    head: tuple[int, RawHeaders] | None = None
    pieces: list[bytes] = attrs.field(factory=list)
    ended: bool = False

    async def body(self, limit: int, patience: float) -> bytes:
        return f"{limit} {patience}".encode()

    async def drain(self, limit: int, patience: float) -> None:
        self.drained = (limit, patience)

    async def start(self, status: int, headers: RawHeaders) -> None:
        self.started, self.head = True, (status, headers)

    async def write(self, data: bytes) -> None:
        self.pieces.append(data)

    async def finish(self, data: bytes = b"") -> None:
        self.pieces.append(data)
        self.ended = True

    def break_off(self) -> None:
        self.broken = True


async def sent(pieces: Sequence[bytes], last: bytes = b"", headers: RawHeaders = EVENTS) -> Recorder:
    recorder = Recorder()
    exchange = ArrayExchange(inner=recorder)
    await exchange.start(200, headers)
    for piece in pieces:
        await exchange.write(piece)
    await exchange.finish(last)
    return recorder


async def test_each_event_is_an_element_and_leaves_at_once() -> None:
    recorder = await sent([b'data: {"a":1}\r\n\r\n', b'data: {"b":2}\n\ndata: {"c":3}\n\n'])

    assert recorder.pieces == [b'[{"a":1}', b',\r\n{"b":2},\r\n{"c":3}', b"]"]
    assert recorder.head == (200, [(b"content-type", b"application/json"), (b"x-a", b"1")])


async def test_a_stream_without_events_is_an_empty_array() -> None:
    assert b"".join((await sent([])).pieces) == b"[]"


async def test_a_late_error_is_the_last_element() -> None:
    recorder = await sent([b"data: 1\n\n"], b'data: {"error":{}}\n\n')

    assert json.loads(b"".join(recorder.pieces)) == [1, {"error": {}}]


async def test_signs_of_life_are_space_between_elements_and_in_front_of_them() -> None:
    recorder = await sent([b": waiting\r\n\r\n", b"data: 1\n\n", b": waiting\r\n\r\n", b"data: 2\n\n"])

    assert json.loads(b"".join(recorder.pieces)) == [1, 2]
    assert all(recorder.pieces)


async def test_what_is_no_stream_passes_as_it_is() -> None:
    headers = [(b"content-type", b"application/json")]
    recorder = await sent([b'{"error": '], b"{}}", headers)

    assert (recorder.head, recorder.pieces) == ((200, headers), [b'{"error": ', b"{}}"])


@given(st.lists(st.lists(st.integers(), max_size=3), max_size=5))
def test_the_array_holds_what_the_events_held(groups: list[list[int]]) -> None:
    import trio

    pieces = [b"".join(b"data: %d\n\n" % each for each in group) for group in groups if group]
    recorder = trio.run(sent, pieces)

    assert json.loads(b"".join(recorder.pieces)) == [each for group in groups for each in group]


async def test_everything_else_is_the_inner_exchanges() -> None:
    recorder = Recorder(stalled=True)
    exchange = ArrayExchange(inner=recorder)
    body = await exchange.body(1, 2.0)
    await exchange.drain(3, 4.0)
    exchange.break_off()

    assert (exchange.method, exchange.path, exchange.query, exchange.started, exchange.stalled) == (
        "POST",
        "/p",
        b"q",
        False,
        True,
    )
    assert (body, recorder.drained, recorder.broken, exchange.headers) == (b"1 2.0", (3, 4.0), True, recorder.headers)
