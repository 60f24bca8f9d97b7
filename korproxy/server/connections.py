"""The connections of clients, so that one of them can be closed from outside.

Hypercorn shields its writes: a client that stops reading holds its task for ever, past every timeout and past the end of the
server. Closing the socket under the write is what ends it (docs/explain/traps.md, B2).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import attrs
import trio

from korproxy.net.wire import Wire

LET_GO = 0.25  # seconds until a shielded write is cancelled that goes on after its socket was closed


@attrs.frozen(eq=False)
class _Write:
    began: float
    shield: trio.CancelScope | None


@attrs.define(eq=False)
class Connection:
    """One client's connection.

    Attributes:
        stream: In the lane its wire, else Hypercorn's.
        stalled: It was cut because its client did not read.
    """

    stream: trio.SocketStream | Wire = attrs.field(repr=False)
    stalled: bool = False
    _is_cut: bool = attrs.field(default=False, init=False)
    _writes: list[_Write] = attrs.field(factory=list, init=False)  # the oldest first

    @property
    def writing_since(self) -> float | None:
        """Trio time at which the oldest write began that is still going on; None between writes."""
        if isinstance(self.stream, Wire):
            return self.stream.blocked_since
        return self._writes[0].began if self._writes else None

    def cut(self) -> None:
        """Close the socket now; whoever reads or writes on it is told so at once.

        A write that waits for something else is cancelled after ``LET_GO``. Not at once: a write that is told goes on to tell
        the application, and must not be kept from it.
        """
        self._is_cut = True
        (self.stream if isinstance(self.stream, Wire) else self.stream.socket).close()
        for each in self._writes:
            _bound(each.shield)

    @contextmanager
    def writing(self, shield: trio.CancelScope | None = None) -> Iterator[None]:
        """Mark the time in which a write goes on, maybe one of several; *shield* is what keeps it from being cancelled."""
        write = _Write(trio.current_time(), shield)
        self._writes.append(write)
        if self._is_cut:
            _bound(shield)
        try:
            yield
        finally:
            self._writes.remove(write)


def _bound(shield: trio.CancelScope | None) -> None:
    if shield is not None:
        shield.deadline = min(shield.deadline, trio.current_time() + LET_GO)


# The connection that the running task serves. Tasks started for a request inherit it.
current_connection: ContextVar[Connection | None] = ContextVar("korproxy_connection", default=None)


@attrs.define
class Connections:
    """All open connections of clients."""

    _open: set[Connection] = attrs.field(factory=set)

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def keep(self, stream: trio.SocketStream | Wire) -> Iterator[Connection]:
        """Count *stream* among the open ones for as long as it is served."""
        connection = Connection(stream)
        self._open.add(connection)
        current_connection.set(connection)
        try:
            yield connection
        finally:
            self._open.discard(connection)

    def stalled(self, now: float, patience: float) -> list[Connection]:
        """Return those whose client has not read for *patience* seconds at Trio time *now*."""
        return [each for each in self._open if each.writing_since is not None and now - each.writing_since >= patience]

    def cut_all(self) -> None:
        """Close every socket."""
        for each in list(self._open):
            each.cut()
