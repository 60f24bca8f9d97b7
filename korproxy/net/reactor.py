"""One epoll for all our sockets, nested in Trio's loop: what makes waiting on a socket cheap.

``trio.lowlevel.wait_readable`` arms a socket anew for each wait, which costs a system call and several tables; and two tasks
cannot wait for one socket, so that noticing a client's end takes a task of its own. Here each socket is registered once, edge
triggered, also for the other side's end, and a task that waits is woken directly. Trio sees one descriptor: that of the epoll.
Where there is no epoll (macOS, Windows), or no reactor was opened, ``Wire`` waits by Trio's own means.
"""

from __future__ import annotations

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio
from trio.lowlevel import RunVar

from korproxy.net.lean_run import lean, waker
from korproxy.net.waking import WOKEN

if TYPE_CHECKING:
    from korproxy.net.wire import Wire

_USUAL = getattr(select, "EPOLLIN", 0) | getattr(select, "EPOLLOUT", 0)  # something came to where also something may go
_NONE: Reactor | None = None
_current: RunVar[Reactor | None] = RunVar("korproxy_reactor", _NONE)


def current_reactor() -> Reactor | None:
    """Return the reactor of this Trio run; None where none is open."""
    return _current.get()


@attrs.define(eq=False)
class Reactor:
    """Wakes the tasks that wait on wires. On the Trio thread only; nothing in it waits but ``run`` and ``sweep``.

    Attributes:
        next_look: Trio time of the next look for missed deadlines.
    """

    next_look: float = attrs.field(default=inf, init=False)
    _epoll: select.epoll
    _wires: dict[int, Wire] = attrs.field(factory=dict, init=False, repr=False)
    _sleep: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False, repr=False)

    def __len__(self) -> int:
        return len(self._wires)

    def add(self, wire: Wire) -> None:
        """Watch the socket of *wire* from now on."""
        fd = wire.socket.fileno()
        self._epoll.register(fd, select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET)
        self._wires[fd] = wire

    def remove(self, wire: Wire) -> None:
        """Watch it no longer. Before its descriptor is closed: the next one gets the same number."""
        fd = wire.socket.fileno()
        if self._wires.get(fd) is wire:
            del self._wires[fd]
            self._epoll.unregister(fd)

    def look_at(self, deadline: float) -> None:
        """Have the deadlines of all wires looked at when *deadline* (Trio time) has come."""
        if deadline < self.next_look:
            self.next_look = self._sleep.deadline = deadline

    async def run(self) -> NoReturn:
        """Wake whoever can go on, for ever."""
        wires, poll, fd, wake = self._wires, self._epoll.poll, self._epoll.fileno(), waker()
        while True:
            await trio.lowlevel.wait_readable(fd)
            for each, events in poll(0):
                wire = wires.get(each)
                if wire is None:
                    continue
                reader = wire.reader
                if events == _USUAL and reader is not None and wire.writer is None:  # as ``happened``, at half the price
                    wire.readable, wire.reader = True, None
                    wake(reader, WOKEN)
                else:
                    wire.happened(events)

    async def sweep(self) -> NoReturn:
        """Wake those whose deadline has passed, for ever. Sleeps until the earliest of them, not in steps."""
        while True:
            with self._sleep:
                await trio.sleep_forever()
            now, self.next_look = trio.current_time(), inf
            for wire in list(self._wires.values()):
                self.next_look = min(self.next_look, wire.late(now))
            self._sleep = trio.CancelScope(deadline=self.next_look)

    def close(self) -> None:
        """Close all wires that are left, and the epoll."""
        for wire in list(self._wires.values()):
            wire.close()
        self._epoll.close()


@asynccontextmanager
async def open_reactor() -> AsyncIterator[Reactor | None]:
    """Run a reactor for the block, in which wires are made; yield the one of an outer block where there is one.

    None where the system has no epoll.
    """
    reactor = _current.get()
    if reactor is not None or not hasattr(select, "epoll"):
        yield reactor
        return
    lean()
    reactor = Reactor(select.epoll())
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reactor.run)
            nursery.start_soon(reactor.sweep)
            _current.set(reactor)
            try:
                yield reactor
            finally:
                _current.set(None)
                nursery.cancel_scope.cancel("nobody waits on a wire any longer")
    finally:
        reactor.close()
