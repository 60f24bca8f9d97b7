"""Providers in memory: they answer as the weather is, in the place of ``Upstream`` and ``Reply``, without a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import NoReturn

import attrs
import pytest
import trio

from korproxy.errors.exceptions import KorproxyError
from korproxy.gateway.network_errors import before_answer, in_answer, too_long, too_slow
from korproxy.models import clock
from korproxy.models.calls import Headers, RawHeaders, UpstreamRequest
from korproxy.models.providers import Deadlines
from korproxy.net.errors import Broken, NetError, Unreached
from tests.simulation.referee import Referee, Visit
from tests.simulation.weather import MINUTE, Kind, Place, Spell, Weather
from tests.simulation.wishes import JSON, wish

SUNDAY = 1_796_515_200.0  # when it begins, in seconds since the epoch
STREAM = (b"content-type", b"text/event-stream")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
OVERLOADED = b'data: {"error":{"message":"Overloaded","type":"overloaded_error"}}\n\n'
BAD_KEY = b'{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}'
STATUSES = (500, 502, 503, 529)


@contextmanager
def virtual_wall() -> Iterator[None]:
    """Let the wall clock go with Trio's, which is a virtual one, for the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "time", SimpleNamespace(time=lambda: SUNDAY + trio.current_time()))
        yield


@attrs.define(kw_only=True, eq=False)
class Answering:
    """An answer that is open; see ``Reply``.

    Attributes:
        pieces: What is left of it, and the seconds before each.
        cut: What ends it, if it does not end well.
    """

    status: int
    headers: Headers
    pieces: list[tuple[float, bytes]]
    visit: Visit
    referee: Referee
    cut: KorproxyError | None = None
    good: bool = True
    complete: bool = False

    async def next_chunk(self) -> bytes:
        """See ``Reply``."""
        if not self.pieces:
            if self.cut is None:
                return b""
            self.referee.breaks(self.visit)
            raise self.cut
        wait, piece = self.pieces.pop(0)
        await trio.sleep(wait)
        if self.good:
            self.referee.answers(self.visit)
        self.complete = not self.pieces and self.cut is None
        return piece

    async def aclose(self) -> None:
        """See ``Reply``."""
        self.referee.closes(self.visit)


@attrs.define(kw_only=True)
class Sky:
    """What all providers have in common: one weather, one chance.

    Attributes:
        quotas: Good answers in a minute that an account gives, where that is limited. It says what is left of them.
        met: How many requests met what.
    """

    weather: Weather
    referee: Referee
    chance: Random
    quotas: Mapping[Place, int] = attrs.field(factory=dict)
    met: dict[str, int] = attrs.field(factory=dict)
    _used: dict[tuple[Place, int], int] = attrs.field(factory=dict)

    def spell(self, visit: Visit) -> Spell | None:
        """Return what *visit* meets."""
        hit = [each for each in self.weather.at(visit.place, visit.model, visit.at) if self.chance.random() < each.chance]
        return min(hit, key=lambda each: each.kind != "wrong key", default=None)

    def left_of(self, place: Place) -> tuple[int, float] | None:
        """Use one of the good answers that *place* has in this minute.

        Returns:
            How many are left (-1: there was none), and for how many seconds that is so. None: it has no limit.
        """
        if place not in self.quotas:
            return None
        now = trio.current_time()
        key = (place, int(now // MINUTE))
        self._used[key] = used = self._used.get(key, 0) + 1
        return max(-1, self.quotas[place] - used), MINUTE - now % MINUTE


@attrs.define(kw_only=True)
class FakeUpstream:
    """One provider; see ``Upstream``."""

    provider: str
    deadlines: Deadlines
    sky: Sky

    async def open(self, wanted: UpstreamRequest, until: float) -> Answering:
        """See ``Upstream``."""
        fields = dict(wanted.headers)
        place = (self.provider, fields[b"authorization"].removeprefix(b"Bearer key-").decode())
        call = fields[b"x-correlation-id"].decode()
        visit = self.sky.referee.arrives(place, json.loads(wanted.body)["model"], call)
        try:
            return await self._open(visit, until)
        except BaseException:
            self.sky.referee.closes(visit)
            raise

    async def _open(self, visit: Visit, until: float) -> Answering:
        spell = self.sky.spell(visit)
        kind: Kind | None = None if spell is None else spell.kind
        self.sky.met[kind or "well"] = self.sky.met.get(kind or "well", 0) + 1
        chance, refuses = self.sky.chance, self.sky.referee.refuses
        if kind == "stalling":
            await trio.sleep_until(min(trio.current_time() + self.deadlines.first_byte, until))
            refuses(visit)
            raise (too_long if trio.current_time() >= until else too_slow)(self.provider, self.deadlines)
        await trio.sleep(chance.uniform(15, 80) if kind == "slow" else chance.uniform(0.1, 2))
        if kind in {"down", "dropping"}:
            refuses(visit)
            self._lost(Unreached("refused") if kind == "down" else Broken("closed"))
        if spell is not None and kind == "limited":
            return self._limited(visit, spell.wish, spell.end - trio.current_time())
        if kind in {"failing", "flaky"}:
            refuses(visit)
            return self._refusing(visit, chance.choice(STATUSES), [JSON], b'{"error":{"message":"Oh."}}')
        if kind == "wrong key":
            self.sky.referee.refuses_key(visit)
            return self._refusing(visit, 401, [JSON], BAD_KEY)
        if kind == "erring":
            refuses(visit)
            return self._answering(visit, 200, [STREAM], [(0.0, OVERLOADED)], good=False)
        return self._streaming(visit, cuts=kind == "cutting")

    def _lost(self, exc: NetError) -> NoReturn:
        raise before_answer(self.provider, exc, self.deadlines, f"{self.provider}.test:443")

    def _limited(self, visit: Visit, number: int, wait: float) -> Answering:
        """Refuse *visit*. One in ten asks for a day, one in ten for much less than it takes."""
        wait = max(1.0, wait) * {8: 100.0, 9: 0.1}.get(number % 10, 1.0)
        said = wish(number // 10, wait, clock.wall_time())
        self.sky.referee.refuses(visit, said.seconds)
        return self._refusing(visit, 429, said.headers, said.body)

    def _streaming(self, visit: Visit, *, cuts: bool) -> Answering:
        chance, headers = self.sky.chance, [STREAM]
        left = self.sky.left_of(visit.place)
        if left is not None:
            count, seconds = left
            headers += [(b"x-ratelimit-remaining-requests", b"%d" % max(count, 0))]
            headers += [(b"x-ratelimit-reset-requests", b"%.3fs" % seconds)]
            if count < 0:
                self.sky.referee.refuses(visit, seconds)
                return self._refusing(visit, 429, [JSON, *headers[1:]], b'{"error":{"message":"Slow down."}}')
            if count == 0:
                self.sky.referee.rests(visit, seconds)
        events = [(chance.uniform(0.05, 3), EVENT) for _ in range(chance.randint(1, 5))]
        broken = in_answer(self.provider, Broken("closed")) if cuts else None
        return self._answering(visit, 200, headers, events if cuts else [*events, (0.1, LAST)], cut=broken)

    def _refusing(self, visit: Visit, status: int, headers: RawHeaders, body: bytes) -> Answering:
        return self._answering(visit, status, headers, [(0.0, body)], good=False)

    def _answering(
        self,
        visit: Visit,
        status: int,
        headers: RawHeaders,
        pieces: list[tuple[float, bytes]],
        *,
        cut: KorproxyError | None = None,
        good: bool = True,
    ) -> Answering:
        made = Headers(tuple(headers))
        return Answering(status=status, headers=made, pieces=pieces, visit=visit, referee=self.sky.referee, cut=cut, good=good)
