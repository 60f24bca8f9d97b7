from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio
from trio.testing import MockClock

from korproxy.models.calls import Headers, RawHeaders
from korproxy.server.keep_alive import KeptAlive

HEAD = [(b"content-type", b"text/event-stream")]


@attrs.define
class Client:
    """Notes what it gets, and when."""

    method: str = "POST"
    path: str = "/v1/messages"
    query: bytes = b""
    headers: Headers = attrs.field(factory=Headers)
    started: bool = False
    stalled: bool = False
    complete: bool = True
    slow: float = 0.0
    got: list[tuple[float, str]] = attrs.field(factory=list)

    async def body(self, limit: int, patience: float) -> bytes:
        return b"%d %d" % (limit, patience)

    async def drain(self, limit: int, patience: float) -> None:
        self._note(f"drain {limit} {patience:g}")

    async def start(self, status: int, headers: RawHeaders) -> None:
        self.started = True
        self._note(f"{status} {dict(headers)[b'content-type'].decode()}")

    async def write(self, data: bytes) -> None:
        self._note(f"{data.decode()} begins" if self.slow else data.decode())
        if self.slow:
            await trio.sleep(self.slow)
            self._note(f"{data.decode()} ends")

    async def finish(self, data: bytes = b"") -> None:
        self._note(f"end {data.decode()}")

    def break_off(self) -> None:
        self._note("broken off")

    def _note(self, what: str) -> None:
        self.got.append((trio.current_time() - BEGIN[0], what))


BEGIN = [0.0]


@asynccontextmanager
async def kept_alive(client: Client) -> AsyncIterator[KeptAlive]:
    BEGIN[0] = trio.current_time()
    kept = KeptAlive(exchange=client, interval=10, head=lambda: HEAD, sign=lambda: b":")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(kept.run)
        yield kept
        nursery.cancel_scope.cancel()


async def test_a_client_that_waits_for_the_first_byte_gets_a_head_and_a_sign_after_each_interval(
    autojump_clock: MockClock,
) -> None:
    client = Client()
    async with kept_alive(client):
        await trio.sleep(25)

    assert client.got == [(10, "200 text/event-stream"), (10, ":"), (20, ":")]


async def test_what_is_said_puts_the_next_sign_off(autojump_clock: MockClock) -> None:
    client = Client()
    async with kept_alive(client) as kept:
        await trio.sleep(6)
        await kept.start(200, HEAD)
        await trio.sleep(6)
        await kept.write(b"x")
        await trio.sleep(9)
        await kept.write(b"y")
        await trio.sleep(11)

    assert client.got == [(6, "200 text/event-stream"), (12, "x"), (21, "y"), (31, ":")]


async def test_nothing_is_said_behind_the_end(autojump_clock: MockClock) -> None:
    client = Client()
    async with kept_alive(client) as kept:
        await kept.start(200, HEAD)
        await kept.finish(b"z")
        await trio.sleep(100)

    assert client.got == [(0, "200 text/event-stream"), (0, "end z")]


async def test_nothing_is_said_on_a_connection_that_was_broken_off(autojump_clock: MockClock) -> None:
    client = Client()
    async with kept_alive(client) as kept:
        kept.break_off()
        await trio.sleep(100)

    assert client.got == [(0, "broken off")]


async def test_a_sign_and_an_answer_never_interleave(autojump_clock: MockClock) -> None:
    client = Client(slow=3)
    async with kept_alive(client) as kept:
        await trio.sleep(11)
        await kept.write(b"x")

    assert [what for _, what in client.got] == ["200 text/event-stream", ": begins", ": ends", "x begins", "x ends"]


async def test_an_answer_that_begins_in_the_moment_of_a_sign_has_one_head(autojump_clock: MockClock) -> None:
    """Trio shuffles who goes first, so a few times over is every order."""
    heads = set()
    for _ in range(60):
        client = Client()
        async with kept_alive(client) as kept:
            await trio.sleep_until(BEGIN[0] + 10)
            if not kept.started:
                await kept.start(429, HEAD)
        heads.add(tuple(what for _, what in client.got))

    assert heads <= {("429 text/event-stream",), ("200 text/event-stream", ":")}


async def test_a_slow_write_counts_as_something_said(autojump_clock: MockClock) -> None:
    client = Client(slow=15)
    async with kept_alive(client) as kept:
        await kept.start(200, HEAD)
        await kept.write(b"x")
        await trio.sleep(9)

    assert [what for _, what in client.got] == ["200 text/event-stream", "x begins", "x ends"]


async def test_the_rest_is_the_exchange_itself() -> None:
    client = Client(query=b"a=1", stalled=True)
    kept = KeptAlive(exchange=client, interval=10, head=lambda: HEAD, sign=lambda: b":")
    BEGIN[0] = trio.current_time()
    await kept.drain(3, 4)

    assert (kept.method, kept.path, kept.query, kept.headers, kept.started, kept.stalled) == (
        "POST",
        "/v1/messages",
        b"a=1",
        client.headers,
        False,
        True,
    )
    assert await kept.body(1, 2) == b"1 2"
    assert [what for _, what in client.got] == ["drain 3 4"]
