"""Between the bus and the store: nothing here ever makes a request wait."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import attrs
import trio

from korproxy.contracts import Events
from korproxy.models.clock import wall_time
from korproxy.models.outcome import Finished
from korproxy.store.connection import UNUSABLE, Damaged, StoreBusy, StoreDown, StoreNewer, StoreRefused
from korproxy.store.place import Place, place_of

if TYPE_CHECKING:  # it brings the database's driver, which nobody needs before the first request
    from korproxy.store.store import Store

MOST_WAITING = 20_000  # events that are kept while the store cannot be written to: some 20 MB
MANY = 5_000  # events with which nobody waits for the next flush
GATHER = 0.03  # seconds an event waits for others before it is taken: less than it takes to fill its queue
BATCH = 2_000  # events of one transaction
PAUSES = (2.0, 4.0, 8.0, 15.0, 30.0)  # seconds between tries to write, while they fail
PATIENCE = 30.0  # seconds a database may take to answer
TURN = 1.0  # seconds that whoever asks waits for others to be done; then it is asked by another connection
SOON = 3.0  # seconds in which an answer is begun: a command that asks a daemon waits 5
REST = 5.0  # seconds after a write that failed in which nobody who asks waits for the next try
LAST_TRIES = 3  # at the end, where somebody else has the database
THREADS = 4  # one works; the others are for whoever asks while that one hangs at a database that says nothing
REFUSED = "store refused"
LOST, SET_ASIDE = "KP-SYS-530", "KP-SYS-531"

T = TypeVar("T")
Why: TypeAlias = StoreDown | StoreNewer  # the store cannot be used

log = logging.getLogger("korproxy.store")


def _as_it_is(text: str) -> str:
    return text


def _never(text: str) -> bool:  # noqa: ARG001
    return False


@attrs.define(eq=False)
class Recorder:
    """Takes events, and has them written a few seconds later, many at once; the sink ``store``.

    Attributes:
        redact, harmless: As in ``Redactor``: what hides secrets in names that callers chose, and what says that there are none.
        lost: Events that were not written and never will be, by why.
        down: Why the store cannot be written to; None: it can.
    """

    place: Place = attrs.field(converter=place_of)
    history: bool = True
    metrics: bool = True
    redact: Callable[[str], str] = _as_it_is
    harmless: Callable[[str], bool] = _never
    now: Callable[[], float] = wall_time
    name: str = "store"
    lost: Counter[str] = attrs.field(factory=Counter)
    down: Why | None = None
    _events: Events | None = attrs.field(default=None, init=False, repr=False)
    _waiting: deque[Finished] = attrs.field(factory=deque, init=False, repr=False)
    _batch: _Batch | None = attrs.field(default=None, init=False, repr=False)
    _store: Store | None = attrs.field(default=None, init=False)
    _alone: threading.Lock = attrs.field(factory=threading.Lock, init=False)  # who has the store, and the batch
    _looking: threading.Lock = attrs.field(factory=threading.Lock, init=False)  # who looks aside: one thread takes enough time
    _threads: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(THREADS), init=False)
    _many: trio.Event = attrs.field(factory=trio.Event, init=False)
    _failures: int = attrs.field(default=0, init=False)
    _next_try: float = attrs.field(default=0.0, init=False)
    _failed: float = attrs.field(default=0.0, init=False)  # when, of the last write that did; on the monotonic clock

    @property
    def dropped(self) -> int:
        """How many events were not written and never will be."""
        return self.lost.total()

    @property
    def waiting(self) -> int:
        """How many events are not written yet."""
        batch = self._batch  # a thread may be done with it at any moment
        return len(self._waiting) + (len(batch.events) if batch else 0)

    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:
        """Take events until there are no more, write the last ones, and close the store."""
        task_status.started()
        self._events = events
        with suppress(trio.EndOfChannel):
            while True:
                self.take(*await events.receive_many(MOST_WAITING))
                await trio.sleep(GATHER)  # to be woken for each event costs a request more than all that is done here
        await self._end()

    def take(self, *events: Finished) -> None:
        """Have *events* written some time soon."""
        if not (self.history or self.metrics):
            return
        if self._is_hopeless():
            self._lose(len(events), REFUSED)
            return
        room = MOST_WAITING - len(self._waiting)
        if room < len(events):
            self._lose(len(events) - room, "store down")
            events = events[:room]
        self._waiting.extend(events)
        if len(self._waiting) >= MANY:
            self._many.set()

    async def until_many(self) -> None:
        """Return once so much waits that it is to be written at once. While that fails anyway, never."""
        if self.down is not None:
            await trio.sleep_forever()
        await self._many.wait()

    async def flush(self) -> None:
        """Write what waits. Where that fails it is kept, and tried again later, at longer and longer intervals."""
        self._gather()
        self._many = trio.Event()
        if not (self.waiting or self.down) or trio.current_time() < self._next_try:
            return
        with trio.move_on_after(PATIENCE) as scope:
            await self._in_thread(self._flush)
        if scope.cancelled_caught:
            self._fail(_silent(PATIENCE))
        if self._is_hopeless():  # then it is not kept either
            self._lose(len(self._waiting), REFUSED)
            self._waiting.clear()
        if self.down is None:
            self._failures, self._next_try = 0, 0.0
        else:
            self._next_try = trio.current_time() + PAUSES[min(self._failures, len(PAUSES) - 1)]
            self._failures += 1

    async def ask(self, question: Callable[[Store], T]) -> T:
        """Write what waits, then return what *question* returns, which only reads; it is called in a thread.

        Where nothing can be written now, but something read, it is asked all the same; ``Store.unwritten`` says why. Whoever is
        cancelled does not wait for the thread; it works on alone.

        Raises:
            StoreDown, StoreNewer: The store cannot be used.
        """
        self._gather()
        with trio.move_on_after(SOON) as scope:

            def begins() -> None:
                scope.deadline = trio.current_time() + PATIENCE

            begun, soon = scope.deadline, trio.lowlevel.current_trio_token().run_sync_soon
            return await self._in_thread(partial(self._ask, question, partial(soon, begins)))
        if self.down is not None:
            raise type(self.down)(self.down.code, self.down.detail)
        raise _silent(SOON if scope.deadline == begun else PATIENCE)

    async def work(self, action: Callable[[Store], T]) -> T:
        """Return what *action* returns, which may write; otherwise as ``ask``, but with more patience. What waits, waits on.

        Raises:
            StoreDown, StoreNewer: The store cannot be used.
        """
        with trio.move_on_after(PATIENCE):
            return await self._in_thread(partial(self._work, action))
        raise _silent(PATIENCE)

    async def _in_thread(self, action: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(action, abandon_on_cancel=True, limiter=self._threads)

    def _gather(self) -> None:
        """Take what has come in the last moment: who asks after a request is to find it."""
        with suppress(trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
            while self._events is not None:
                self.take(self._events.receive_nowait())

    async def _end(self) -> None:
        try:
            await self._in_thread(self._close)
        finally:
            if self.waiting:
                log.warning(
                    "%s: KorProxy stops, and %d requests are in neither the history nor the metrics", LOST, self.waiting
                )

    # From here on in a thread, and alone.

    def _close(self) -> None:
        with self._alone:
            try:
                for _ in range(LAST_TRIES):
                    if not self.waiting or not isinstance(self._written(), StoreBusy):
                        break
            finally:
                self._let_go()

    def _flush(self) -> None:
        with self._alone:
            self._written()

    def _work(self, action: Callable[[Store], T]) -> T:
        with self._alone:
            return self._twice(lambda: action(self._opened()))

    def _ask(self, question: Callable[[Store], T], begins: Callable[[], object]) -> T:
        if not self._alone.acquire(timeout=TURN):
            return self._look(question, begins, self.down or StoreBusy(UNUSABLE, "The store is busy."))
        try:
            rests = self.down is not None and time.monotonic() - self._failed < REST
            why = self.down if rests else self._written()
            if why is None or self._store is not None:
                return self._twice(lambda: _answer(question, begins, self._opened(), why))
        finally:
            self._alone.release()
        return self._look(question, begins, why)

    def _look(self, question: Callable[[Store], T], begins: Callable[[], object], why: Why) -> T:
        """Ask by a connection of its own, that only reads."""
        try:
            with self._looking, closing(self.place.look()) as store:
                return _answer(question, begins, store, why)
        except Damaged as exc:
            raise StoreDown(UNUSABLE, f"The database is damaged: {exc}.") from None

    def _written(self) -> Why | None:
        """Write what waits; return why that cannot be done."""
        try:
            self._twice(self._write)
        except (StoreDown, StoreNewer) as exc:
            self._fail(exc)
            return exc
        self._recover()
        return None

    def _twice(self, action: Callable[[], T]) -> T:
        """Do it; once more where the connection was an old one, or what was damaged is out of the way by then."""
        fresh = self._store is None
        try:
            return action()
        except Damaged as exc:
            self._put_aside(exc)
        except StoreBusy:  # the connection is none of the problem, and who asks has waited already
            raise
        except StoreDown:
            self._let_go()
            if fresh:
                raise
        try:
            return action()
        except Damaged as exc:
            raise StoreDown(UNUSABLE, f"The database is damaged: {exc}.") from None

    def _opened(self) -> Store:
        if self._store is not None and not self._store.connection.is_in_place():
            log.warning(
                "the database was deleted, or another one was put in its place: KorProxy goes on with what is there now"
            )
            self._let_go()
        if self._store is None:
            self._store = self.place.open()
        return self._store

    def _write(self) -> None:
        """Write all that waits by now. A batch stays the same until it is written, so that it is known again."""
        store = self._opened()
        left = len(self._waiting)  # what comes meanwhile is few, and costs less with the next ones
        while self._batch or left:
            if self._batch is None:
                count = min(left, BATCH)
                left -= count
                self._batch = _Batch([self._waiting.popleft() for _ in range(count)])
            batch = self._batch
            if not batch.tried:
                batch.events = list(self._cleaned(batch.events))
            again, batch.tried = batch.tried, True
            store.write(batch.events, history=self.history, metrics=self.metrics, mark=batch.mark, again=again)
            self._batch = None
            if store.unwritable:
                self._lose(store.unwritable, "not writable")
                store.unwritable = 0

    def _cleaned(self, events: list[Finished]) -> list[Finished]:
        from korproxy.store.rows import cleaned, tamed

        try:
            return list(cleaned(events, self.harmless, self.redact))
        except (TypeError, ValueError, AttributeError):  # a plugin made one of them of something else than texts
            return list(cleaned([tamed(each) for each in events], self.harmless, self.redact))

    def _fail(self, exc: Why) -> None:
        news = self.down is None or self.down.code != exc.code
        self.down, self._failed = exc.with_traceback(None), time.monotonic()
        if news:
            kept = "is not kept" if self._is_hopeless() else "is kept in memory for now"
            log.warning("%s: the store cannot be written to: %s What happens %s", exc.code, exc.detail, kept)

    def _is_hopeless(self) -> bool:
        """Whether nothing will ever be written by itself."""
        return isinstance(self.down, StoreNewer | StoreRefused)

    def _recover(self) -> None:
        if self.down is not None:
            log.info("the store is written to again")
            self.down = None

    def _put_aside(self, why: Damaged) -> None:
        self._let_go()
        aside = self.place.set_aside(self.now())
        if aside is None:
            raise StoreDown(UNUSABLE, f"The database is damaged: {why}.") from None
        log.warning("%s: the database was damaged (%s): it is %s now, and KorProxy begins a new one", SET_ASIDE, why, aside)

    def _let_go(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _lose(self, count: int, why: str) -> None:
        if not self.lost[why]:
            log.warning("%s: requests get lost that should be in the history and the metrics: %s", LOST, why)
        self.lost[why] += count


@attrs.define
class _Batch:
    """Events that are written together. ``mark`` tells them from all others."""

    events: list[Finished]
    mark: str = attrs.field(factory=lambda: os.urandom(8).hex())
    tried: bool = False


def _answer(question: Callable[[Store], T], begins: Callable[[], object], store: Store, why: Why | None) -> T:
    begins()
    store.unwritten = why
    return question(store)


def _silent(seconds: float) -> StoreDown:
    return StoreDown(UNUSABLE, f"The database has not answered for {seconds:g} seconds.")
