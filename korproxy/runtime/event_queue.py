"""What one sink has not taken yet: bounded, and nobody who puts something in ever waits.

Trio's memory channels would do it, but each event that is taken from one costs a turn of the loop. Under load many requests end
in one turn, so a sink would fall behind however quick it is.
"""

from __future__ import annotations

from collections import deque

import attrs
import trio

from korproxy.models.outcome import Finished

TURN = 64  # events that are handed out in a row before others get their turn


@attrs.define(eq=False)
class EventQueue:
    """The events between the bus and one sink, the oldest first.

    Attributes:
        most: How many it holds at most.
    """

    most: int
    _events: deque[Finished] = attrs.field(factory=deque, init=False, repr=False)
    _sleepers: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot, init=False, repr=False)
    _asleep: bool = attrs.field(default=False, init=False)
    _closed: bool = attrs.field(default=False, init=False)
    _in_a_row: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Finished) -> bool:
        """Take *event* in; return False where there is no room for it, or nobody who would take it out."""
        if self._closed or len(self._events) >= self.most:
            return False
        self._events.append(event)
        if self._asleep:  # only the first one of a turn finds somebody to wake
            self._asleep = False
            self._sleepers.unpark_all()
        return True

    def close(self) -> None:
        """Take nothing in any more. What is there can still be taken out."""
        self._closed = True
        self._sleepers.unpark_all()

    def abandon(self) -> int:
        """Take note that nobody takes anything out any more; return how many events are lost by that."""
        self.close()
        lost = len(self._events)
        self._events.clear()
        return lost

    async def get(self) -> Finished:
        """Return the next event, and wait for one where there is none.

        Raises:
            trio.EndOfChannel: There will be none any more.
        """
        if self._in_a_row >= TURN:
            self._in_a_row = 0
            await trio.lowlevel.checkpoint()
        while not self._events and not self._closed:
            self._in_a_row = 0
            self._asleep = True
            await self._sleepers.park()
        return self.get_nowait()

    def get_nowait(self) -> Finished:
        """Return the next event.

        Raises:
            trio.WouldBlock: There is none yet.
            trio.EndOfChannel: There will be none any more.
        """
        if self._events:
            self._in_a_row += 1
            return self._events.popleft()
        raise trio.EndOfChannel if self._closed else trio.WouldBlock


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

    def receive_nowait(self) -> Finished:
        """See ``Events``."""
        if self._closed:
            raise trio.ClosedResourceError
        return self._queue.get_nowait()

    async def aclose(self) -> None:
        """Take nothing any more in this life."""
        self._closed = True
        await trio.lowlevel.checkpoint()
