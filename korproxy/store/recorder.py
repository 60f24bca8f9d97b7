"""Between the bus and the store: nothing here ever makes a request wait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import attrs
import trio

from korproxy.contracts import Events
from korproxy.models.outcome import Finished

if TYPE_CHECKING:  # it brings peewee, which nobody needs before the first request
    from korproxy.store.store import Store

T = TypeVar("T")


@attrs.define
class Recorder:
    """Takes events, and has them written a few seconds later, many at once; the sink ``store``.

    Attributes:
        dropped: Events that were not written and never will be.
    """

    path: Path
    history: bool = True
    metrics: bool = True
    name: str = "store"
    dropped: int = 0
    _waiting: list[Finished] = attrs.field(factory=list)
    _store: Store | None = None
    _turn: trio.Lock = attrs.field(factory=trio.Lock)

    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:
        """Take events until there are no more."""
        task_status.started()
        async for event in events:
            self._waiting.append(event)
        await self.flush()

    async def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            await self.ask(lambda store: None)

    async def ask(self, question: Callable[[Store], T]) -> T:
        """Write what waits, then return what *question* returns; it is called in a thread."""
        async with self._turn:
            events, self._waiting = self._waiting, []
            return await trio.to_thread.run_sync(self._ask, events, question)

    def _ask(self, events: list[Finished], question: Callable[[Store], T]) -> T:
        from korproxy.store.store import Store

        if self._store is None:
            self._store = Store.open(self.path)
        if events:
            self._store.write(events, history=self.history, metrics=self.metrics)
        return question(self._store)


@attrs.frozen
class MetricsFlush:
    """The service that has the recorder write."""

    recorder: Recorder
    every: float
    name: str = "metrics flush"

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Flush every few seconds, for ever."""
        task_status.started()
        while True:
            await trio.sleep(self.every)
            await self.recorder.flush()
