"""The case ``cancel``: a client that leaves takes its request at the provider with it."""

from __future__ import annotations

import time
from contextlib import suppress

import httpx

from korproxy_conformance.cases.step import STREAMED, Step
from korproxy_conformance.cell import Cell
from korproxy_conformance.names import CANCEL
from korproxy_conformance.sse import EventReader
from korproxy_conformance.wire import written
from korproxy_conformance.wrong import Words, Wrong

_PATIENCE = 1.0  # seconds in which the provider's stream has to be over
_PAUSE = 0.01
_SILENCE = 0.5  # seconds after which the client has waited long enough


def in_mid_stream(cell: Cell, streamed: bool) -> None:
    """The client reads some text of a stream that then is silent, and leaves."""
    ask = cell.ask(cell.user("{{mock: words=50 stall-after=8}}"), streamed=streamed)
    events, stream = EventReader(), cell.client.reader()
    body = written(cell.client.body(ask))
    with cell.line.open(cell.client.path(ask), cell.client.headers(cell.target.key), body) as response:
        chunks = response.iter_raw()  # as long as it has a name, leaving the loop closes nothing
        for chunk in chunks:
            for event in events.feed(chunk):
                stream.take(event)
            if stream.answer().text:
                break
        else:
            raise Wrong(Words("text in a stream that stays open"), Words(repr(events.rest())), "the stream")
        if not cell.mock.open_streams():
            raise Wrong(Words("a stream at the provider"), Words("none"), "the mock")
    _is_over(cell)


def before_the_first_byte(cell: Cell, streamed: bool) -> None:
    """The client leaves while the provider is still silent."""
    ask = cell.ask(cell.user("{{mock: first-byte=60}}"), streamed=streamed)
    body = written(cell.client.body(ask))
    line = cell.line.impatient(_SILENCE)
    with suppress(httpx.ReadTimeout), line.open(cell.client.path(ask), cell.client.headers(cell.target.key), body) as response:
        next(response.iter_raw(), b"")  # a sign of life of the gateway's own
    if not cell.mock.requests():
        raise Wrong(Words("a request to the provider"), Words("none"), "the mock")
    _is_over(cell)


def _is_over(cell: Cell) -> None:
    left = time.monotonic()
    while cell.mock.open_streams():
        if time.monotonic() - left > _PATIENCE:
            raise Wrong(Words(f"the provider's stream closed within {_PATIENCE:g} s"), Words("it is still open"), "the mock")
        time.sleep(_PAUSE)  # noqa: TID251 -- a plain program without Trio


STEPS = (
    Step(case=CANCEL, name="in mid-stream", play=in_mid_stream, streamed=STREAMED),
    Step(case=CANCEL, name="before the first byte", play=before_the_first_byte, streamed=STREAMED),
)
