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


@attrs.define(eq=False)
class Connection:
    """One client's connection.

    Attributes:
        writing_since: Trio time at which the write began that is still going on; None between writes.
    """

    stream: trio.SocketStream = attrs.field(repr=False)
    writing_since: float | None = None

    def cut(self) -> None:
        """Close the socket now; whoever reads or writes on it is told so at once."""
        self.stream.socket.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Mark the time in which a write goes on."""
        self.writing_since = trio.current_time()
        try:
            yield
        finally:
            self.writing_since = None


# The connection that the running task serves. Tasks started for a request inherit it.
current_connection: ContextVar[Connection | None] = ContextVar("korproxy_connection", default=None)


@attrs.define
class Connections:
    """All open connections of clients."""

    _open: set[Connection] = attrs.field(factory=set)

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def keep(self, stream: trio.SocketStream) -> Iterator[Connection]:
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
