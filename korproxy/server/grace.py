"""The time running requests get to end by themselves once a stop was asked for."""

from __future__ import annotations

from types import TracebackType

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

    def interruptible(self) -> Interruptible:
        """Run the block in a scope that is cancelled when the grace ends; ``cancelled_caught`` tells."""
        return Interruptible(self)

    def enter(self, scope: trio.CancelScope) -> None:
        """Take note of work that runs in *scope*."""
        self._scopes.add(scope)
        if self.over:
            scope.cancel()

    def leave(self, scope: trio.CancelScope) -> None:
        """Take note that the work in *scope* is over."""
        self._scopes.discard(scope)

    def end(self) -> None:
        """Interrupt everything that still runs."""
        self.over = True
        for scope in list(self._scopes):
            scope.cancel()


@attrs.define(eq=False)
class Interruptible:
    """A block that the end of the grace interrupts. A class, since a generator costs every request a microsecond more."""

    _grace: Grace
    _scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)

    def __enter__(self) -> trio.CancelScope:
        scope = self._scope.__enter__()
        self._grace.enter(scope)
        return scope

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> bool:
        self._grace.leave(self._scope)
        return self._scope.__exit__(kind, exc, trace)
