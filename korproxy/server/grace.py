"""The time running requests get to end by themselves once a stop was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import trio


@attrs.define
class Grace:
    """Work that is told when the grace is over, so that it can still say goodbye to its client.

    Attributes:
        over: The grace has passed; work that begins now is interrupted at once.
    """

    over: bool = False
    _scopes: set[trio.CancelScope] = attrs.field(factory=set)

    @contextmanager
    def interruptible(self) -> Iterator[trio.CancelScope]:
        """Run the block in a scope that is cancelled when the grace ends; ``cancelled_caught`` tells."""
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            if self.over:
                scope.cancel()
            try:
                yield scope
            finally:
                self._scopes.discard(scope)

    def end(self) -> None:
        """Interrupt everything that still runs."""
        self.over = True
        for scope in list(self._scopes):
            scope.cancel()
