"""Signs of life for a client that waits for a translated stream: tools hang up on silence, and so do proxies between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import inf
from typing import NoReturn

import attrs
import trio

from korproxy.models.calls import Headers, RawHeaders
from korproxy.server.exchange import Exchange


@attrs.define(kw_only=True)
class KeptAlive:
    """An exchange that says something by itself whenever it was silent for ``interval`` seconds; see ``Exchange`` for the rest.

    The first sign commits the status 200, so the interval has to leave a provider the time to refuse, and another one the time
    to take its place.

    It has no ``scope``: whoever speaks for it is in a nursery with it, and has to be interrupted alone.

    Attributes:
        head: Returns the headers of a stream that begins before its provider has spoken.
        sign: Returns what is said: bytes that mean nothing in the client's format.
    """

    _exchange: Exchange
    interval: float
    head: Callable[[], RawHeaders]
    sign: Callable[[], bytes]
    _turn: trio.Lock = attrs.field(factory=trio.Lock, init=False)
    _spoke: float = attrs.field(factory=trio.current_time, init=False)

    @property
    def method(self) -> str:
        """See ``Exchange``."""
        return self._exchange.method

    @property
    def path(self) -> str:
        """See ``Exchange``."""
        return self._exchange.path

    @property
    def query(self) -> bytes:
        """See ``Exchange``."""
        return self._exchange.query

    @property
    def headers(self) -> Headers:
        """See ``Exchange``."""
        return self._exchange.headers

    @property
    def started(self) -> bool:
        """See ``Exchange``."""
        return self._exchange.started

    @property
    def complete(self) -> bool:
        """See ``Exchange``."""
        return self._exchange.complete

    @property
    def stalled(self) -> bool:
        """See ``Exchange``."""
        return self._exchange.stalled

    async def body(self, limit: int, patience: float) -> bytes:
        """See ``Exchange``."""
        return await self._exchange.body(limit, patience)

    async def drain(self, limit: int, patience: float) -> None:
        """See ``Exchange``."""
        await self._exchange.drain(limit, patience)

    async def start(self, status: int, headers: RawHeaders) -> None:
        """See ``Exchange``."""
        self._spoke = trio.current_time()  # before the turn is waited for: a sign that has it must not begin the answer, too
        async with self._turn:
            await self._exchange.start(status, headers)
        self._spoke = trio.current_time()

    async def write(self, data: bytes) -> None:
        """See ``Exchange``."""
        async with self._turn:
            await self._exchange.write(data)
        self._spoke = trio.current_time()

    async def finish(self, data: bytes = b"") -> None:
        """See ``Exchange``."""
        async with self._turn:
            self._spoke = inf  # nothing more will be said
            await self._exchange.finish(data)

    def break_off(self) -> None:
        """See ``Exchange``."""
        self._spoke = inf
        self._exchange.break_off()

    async def during(self, work: Callable[[], Awaitable[None]]) -> None:
        """Give signs of life while *work* is done; what it raises leaves as it came, not in a group."""
        failure: Exception | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.run)
            try:
                await work()
            except Exception as exc:  # noqa: BLE001 -- raised below
                failure = exc
            nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def run(self) -> NoReturn:
        """Give signs of life until cancelled; once the answer is over there are none."""
        while True:
            await trio.sleep_until(self._spoke + self.interval)
            async with self._turn:
                if trio.current_time() >= self._spoke + self.interval:
                    await self._give_a_sign()

    async def _give_a_sign(self) -> None:
        if not self._exchange.started:
            await self._exchange.start(200, self.head())
        await self._exchange.write(self.sign())
        self._spoke = trio.current_time()
