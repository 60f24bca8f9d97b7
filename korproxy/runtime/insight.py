"""What the management API asks of the past: answers of the store, of the log files and of the debug bundle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import trio

from korproxy.gateway.clean import clean
from korproxy.gateway.redact import Redactor
from korproxy.models.clock import wall_time
from korproxy.models.history import OFF as UNWRITTEN
from korproxy.models.history import answer as history
from korproxy.models.history import turned_away
from korproxy.models.measures import SeriesKey, Totals, beginning
from korproxy.models.searching import WantedLines, WantedRequests
from korproxy.models.summary import OFF as UNCOUNTED
from korproxy.models.summary import answer
from korproxy.runtime.health import Health
from korproxy.runtime.instruments import Instruments
from korproxy.runtime.log_book import LogBook
from korproxy.runtime.log_levels import levels_now, set_levels
from korproxy.store.connection import StoreDown, StoreNewer
from korproxy.store.recorder import Recorder

if TYPE_CHECKING:  # see there
    from korproxy.store.store import Store

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class RunningInsight:
    """Answers in JSON's own types; see ``server.manage.desk.InsightDesk``. Holds no state of its own.

    Attributes:
        days: For how many anything is kept.
    """

    recorder: Recorder
    redactor: Redactor
    instruments: Instruments
    health: Health
    log: LogBook = attrs.field(factory=LogBook)
    days: int = 7
    _threads: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(1), init=False, repr=False)

    async def metrics(self, since: float) -> dict[str, Any]:
        """Return the summary of the last *since* seconds, what was dropped, and notes for who reads it."""
        now = wall_time()
        begin = beginning(now - since, now, self.days)

        counted, why = await self.recorder.ask(lambda store: (store.counted(begin, now), store.unwritten))
        at = self.instruments.read()  # here and not in the thread: what they read belongs to this one
        told = partial(
            answer,
            counted,
            self.redactor.redact,
            since=begin,
            until=now,
            dropped=at.events_dropped,
            turned_away=at.turned_away,
            notes=[*self._notes(UNCOUNTED, self.recorder.metrics, why)],
        )
        return await self._aside(told)

    def _notes(self, off: str, on: bool, why: StoreDown | StoreNewer | None) -> Iterator[str]:
        """Yield what is missing in an answer, and *why* what waits is not written yet."""
        if not on:
            yield off
        if why is not None and (waiting := self.recorder.waiting):
            missing = f"{'1 request is' if waiting == 1 else f'{waiting} requests are'} not written down yet and missing here"
            yield f"[{why.code}] {missing}: {self.redactor.redact(why.detail)}"

    async def prometheus(self) -> bytes:
        """Return all counts as Prometheus text."""
        from korproxy.runtime.prometheus import prometheus  # nobody needs it before somebody asks

        counted: list[tuple[SeriesKey, Totals]] = []
        with suppress(StoreDown, StoreNewer):  # it says so itself
            counted = await self.recorder.ask(lambda store: store.totals())
        now, providers = self.instruments.read(), self.health.providers()
        told = partial(prometheus, counted, now, self.redactor.redact, providers)
        return await self._aside(told)

    async def requests(self, wanted: WantedRequests) -> dict[str, Any]:
        """Return the rows of the history that are *wanted*, and notes for who reads them."""
        away = turned_away(self.instruments.read().turned_away)

        def told(store: Store) -> dict[str, Any]:
            notes = chain(self._notes(UNWRITTEN, self.recorder.history, store.unwritten), away)
            return self._clean(history(store.requests(wanted), notes))

        return await self.recorder.ask(told)

    async def logs(self, wanted: WantedLines) -> dict[str, Any]:
        """Return the lines of the log that are *wanted*."""

        def told() -> dict[str, Any]:
            return self._clean({**self.log.find(wanted).to_dict(), "lost": self.log.lost()})

        return await self._aside(told)

    def levels(self) -> dict[str, Any]:
        """Return the levels that hold for log lines."""
        return self._clean(levels_now())

    def set_levels(self, posted: Mapping[str, Any]) -> dict[str, Any]:
        """Have other levels hold."""
        return self._clean(set_levels(posted))

    async def store(self) -> dict[str, Any]:
        """Return what the store says of itself: how large it is, and since when it has what is in it."""
        return self._clean(await self.recorder.ask(lambda store: store.facts()))

    async def bundle(self, repro: str) -> dict[str, Any]:
        """Return the debug bundle, with the shape of the request *repro* if that is an id."""
        running_bundle = await trio.to_thread.run_sync(_running_bundle)
        return await running_bundle(self.health, self, self.redactor, repro=repro, threads=self._threads)

    async def _aside(self, work: Callable[[], T]) -> T:
        """Do *work* in a thread, one after the other: however many ask, requests share their time with one of them only."""
        return await trio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)

    def _clean(self, found: object) -> dict[str, Any]:
        cleaned: dict[str, Any] = clean(found, self.redactor)
        return cleaned


def _running_bundle() -> Callable[..., Awaitable[dict[str, Any]]]:
    """Import what nobody needs before somebody asks. In a thread: it takes 30 ms."""
    from korproxy.runtime.running_bundle import running_bundle

    return running_bundle
