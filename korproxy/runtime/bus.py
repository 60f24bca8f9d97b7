"""Hands events to sinks without ever making a request wait."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial

import attrs
import trio

from korproxy.contracts import Sink
from korproxy.models.outcome import Finished
from korproxy.runtime.supervise import Restart, ServiceState, supervise

QUEUE = 1024  # events a sink may lag behind before some are dropped
DRAIN = 5.0  # seconds the sinks get at shutdown

log = logging.getLogger("korproxy.runtime")


@attrs.define
class Bus:
    """``emit`` never blocks and never raises; what a slow sink cannot take is dropped and counted."""

    dropped: Counter[str] = attrs.field(factory=Counter)
    states: list[ServiceState] = attrs.field(factory=list)
    _doors: dict[str, trio.MemorySendChannel[Finished]] = attrs.field(factory=dict)

    def emit(self, event: Finished) -> None:
        """Offer *event* to every sink."""
        for name, door in self._doors.items():
            try:
                door.send_nowait(event)
            except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError):
                self.dropped[name] += 1

    def _close(self) -> None:
        for door in self._doors.values():
            door.close()
        if self.dropped:
            log.info("events that slow sinks could not take: %s", dict(self.dropped))


@asynccontextmanager
async def open_bus(sinks: Iterable[Sink], restart: Restart | None = None) -> AsyncIterator[Bus]:
    """Run every sink in its own supervised task; on the way out they get 5 s to take what is queued."""
    bus = Bus()
    async with trio.open_nursery() as nursery:
        for sink in sinks:
            door, events = trio.open_memory_channel[Finished](QUEUE)
            bus._doors[sink.name] = door  # noqa: SLF001 -- its own maker
            state = ServiceState(name=f"sink {sink.name}")
            bus.states.append(state)
            await nursery.start(partial(_consume, sink, events, state, restart or Restart()))
        try:
            yield bus
        finally:
            bus._close()  # noqa: SLF001
            nursery.cancel_scope.deadline = trio.current_time() + DRAIN


async def _consume(
    sink: Sink,
    events: trio.MemoryReceiveChannel[Finished],
    state: ServiceState,
    restart: Restart,
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    async def once(*, task_status: trio.TaskStatus[None]) -> None:
        with events.clone() as mine:
            await sink.run(mine, task_status=task_status)

    with events:  # keeps the queue alive between two lives of the sink
        await supervise(once, state, restart=restart, task_status=task_status)
