"""A stream of Gemini's as clients get it who ask for no events: framed by the server as one JSON array."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Any, cast

import attrs

from korproxy.models.calls import RawHeaders
from korproxy.server.exchange import Exchange
from korproxy.server.json_array import ArrayExchange

_EVENTS: RawHeaders = [(b"content-type", b"text/event-stream; charset=utf-8")]


def in_array(pieces: Iterable[bytes]) -> bytes:
    """Return what the client hears when the gateway writes *pieces*, each of whole events."""
    kept = _Kept()
    exchange = ArrayExchange(inner=cast("Exchange", kept))
    _at_once(exchange.start(200, _EVENTS))
    for piece in pieces:
        _at_once(exchange.write(piece))
    _at_once(exchange.finish())
    return kept.body


@attrs.define
class _Kept:
    """What an array is written to; it never waits."""

    body: bytes = b""

    async def start(self, status: int, headers: RawHeaders) -> None:
        assert (status, headers) == (200, [(b"content-type", b"application/json")])

    async def write(self, data: bytes) -> None:
        self.body += data

    async def finish(self, data: bytes = b"") -> None:
        self.body += data


def _at_once(coroutine: Coroutine[Any, Any, None]) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits for something")
