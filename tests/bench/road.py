"""CPU time of the road that every request takes, from the front to the provider's window and back, without sockets.

``python -m tests.bench.road [--profile]``: Front, Answerer, Gate and Relay as the daemon puts them together (guard and keys,
routing, provenance, headers, the ledger, the bus with a sink that counts) between an exchange in memory, whose body is there at
once, and an upstream in memory that answers at once. What is left out is what sockets and HTTP/1.1 cost on either side.

The figures are the best of some rounds, in microseconds of the process: of a plain chat completion of 1 KB, of a stream, and of
each further piece of one. A loop of pure Python is timed in the same rounds, and the second column says what a figure is in its
time: where others use the machine, too, that says more. A profile of the plain requests tells where the time goes; its own
weight is in it.
"""

from __future__ import annotations

import argparse
import cProfile
import logging
import pstats
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import attrs
import trio

from korproxy.config.home import Home
from korproxy.config.settings import RootSettings
from korproxy.config.view import SettingsView
from korproxy.contracts import Dialect, Events
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.gateway.gate import Gate
from korproxy.gateway.routing import Snapshot
from korproxy.gateway.slots import Slots
from korproxy.gateway.upstream import Upstream
from korproxy.gateway.windows import Window
from korproxy.kit.http_provider import HttpProvider
from korproxy.models.accounts import Secret
from korproxy.models.calls import Headers, RawHeaders, UpstreamRequest
from korproxy.models.outcome import Finished
from korproxy.models.providers import Limits
from korproxy.runtime.bus import open_bus
from korproxy.server.answering import Answerer
from korproxy.server.faults import FaultWriter
from korproxy.server.front import Front
from korproxy.server.guard import Guard
from korproxy.server.keys import CLIENT, MANAGE, READ, Key, KeyRing
from tests.fakes.gateway import CLIENT_KEY, HOOKS, MANAGEMENT_KEY, provider_at

TOGETHER = 16  # requests between two turns of the loop, in which the sink runs: about what 64 connections make of it
PIECES = 200  # of the longer stream
TEXT = "The quick brown fox jumps over the lazy dog. " * 14

BODY = (
    b'{"model":"gpt-5","messages":[{"role":"system","content":"You are a terse assistant."},'
    b'{"role":"user","content":"Say something about foxes."}],"temperature":0.2%b}'
)
# What the OpenAI SDK sends, in its order.
HEAD: RawHeaders = (
    (b"host", b"127.0.0.1:1337"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"identity"),
    (b"connection", b"keep-alive"),
    (b"user-agent", b"OpenAI/Python 1.99.0"),
    (b"authorization", b"Bearer " + CLIENT_KEY.encode()),
    (b"x-stainless-lang", b"python"),
    (b"x-stainless-os", b"Linux"),
    (b"x-stainless-arch", b"x64"),
    (b"x-stainless-runtime", b"CPython"),
    (b"content-type", b"application/json"),
    (b"content-length", b"188"),
)
ANSWER = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"%b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":140,'
    b'"total_tokens":160,"prompt_tokens_details":{"cached_tokens":0}}}' % TEXT.encode()
)
ANSWERED: RawHeaders = (
    (b"date", b"Sun, 29 Nov 2026 01:00:00 GMT"),
    (b"server", b"cloudflare"),
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(ANSWER)),
    (b"connection", b"keep-alive"),
    (b"openai-organization", b"org-1"),
    (b"openai-processing-ms", b"412"),
    (b"openai-version", b"2020-10-01"),
    (b"x-request-id", b"req_0123456789abcdef0123456789abcdef"),
    (b"x-ratelimit-limit-requests", b"10000"),
    (b"x-ratelimit-remaining-requests", b"9999"),
    (b"x-ratelimit-reset-requests", b"8.64s"),
    (b"cf-ray", b"8f0-FRA"),
)
STREAMED: RawHeaders = tuple(
    (name, b"text/event-stream; charset=utf-8" if name == b"content-type" else value)
    for name, value in ANSWERED
    if name != b"content-length"
)
EVENT = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5","choices":'
    b'[{"index":0,"delta":{"content":" fox"},"finish_reason":null}],"usage":null}\n\n'
)
LAST = EVENT.replace(b'"finish_reason":null', b'"finish_reason":"stop"') + b"data: [DONE]\n\n"


@attrs.define
class MemoryExchange:
    """A request that has arrived whole, and a client that takes everything at once."""

    headers: Headers
    sent: bytes
    method: str = "POST"
    path: str = "/v1/chat/completions"
    query: bytes = b""
    started: bool = False
    stalled: bool = False
    complete: bool = True
    scope: trio.CancelScope | None = None
    status: int = 0
    taken: int = 0
    finished: bool = False

    async def body(self, limit: int, patience: float) -> bytes:
        """See ``Exchange``."""
        del limit, patience
        return self.sent

    async def drain(self, limit: int, patience: float) -> None:
        """See ``Exchange``."""

    async def start(self, status: int, headers: RawHeaders) -> None:
        """See ``Exchange``."""
        del headers
        self.started, self.status = True, status

    async def write(self, data: bytes) -> None:
        """See ``Exchange``."""
        self.taken += len(data)

    async def finish(self, data: bytes = b"") -> None:
        """See ``Exchange``."""
        self.taken += len(data)
        self.finished = True

    def break_off(self) -> None:
        """See ``Exchange``."""


@attrs.define
class MemoryReply:
    """An answer that is here already; the last piece says that it is the last, as a client of HTTP/1.1 can tell it."""

    headers: Headers
    pieces: list[bytes]
    status: int = 200

    @property
    def complete(self) -> bool:
        """Whether all of it was given out."""
        return not self.pieces

    async def next_chunk(self) -> bytes:
        """See ``Reply``."""
        return self.pieces.pop() if self.pieces else b""

    async def aclose(self) -> None:
        """See ``Reply``."""


@attrs.define
class MemoryUpstream:
    """Answers what it was told to: *pieces* in their turn."""

    headers: RawHeaders
    pieces: Sequence[bytes]

    async def open(self, wanted: UpstreamRequest, until: float) -> MemoryReply:
        """See ``Upstream``."""
        del wanted, until
        return MemoryReply(Headers(self.headers), list(self.pieces[::-1]))


@attrs.define
class Counter:
    """A sink that counts."""

    name: str = "counter"
    count: int = 0

    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:
        """Take everything."""
        task_status.started()
        async for _ in events:
            self.count += 1


def provider() -> HttpProvider:
    """Return what is asked: it takes every model, like one of ``type = "compatible"`` without a catalogue."""
    return provider_at("https://api.example.com/v1", limits=Limits(max_concurrency=64))


def front_of(upstream: MemoryUpstream, emit: Callable[[Finished], None]) -> Front:
    """Return a front as the daemon makes it, with *upstream* as its only provider's window."""
    settings = SettingsView.of(RootSettings(), Home(path=Path("/nonexistent")), demo=False, environ={}, tables={})
    dialects: dict[str, Dialect] = {each.name: each for make in HOOKS for each in make(settings)}
    one = provider()
    window = Window(cast("Upstream", upstream), Slots(one.id, one.limits))
    client = Key.of("client", Secret(CLIENT_KEY), CLIENT)
    management = Key.of("management", Secret(MANAGEMENT_KEY), READ, MANAGE)
    return Front(
        answerer=Answerer(
            gate=Gate(Snapshot(providers=(one,), dialects=dialects), {one.id: window}),
            faults=FaultWriter(codes=Registry.of(BUILTIN_CODES)),
            emit=emit,
        ),
        guard=Guard.build(KeyRing((client, management)), ["127.0.0.1"], (), (), reads=True),
    )


@asynccontextmanager
async def open_road(upstream: MemoryUpstream) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Return what sends so many requests down the road; at the end it is checked that all of them were answered and counted."""
    sink, asked = Counter(), 0
    body = BODY % (b',"stream":true' if len(upstream.pieces) > 1 else b"")
    size = sum(map(len, upstream.pieces))

    async with open_bus([sink]) as bus:
        front = front_of(upstream, bus.emit)

        async def send(count: int) -> None:
            nonlocal asked
            asked += count
            with trio.CancelScope() as scope:  # that of the connection
                for number in range(count):
                    exchange = MemoryExchange(Headers(HEAD), body, scope=scope)
                    await front.handle(exchange)
                    if exchange.taken != size or exchange.status != 200 or not exchange.finished:
                        raise AssertionError(f"answered {exchange.status} with {exchange.taken} bytes in place of {size}")
                    if number % TOGETHER == 0:
                        await trio.lowlevel.checkpoint()

        yield send
    if sink.count != asked:
        raise AssertionError(f"{sink.count} of {asked} requests were reported")


def stream_of(pieces: int) -> MemoryUpstream:
    """Return an upstream whose streams have so many *pieces*, an event each."""
    return MemoryUpstream(STREAMED, [*[EVENT] * (pieces - 1), LAST])


async def timed(upstream: MemoryUpstream, count: int) -> float:
    """Return the CPU time of one of *count* requests in microseconds."""
    async with open_road(upstream) as send:
        await send(count // 4 + 1)
        began = time.process_time_ns()
        await send(count)
        return (time.process_time_ns() - began) / count / 1000


def reference() -> float:
    """Return the CPU time of a loop that is always the same, in microseconds."""
    began, known = time.process_time_ns(), dict[int, str]()
    for number in range(20_000):
        known[number & 63] = f"{number}"
    return (time.process_time_ns() - began) / 20_000 * 100 / 1000


async def figures(count: int, rounds: int) -> dict[str, float]:
    """Return all figures by what they are."""
    plain = short = long = loop = float("inf")
    for _ in range(rounds):
        plain = min(plain, await timed(MemoryUpstream(ANSWERED, [ANSWER]), count))
        short = min(short, await timed(stream_of(2), count))
        long = min(long, await timed(stream_of(PIECES), max(count // 20, 2)))
        loop = min(loop, reference())
    further = (long - short) / (PIECES - 2)
    return {"plain request": plain, "stream of 2 pieces": short, "further piece": further, "reference loop": loop}


async def profiled(count: int, pieces: int) -> pstats.Stats:
    """Return where the time of *count* requests goes; *pieces* more than 1 make streams of them."""
    upstream = MemoryUpstream(ANSWERED, [ANSWER]) if pieces < 2 else stream_of(pieces)
    async with open_road(upstream) as send:
        await send(count // 4)
        profile = cProfile.Profile()
        profile.enable()
        await send(count)
        profile.disable()
    return pstats.Stats(profile, stream=sys.stdout)


def main(args: Sequence[str] | None = None) -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.road", description="Measure the road of a request.")
    parser.add_argument("--requests", type=int, default=2000, metavar="N", help="per round (default: 2000)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="the best of which counts (default: 7)")
    parser.add_argument("--profile", action="store_true", help="print a profile instead")
    parser.add_argument("--pieces", type=int, default=1, metavar="N", help="of each answer in the profile (default: 1)")
    parser.add_argument("--sort", default="tottime", help="of the profile (default: tottime)")
    chosen = parser.parse_args(args)
    logging.getLogger("korproxy").setLevel(logging.INFO)
    if chosen.profile:
        trio.run(profiled, chosen.requests, chosen.pieces).sort_stats(chosen.sort).print_stats(45)
        return 0
    found = trio.run(figures, chosen.requests, chosen.rounds)
    for name, value in found.items():
        sys.stdout.write(f"{name:20} {value:8.1f} us {value / found['reference loop']:8.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
