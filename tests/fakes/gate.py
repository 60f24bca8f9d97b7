"""A gate in front of real sockets, without a server: what it opens is read as the server would read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import attrs
import pytest
import trio

from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.contracts import Dialect, Provider
from korproxy.errors.exceptions import KorproxyError
from korproxy.gateway.gate import Gate
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.relay import Relay
from korproxy.gateway.routing import Snapshot
from korproxy.gateway.windows import open_windows
from korproxy.kit.http_provider import HttpProvider
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Headers, Outgoing, UpstreamRequest
from korproxy.models.outcome import Finished, Refusal
from tests.fakes.gateway import provider_at

CHAT = "/v1/chat/completions"
DIALECTS: Mapping[str, Dialect] = {"openai-chat": OpenAIChat(), "anthropic-messages": AnthropicMessages()}
BODY = b'{ "model":"m", "stream":true }'
_numbers = count(1)


def a_call(body: bytes = BODY, *, dialect: str = "openai-chat", **fields: Any) -> Call:
    """Return a call that began now."""
    spoken = DIALECTS[dialect]
    known: dict[str, Any] = {"id": f"call-{next(_numbers)}", "correlation_id": "cor-1", "began": trio.current_time()} | fields
    return Call(dialect=dialect, path=spoken.paths[0], peek=spoken.peek(spoken.paths[0], body), body=body, **known)


@asynccontextmanager
async def open_gate(*providers: Provider, max_wait: float = 0.0, **dialects: Dialect) -> AsyncIterator[Gate]:
    """Return a gate to *providers*; *dialects* take the place of the built-in ones of their name (``_`` for ``-``)."""
    spoken = {**DIALECTS, **{name.replace("_", "-"): each for name, each in dialects.items()}}
    with trio.fail_after(20):
        async with open_windows(providers) as windows:
            yield Gate(Snapshot(providers=tuple(providers), dialects=spoken), windows.now, max_wait=max_wait)


@attrs.frozen(kw_only=True)
class Told:
    """What a client would have been told, and what was put down about it."""

    relay: Relay
    pieces: list[bytes]
    finished: Finished

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


def said(exc: KorproxyError, behind: bytes = b"") -> bytes:
    """Write a late error so that a test can read it."""
    return f"data: [{exc.code}]\n\n".encode()


async def ask(gate: Gate, call: Call | None = None, late_error: Callable[[KorproxyError, bytes], bytes] = said) -> Told:
    """Open the answer to *call*, read it to its end and close it."""
    call = call or a_call()
    ledger = Ledger(call=call)
    relay = await gate.open(call, ledger, late_error)
    pieces = []
    try:
        piece = relay.first
        while piece:
            ledger.sent(len(piece), trio.current_time())
            pieces.append(piece)
            piece = await relay.next_piece()
    finally:
        await relay.aclose()
    return Told(relay=relay, pieces=pieces, finished=ledger.close(trio.current_time()))


@attrs.frozen(kw_only=True)
class Odd(HttpProvider):
    """A provider whose plugin has faults: it raises, or returns what it should not."""

    when_prepared: Exception | None = None
    when_refused: Any = None

    def prepare(self, request: Outgoing, account: Account) -> UpstreamRequest:
        if self.when_prepared is not None:
            raise self.when_prepared
        return HttpProvider.prepare(self, request, account)

    def refusal(self, status: int, headers: Headers, body: bytes) -> Refusal:
        del status, headers, body
        if isinstance(self.when_refused, Exception):
            raise self.when_refused
        return self.when_refused  # type: ignore[no-any-return]


def odd(url: str, **faults: Any) -> Odd:
    return Odd(**attrs.asdict(provider_at(url), recurse=False, filter=lambda field, _: field.init), **faults)


async def failure(gate: Gate, call: Call | None = None) -> tuple[KorproxyError, Ledger]:
    """Return how opening ends, and what was put down; afterwards every place and every connection is free again."""
    ledger = Ledger(call=call or a_call())
    with pytest.raises(KorproxyError) as caught:
        await gate.open(ledger.call, ledger, said)
    for window in gate.windows.values():
        assert (window.slots.running, window.slots.waiting) == (0, 0)
    return caught.value, ledger
