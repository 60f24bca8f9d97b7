"""Connections that can be used more than once: those to one provider, and how many of all may lie idle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

import attrs
import trio

from korproxy.models.clock import ticking
from korproxy.net.address import Origin, Target
from korproxy.net.connect import Connector
from korproxy.net.tls import Line, base_of
from korproxy.net.wire import Wire

IDLE_PER_HOST = 10  # once they are looked at: see ``drop_idle``
IDLE_IN_ALL = 100
IDLE_SECONDS = 90.0
AT_REST = 1.0  # seconds without a request after which a connection counts among the idle ones of its host
DOUBT = 300.0  # seconds for which no connection is used twice to a server that said what it was not asked for

# Why a connection is closed: the server said so with its answer, or closed it while idle; it was idle too long, or had no room;
# something came that belonged to no answer, here or with another one to that server; an answer was not read to its end; it
# broke; we stop.
Reason = Literal["ended", "hung up", "too old", "no room", "surplus", "doubted", "cut", "broken", "stopped"]


@attrs.frozen(kw_only=True)
class PoolCounters:
    """What became of the connections of a pool, since it was made; *idle* and *busy* are those that are there now.

    Attributes:
        reused: Requests that found an idle connection.
        repeated: Requests that went out once more, since the connection they found was gone.
        closed: How many, by reason.
    """

    idle: int = 0
    busy: int = 0
    opened: int = 0
    reused: int = 0
    repeated: int = 0
    closed: dict[str, int] = attrs.field(factory=dict)


@attrs.define(eq=False)
class Connection:
    """A connection, and whose it is.

    Attributes:
        idle_since: Trio time at which it became idle.
        now: Trio's clock.
        busy: Somebody has it.
    """

    line: Line
    origin: Origin
    pool: Pool = attrs.field(repr=False)
    idle_since: float = attrs.field(default=0.0, init=False)
    busy: bool = attrs.field(default=True, init=False)
    base: Wire = attrs.field(init=False, repr=False)
    now: Callable[[], float] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.now = ticking()
        self.base = base_of(self.line)
        self.base.on_hangup = self._hung_up

    def _hung_up(self) -> None:
        self.pool.gone(self)

    def close(self) -> None:
        """Close it at once."""
        self.base.on_hangup = None  # they refer to each other
        self.line.close()


@attrs.define
class IdleRoom:
    """The idle connections of all pools together.

    Attributes:
        idle: They, those that were not used for longest first. Pools put theirs in and take them out.
    """

    most: int = IDLE_IN_ALL
    idle: dict[Connection, None] = attrs.field(factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.idle)

    def make_room(self) -> None:
        """Close the one that was not used for longest."""
        oldest = next(iter(self.idle))
        oldest.pool.close_idle(oldest, "no room")


@attrs.define(eq=False)
class Pool:
    """The connections to one provider. It has no bound of its own: whoever asks has (docs/explain/traps.md, B3).

    Each connection is either busy, and then somebody has it who will give it back or close it, or idle, or gone.

    A server that answers a request twice is told by nothing once the next request is out: that gets the second answer, and the
    one behind it the next one's, and so on. Such a server does it again, so where it was seen once, connections are not used
    twice for a while.
    """

    connector: Connector
    room: IdleRoom = attrs.field(factory=IdleRoom)
    _idle: dict[Origin, list[Connection]] = attrs.field(factory=dict, init=False, repr=False)  # used last, last
    _doubted: dict[Origin, float] = attrs.field(factory=dict, init=False, repr=False)  # until when
    _all: set[Connection] = attrs.field(factory=set, init=False, repr=False)
    _opened: int = attrs.field(default=0, init=False)
    _reused: int = attrs.field(default=0, init=False)
    _repeated: int = attrs.field(default=0, init=False)
    _closed: Counter[str] = attrs.field(factory=Counter, init=False, repr=False)

    @property
    def counters(self) -> PoolCounters:
        """The figures as they are now."""
        idle = sum(map(len, self._idle.values()))
        return PoolCounters(
            idle=idle,
            busy=len(self._all) - idle,
            opened=self._opened,
            reused=self._reused,
            repeated=self._repeated,
            closed=dict(sorted(self._closed.items())),
        )

    def __len__(self) -> int:
        return len(self._all)

    def take(self, origin: Origin, now: float) -> Connection | None:
        """Return the idle connection to *origin* that was used last, which is the caller's then; None if there is none."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle[-1]
            # A server that ends a connection does so after seconds of rest: before that, only what comes unasked is looked for.
            if now - connection.idle_since >= AT_REST or not connection.line.quiet(just_now=True):
                reason = self._spoiled(connection, now)
                if reason is not None:
                    self.close_idle(connection, reason)
                    continue
            idle.pop()
            del self.room.idle[connection]
            connection.busy = True
            self._reused += 1
            return connection
        return None

    async def open(self, target: Target, deadline: float) -> Connection:
        """Return a new connection, which is the caller's. Raises as ``Connector.connect`` does."""
        connection = Connection(await self.connector.connect(target, deadline), target.origin, self)
        self._opened += 1
        self._all.add(connection)
        return connection

    def repeat(self) -> None:
        """Count a request that goes out once more."""
        self._repeated += 1

    def give_back(self, connection: Connection) -> None:
        """Take a busy *connection* back whose answer was read to its end."""
        if connection.base.hung_up:
            self.drop(connection, "hung up")
            return
        now = connection.now()
        if self._doubted and self._is_doubted(connection.origin, now):
            self.drop(connection, "doubted")
            return
        connection.busy = False
        connection.idle_since = now
        idle = self._idle.get(connection.origin)
        if idle is None:
            idle = self._idle[connection.origin] = []
        idle.append(connection)
        room = self.room
        room.idle[connection] = None
        if len(room.idle) > room.most:
            room.make_room()

    def drop(self, connection: Connection, reason: Reason) -> None:
        """Close a busy *connection*."""
        if connection.busy:
            connection.busy = False
            self._all.discard(connection)
            self._closed[reason] += 1
            connection.close()
            if reason == "surplus":
                self._doubt(connection)

    def gone(self, connection: Connection) -> None:
        """The other side has closed *connection*. Whoever uses it finds out by itself."""
        if connection in self._idle.get(connection.origin, ()):
            self.close_idle(connection, "hung up")

    def close_idle(self, connection: Connection, reason: Reason) -> None:
        """Close an idle *connection*."""
        idle = self._idle[connection.origin]
        idle.remove(connection)
        if not idle:
            del self._idle[connection.origin]
        del self.room.idle[connection]
        self._all.discard(connection)
        self._closed[reason] += 1
        connection.close()
        if reason == "surplus":
            self._doubt(connection)

    def _doubt(self, other: Connection) -> None:
        """Take note that *other* got something that was not asked for."""
        self._doubted[other.origin] = other.now() + DOUBT
        for each in list(self._idle.get(other.origin, ())):
            self.close_idle(each, "doubted")

    def _is_doubted(self, origin: Origin, now: float) -> bool:
        until = self._doubted.get(origin)
        if until is not None and now >= until:
            del self._doubted[origin]
        return origin in self._doubted

    def drop_idle(self) -> int:
        """Close what was idle for too long, cannot be used any more, or is one of too many; return how many.

        Too many is looked for here and not where a connection becomes idle: among requests that follow each other closely, most
        connections are idle for a moment only, and closing all but ten of them then would make each request connect anew.
        """
        now, before = trio.current_time(), len(self)
        for same in list(self._idle.values()):
            for each in list(same):
                # What one has got unasked may have closed the others.
                if each in self.room.idle and (reason := self._spoiled(each, now)) is not None:
                    self.close_idle(each, reason)
            for each in same[: max(len(same) - IDLE_PER_HOST, 0)]:  # those that were used last stand last
                if now - each.idle_since >= AT_REST:
                    self.close_idle(each, "no room")
        return before - len(self)

    def retire(self) -> None:
        """Close what is idle, and from now on each connection that would become so. Whoever is served here still is."""
        for same in list(self._idle.values()):
            for each in list(same):
                self.close_idle(each, "no room")
        self.room = IdleRoom(most=0)

    def close(self) -> None:
        """Close everything."""
        for same in list(self._idle.values()):
            for each in list(same):
                self.close_idle(each, "stopped")
        for each in list(self._all):
            self.drop(each, "stopped")

    def _spoiled(self, connection: Connection, now: float) -> Reason | None:
        if now - connection.idle_since >= IDLE_SECONDS:
            return "too old"
        if connection.line.quiet():
            return None
        # After some rest it may be about that: some servers say with a 408 that they wait no longer.
        return "surplus" if now - connection.idle_since < AT_REST and connection.line.unasked() else "hung up"
