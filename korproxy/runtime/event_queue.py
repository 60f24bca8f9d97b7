"""What sinks have not taken yet: bounded, and nobody who puts something in ever waits.

Trio's memory channels would do it, but each event that is taken from one costs a turn of the loop. Under load many requests end
in one turn, so a sink would fall behind however quick it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import attrs
import trio

from korproxy.models.outcome import Finished

TURN = 64  # events that are handed out in a row before others get their turn
AT_ONCE = 64  # events that are put into the queues together


@attrs.define(eq=False)
class EventQueue:
    """The events between the bus and one sink, the oldest first.

    Attributes:
        most: How many it holds at most.
        lost: How many were not taken in.
    """

    most: int
    _intake: Intake = attrs.field(repr=False)
    lost: int = attrs.field(default=0, init=False)
    _events: deque[Finished] = attrs.field(factory=deque, init=False, repr=False)
    _sleepers: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot, init=False, repr=False)
    _closed: bool = attrs.field(default=False, init=False)
    _in_a_row: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        self._intake.spread()
        return len(self._events)

    def take_in(self, events: list[Finished]) -> None:
        """Take those of *events* in for which there is room, none where nobody takes any out; count the others."""
        room = 0 if self._closed else self.most - len(self._events)
        if room < len(events):
            self.lost += len(events) - room
            events = events[:room]
        self._events.extend(events)
        if self._sleepers:
            self._sleepers.unpark_all()

    def close(self) -> None:
        """Take nothing in any more. What is there can still be taken out."""
        self._intake.spread()
        self._closed = True
        self._sleepers.unpark_all()

    def abandon(self) -> None:
        """Take note that nobody takes anything out any more: what is there is lost."""
        self.close()
        self.lost += len(self._events)
        self._events.clear()

    async def get(self) -> Finished:
        """Return the next event, and wait for one where there is none.

        Raises:
            trio.EndOfChannel: There will be none any more.
        """
        if self._in_a_row >= TURN:
            self._in_a_row = 0
            await trio.lowlevel.checkpoint()
        await self._until_there_is_one()
        return self.get_nowait()

    async def get_many(self, most: int) -> list[Finished]:
        """Return the next events, *most* of them at most, and wait for one where there is none; raises as ``get`` does.

        A checkpoint, for whoever takes one bundle after the other.
        """
        await trio.lowlevel.checkpoint()
        await self._until_there_is_one()
        events = self._events
        if not events:
            raise trio.EndOfChannel
        if len(events) > most:
            return [events.popleft() for _ in range(most)]
        found = list(events)
        events.clear()
        return found

    async def _until_there_is_one(self) -> None:
        if self._intake.fresh:
            self._intake.spread()
        while not self._events and not self._closed:
            self._in_a_row = 0
            self._intake.awaited = True
            await self._sleepers.park()
            self._intake.spread()  # what has come since then, too

    def get_nowait(self) -> Finished:
        """Return the next event.

        Raises:
            trio.WouldBlock: There is none yet.
            trio.EndOfChannel: There will be none any more.
        """
        if self._intake.fresh:
            self._intake.spread()
        if self._events:
            self._in_a_row += 1
            return self._events.popleft()
        raise trio.EndOfChannel if self._closed else trio.WouldBlock


def _nothing() -> None:
    pass


@attrs.define(eq=False)
class Intake:
    """What has come for all queues, and is put into them some at a time: that is what each request pays for.

    Attributes:
        spread_out: Called after events were put into the queues.
        queues: All of them.
        fresh: What is in none yet.
        awaited: Somebody waits for the next event.
    """

    spread_out: Callable[[], None] = _nothing
    queues: list[EventQueue] = attrs.field(factory=list, init=False, repr=False)
    fresh: list[Finished] = attrs.field(factory=list, init=False, repr=False)
    awaited: bool = attrs.field(default=False, init=False)

    def put(self, event: Finished) -> None:
        """Take *event* in for all."""
        fresh = self.fresh
        fresh.append(event)
        if self.awaited or len(fresh) >= AT_ONCE:
            self.spread()

    def spread(self) -> None:
        """Put what has come into all queues now."""
        fresh, self.fresh, self.awaited = self.fresh, [], False
        if fresh:
            for each in self.queues:
                each.take_in(fresh)
            self.spread_out()


@attrs.define(eq=False)
class QueueReader(trio.abc.ReceiveChannel[Finished]):
    """What a sink gets in one of its lives; see ``Events``. The queue lives on."""

    _queue: EventQueue
    _closed: bool = attrs.field(default=False, init=False)

    async def receive(self) -> Finished:
        """See ``Events``."""
        if self._closed:
            raise trio.ClosedResourceError
        return await self._queue.get()

    async def receive_many(self, most: int) -> list[Finished]:
        """See ``Events``."""
        if self._closed:
            raise trio.ClosedResourceError
        return await self._queue.get_many(most)

    def receive_nowait(self) -> Finished:
        """See ``Events``."""
        if self._closed:
            raise trio.ClosedResourceError
        return self._queue.get_nowait()

    async def aclose(self) -> None:
        """Take nothing any more in this life."""
        self._closed = True
        await trio.lowlevel.checkpoint()
