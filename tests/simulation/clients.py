"""People who work with agents for a week: sessions of turns, some at the same time, some that leave before the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from random import Random

import attrs
import trio

from korproxy.contracts import Dialect
from korproxy.errors.exceptions import Busy, KorproxyError, ProviderRefused
from korproxy.models.calls import Call, Headers, RawHeaders
from korproxy.server.answering import Answerer
from tests.simulation.weather import DAY, HOUR

TRIES = 3  # in all, for one turn: what SDKs do by themselves
LEAVING = 0.02  # of all turns


@attrs.define(kw_only=True, eq=False)
class InMemory:
    """What a client sees of its answer; see ``Exchange``."""

    method: str = "POST"
    path: str = "/v1/chat/completions"
    query: bytes = b""
    headers: Headers = attrs.field(factory=lambda: Headers(((b"host", b"127.0.0.1"),)))
    stalled: bool = False
    complete: bool = True
    statuses: list[int] = attrs.field(factory=list)
    said: RawHeaders = ()
    body_out: bytes = b""
    ends: int = 0

    @property
    def started(self) -> bool:
        """See ``Exchange``."""
        return bool(self.statuses)

    async def body(self, limit: int, patience: float) -> bytes:
        """See ``Exchange``."""
        del limit, patience
        return b""

    async def drain(self, limit: int, patience: float) -> None:
        """See ``Exchange``."""
        del limit, patience

    async def start(self, status: int, headers: RawHeaders) -> None:
        """See ``Exchange``."""
        self.statuses.append(status)
        self.said = headers

    async def write(self, data: bytes) -> None:
        """See ``Exchange``."""
        self.body_out += data

    async def finish(self, data: bytes = b"") -> None:
        """See ``Exchange``."""
        self.body_out += data
        self.ends += 1

    def break_off(self) -> None:
        """See ``Exchange``."""
        self.ends += 1


@attrs.define(kw_only=True)
class People:
    """All clients.

    Attributes:
        outputs: What was wrong with what clients got: more than one beginning or end.
        turns: Of one kind of outcome or another, as clients see them: a turn is given up after three tries.
    """

    answerer: Answerer
    dialect: Dialect
    chance: Random
    models: tuple[str, ...]
    outputs: list[str] = attrs.field(factory=list)
    turns: dict[str, int] = attrs.field(factory=dict)
    _numbers: count[int] = attrs.field(factory=lambda: count(1))
    _sessions: count[int] = attrs.field(factory=lambda: count(1))

    async def come(self, nursery: trio.Nursery, seconds: float, sessions_a_day: float, crowd: int) -> None:
        """Let sessions begin for so many *seconds*: by chance, fewer at night; now and then a *crowd* of them at once."""
        while True:
            now = trio.current_time()
            busy = 0.2 if now % DAY < 7 * HOUR else 1.3
            await trio.sleep(self.chance.expovariate(sessions_a_day * busy / DAY))
            if trio.current_time() >= seconds:
                return
            for _ in range(crowd if self.chance.random() < 0.02 else 1):
                nursery.start_soon(self.session)

    async def session(self) -> None:
        """Talk for some turns, as one session that is known by one thing or another."""
        name, model = f"session-{next(self._sessions)}", self.chance.choice(self.models)
        known_by = self.chance.choice(("header", "cache key", "beginning"))
        for number in range(self.chance.randint(1, 12)):
            await self._turn(name, model, known_by, number)
            await trio.sleep(self.chance.uniform(1, 90))

    async def _turn(self, name: str, model: str, known_by: str, number: int) -> None:
        for attempt in range(TRIES):
            outcome, wait = await self._ask(self._call(name, model, known_by, number))
            if outcome != "refused" or attempt == TRIES - 1:
                self.turns[outcome] = self.turns.get(outcome, 0) + 1
                return
            await trio.sleep(min(wait, 60.0))

    def _call(self, name: str, model: str, known_by: str, number: int) -> Call:
        talk = [{"role": "user", "content": f"I am {name}"}]
        talk += [{"role": ("assistant", "user")[each % 2], "content": "go on"} for each in range(2 * number)]
        body: Mapping[str, object] = {"model": model, "stream": True, "messages": talk}
        if known_by == "cache key":
            body = {**body, "prompt_cache_key": name}
        raw, path = json.dumps(body).encode(), self.dialect.paths[0]
        fields = ((b"x-session-id", name.encode()),) if known_by == "header" else ()
        id = f"r{next(self._numbers)}"  # noqa: A001 -- the word for it
        return Call(
            id=id, correlation_id=id, dialect=self.dialect.name, path=path, peek=self.dialect.peek(path, raw), body=raw,
            headers=Headers(fields), began=trio.current_time(),
        )  # fmt: skip

    async def _ask(self, call: Call) -> tuple[str, float]:
        """Return how it ended, and how long to wait before another try."""
        exchange, leaving = InMemory(), self.chance.random() < LEAVING
        patience = self.chance.uniform(0.1, 15) if leaving else float("inf")
        outcome, wait = "left", 0.0
        with trio.move_on_after(patience):
            try:
                await self.answerer.settle(exchange, call, self.dialect, ())
                outcome = self._seen(call, exchange)
            except KorproxyError as exc:
                outcome, wait = "refused", _wait_of(exc) or self.chance.uniform(0.5, 8)
        if outcome == "refused" and not wait:
            said = dict(exchange.said)
            wait = float(said.get(b"retry-after-ms", b"0")) / 1000 or self.chance.uniform(0.5, 8)
        return outcome, wait

    def _seen(self, call: Call, exchange: InMemory) -> str:
        if (len(exchange.statuses), exchange.ends) != (1, 1):
            self.outputs.append(f"{call.id}: begun {exchange.statuses}, ended {exchange.ends} times")
        if exchange.statuses[0] != 200:
            return "refused"
        whole = exchange.body_out.endswith(b"data: [DONE]\n\n") and b'"error"' not in exchange.body_out
        if exchange.body_out.count(b"[DONE]") > 1:
            self.outputs.append(f"{call.id}: two answers")
        return "answered" if whole else "broken"


def _wait_of(exc: KorproxyError) -> float | None:
    return exc.retry_after if isinstance(exc, Busy | ProviderRefused) else None
