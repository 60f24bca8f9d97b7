"""Hands events to sinks without ever making a request wait."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial

import attrs
import trio

from korproxy.contracts import Sink
from korproxy.errors.exceptions import CannotStart
from korproxy.models.outcome import Finished
from korproxy.runtime.event_queue import EventQueue, Intake, QueueReader
from korproxy.runtime.supervise import Restart, ServiceState, start_within, supervise

QUEUE = 1024  # events a sink may lag behind before some are dropped
START = 10.0  # seconds a sink gets to report that it is useful
DRAIN = 5.0  # seconds the sinks get at shutdown
LAST_MOMENT = 0.5  # seconds they get where everything was cancelled

log = logging.getLogger("korproxy.runtime")


@attrs.define
class _Pipe:
    """The way to one sink. ``scope`` is what its task runs in."""

    events: EventQueue
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    ended: trio.Event = attrs.field(factory=trio.Event)


@attrs.define
class Bus:
    """``emit`` never blocks and never raises; what a slow sink cannot take is dropped and counted.

    Attributes:
        emit: Offers an event to every sink.
        states: What is to be seen of each sink that started.
    """

    states: list[ServiceState] = attrs.field(factory=list)
    emit: Callable[[Finished], None] = attrs.field(init=False)
    _dropped: Counter[str] = attrs.field(factory=Counter)
    _pipes: dict[str, _Pipe] = attrs.field(factory=dict)
    _intake: Intake = attrs.field(factory=Intake)
    _closing: trio.Event = attrs.field(factory=trio.Event)

    def __attrs_post_init__(self) -> None:
        self.emit, self._intake.spread_out = self._intake.put, self._note_lost

    @property
    def dropped(self) -> Counter[str]:
        """Events that never reached a sink, by its name. One that it held when it crashed is not among them."""
        self._intake.spread()
        return self._dropped

    def _note_lost(self) -> None:
        for name, pipe in self._pipes.items():
            if pipe.events.lost:
                count, pipe.events.lost = pipe.events.lost, 0
                if name not in self._dropped:
                    log.warning("the sink %s does not take its events as they come: some are lost", name)
                self._dropped[name] += count

    async def _start(self, nursery: trio.Nursery, sink: Sink, restart: Restart, stop: trio.Event | None) -> str | None:
        """Start *sink* in *nursery*, and leave it running there; return None, or why it did not start."""
        pipe = _Pipe(EventQueue(QUEUE, self._intake))
        state = ServiceState(name=f"sink {sink.name}")
        failed = await start_within(START, nursery, partial(self._consume, sink, pipe, state, restart), stop=stop)
        if failed is None:
            pipe.scope.shield = True  # from now on only `_drain` ends it: it is to see the end of cancelled requests, too
            self._pipes[sink.name] = pipe
            self._intake.queues.append(pipe.events)
            self.states.append(state)
        return failed

    async def _consume(
        self, sink: Sink, pipe: _Pipe, state: ServiceState, restart: Restart, *, task_status: trio.TaskStatus[None]
    ) -> None:
        async def once(*, task_status: trio.TaskStatus[None]) -> None:
            # The queue lives on between two lives of the sink.
            await sink.run(QueueReader(pipe.events), task_status=task_status)

        try:
            with pipe.scope:
                await supervise(once, state, restart=restart, closing=self._closing, task_status=task_status)
        finally:
            pipe.events.abandon()
            self._note_lost()
            pipe.ended.set()

    async def _drain(self) -> None:
        """Close the queues and wait for the sinks, 5 s at most. Whatever happens, they end soon after."""
        left = LAST_MOMENT
        self._closing.set()
        for pipe in self._pipes.values():
            pipe.events.close()
        try:
            with trio.move_on_after(DRAIN):
                for pipe in self._pipes.values():
                    await pipe.ended.wait()
            left = 0.0
        finally:
            for pipe in self._pipes.values():
                pipe.scope.deadline = trio.current_time() + left


def _must_start(sink: Sink, reason: str) -> None:
    raise CannotStart("KP-SYS-513", f"The sink {sink.name!r} did not start: {reason}.")


@asynccontextmanager
async def open_bus(
    sinks: Iterable[Sink],
    restart: Restart | None = None,
    *,
    not_started: Callable[[Sink, str], None] = _must_start,
    stop: trio.Event | None = None,
) -> AsyncIterator[Bus]:
    """Run every sink in its own supervised task; on the way out they get 5 s to take what is queued.

    Where the block is cancelled they get half a second.

    Args:
        not_started: Gets each sink that fails before it is useful, or is not within 10 s, and the reason. It may raise; else
            the bus does without.
        stop: Once it is set, no sink is waited for that has not started yet.
    """
    bus = Bus()
    try:
        async with trio.open_nursery() as nursery:
            try:
                for sink in sinks:
                    reason = await bus._start(nursery, sink, restart or Restart(), stop)  # noqa: SLF001 -- its own maker
                    if reason is not None:
                        not_started(sink, reason)
                yield bus
            finally:
                await bus._drain()  # noqa: SLF001
    finally:
        for name, count in bus.dropped.items():
            log.warning("the sink %s lost %d events in all", name, count)
