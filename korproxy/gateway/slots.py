"""Who may talk to a provider now, and who has to wait. Bounded on both sides."""

from __future__ import annotations

import attrs
import trio

from korproxy.errors.exceptions import Busy
from korproxy.models.providers import Limits


@attrs.define
class Slots:
    """The places at one provider: so many requests run, so many wait, all others are told to come back.

    This is what bounds the connections to a provider: their pool itself has no bound; see docs/explain/traps.md, B3.
    """

    provider: str
    limits: Limits
    _holders: set[object] = attrs.field(factory=set, init=False, repr=False)
    _queue: dict[object, trio.Event] = attrs.field(factory=dict, init=False, repr=False)  # the first one is the next

    @property
    def running(self) -> int:
        """How many requests hold a place."""
        return len(self._holders)

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._queue)

    @property
    def has_room(self) -> bool:
        """Whether ``take`` would find a place."""
        return not self._queue and len(self._holders) < self.limits.max_concurrency

    def load(self, account: str) -> tuple[int, int]:
        """Return how many of those who hold a place, and of those who wait, are for *account*, as ``who.account`` says."""
        running, waiting = (
            sum(getattr(each, "account", "") == account for each in all_) for all_ in (self._holders, self._queue)
        )
        return running, waiting

    def take(self, who: object) -> bool:
        """Take a place on behalf of *who* if there is one and nobody waits for it; give it back with ``leave``."""
        if self._queue or len(self._holders) >= self.limits.max_concurrency:
            return False
        self._holders.add(who)
        return True

    async def enter(self, who: object, patience: float) -> None:
        """Take a place on behalf of *who*, waiting for one at most *patience* seconds; give it back with ``leave``.

        Raises:
            Busy: KP-RATE-402 if too many wait already, KP-RATE-404 if no place became free in time.
        """
        if not self.take(who):
            await self._wait(who, patience)

    async def _wait(self, who: object, patience: float) -> None:
        if self.waiting >= self.limits.max_queue:
            raise Busy(
                "KP-RATE-402",
                f"{self.provider} has {self.running} requests running and {self.waiting} waiting: no room for more"
                f" (max_concurrency = {self.limits.max_concurrency}, max_queue = {self.limits.max_queue}).",
            )
        self._queue[who] = turn = trio.Event()
        try:
            with trio.fail_after(patience):
                await turn.wait()
        except trio.TooSlowError:
            if turn.is_set():  # in the same moment
                return
            raise Busy(
                "KP-RATE-404",
                f"No place at {self.provider} became free within {patience:g} s"
                f" ({self.running} requests running, {self.waiting - 1} others waiting).",
                retry_after=5.0,
            ) from None
        except BaseException:
            if turn.is_set():
                self.leave(who)
            raise
        finally:
            self._queue.pop(who, None)

    def leave(self, who: object) -> None:
        """Give the place of *who* back: whoever waits for the longest time has it from now on."""
        if who not in self._holders:
            raise RuntimeError("a place that was never taken cannot be given back")
        self._holders.remove(who)
        if self._queue:
            self._admit()

    def limit(self, limits: Limits) -> None:
        """Let *limits* hold from now on. Who has a place keeps it, and who waits goes on waiting, also where it is too many."""
        self.limits = limits
        self._admit()

    def _admit(self) -> None:
        while self._queue and len(self._holders) < self.limits.max_concurrency:
            following = next(iter(self._queue))
            self._holders.add(following)
            self._queue.pop(following).set()
