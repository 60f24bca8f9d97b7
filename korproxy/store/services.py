"""What happens to the store by itself, every few seconds and every hour."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

import attrs
import trio

from korproxy.models.clock import wall_time
from korproxy.store.connection import StoreDown, StoreNewer

if TYPE_CHECKING:
    from korproxy.store.aging import Tidied
    from korproxy.store.store import Store

FIRST = 10.0  # seconds after the start: until then there is other work, and a short run has nothing to tidy up
EVERY = 45 * 60.0  # seconds: nothing is kept for more than an hour too long
DAY = 86_400.0
BREATH = 0.02  # seconds between two steps, for whoever else wants to use the store
AGAIN = 60.0  # seconds until the next try where the store is down

T = TypeVar("T")

log = logging.getLogger("korproxy.store")


class Asked(Protocol):
    """What of the recorder is needed here."""

    async def flush(self) -> None: ...
    async def until_many(self) -> None: ...
    async def work(self, action: Callable[[Store], T]) -> T: ...


@attrs.frozen
class MetricsFlush:
    """The service that has the recorder write."""

    recorder: Asked
    every: float
    name: str = "metrics flush"

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Flush every few seconds, or sooner where there is much to write, for ever."""
        task_status.started()
        while True:
            with trio.move_on_after(self.every):
                await self.recorder.until_many()
            await self.recorder.flush()


@attrs.define
class Purge:
    """The service that adds up what is a day old, and deletes what is too old: soon after the start, and then all the time.

    Attributes:
        days, most: How long everything is kept, and how many rows of the history at most.
        exists: Whether there is a store; none is made to tidy it up.
        tidied: When it was done thoroughly for the last time, as it is once a day; seconds since the epoch.
    """

    recorder: Asked
    days: int
    most: int
    exists: Callable[[], bool] = lambda: True
    now: Callable[[], float] = wall_time
    first: float = FIRST
    name: str = "purge"
    tidied: float = 0.0

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Do it again and again, for ever."""
        task_status.started()
        await trio.sleep(self.first)
        while True:
            pause = EVERY
            if self.exists():
                try:
                    await self.purge()
                except (StoreDown, StoreNewer) as exc:
                    log.debug("nothing purged: %s", exc)
                    pause = AGAIN
            await trio.sleep(pause)

    async def purge(self) -> Tidied:
        """Do it once; return what was done."""
        from korproxy.store.aging import Tidied, plan

        now = self.now()
        wanted, done = plan(now, self.days, self.most), Tidied()
        while part := await self.recorder.work(lambda store: store.age(wanted)):
            done += part
            await trio.sleep(BREATH)
        if not 0 <= now - self.tidied < DAY:
            await self.recorder.work(lambda store: store.tidy(now))
            self.tidied = now
            log.info("purged: %d requests and %d counts were too old", done.requests, done.buckets)
        while await self.recorder.work(lambda store: store.give_back()):  # noqa: ASYNC110 -- it does a part each time
            await trio.sleep(BREATH)
        return done
