"""Who may talk to a provider now, and who has to wait. Bounded on both sides."""

from __future__ import annotations

import attrs
import trio

from korproxy.errors.exceptions import Busy
from korproxy.models.providers import Limits


@attrs.define
class Slots:
    """The places at one provider: so many requests run, so many wait, all others are told to come back.

    This is what bounds the connections to a provider. httpx could do it too (``max_connections``), but its pool loses
    connections when requests are cancelled while they connect; see docs/explain/traps.md, B3.
    """

    provider: str
    limits: Limits
    waiting: int = 0
    _places: trio.CapacityLimiter = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._places = trio.CapacityLimiter(self.limits.max_concurrency)

    @property
    def running(self) -> int:
        """How many requests hold a place."""
        return int(self._places.borrowed_tokens)

    async def enter(self, who: object, patience: float) -> None:
        """Take a place on behalf of *who*, waiting for one at most *patience* seconds; give it back with ``leave``.

        Raises:
            Busy: KP-RATE-402 if too many wait already, KP-RATE-404 if no place became free in time.
        """
        try:
            self._places.acquire_on_behalf_of_nowait(who)
        except trio.WouldBlock:
            await self._wait(who, patience)

    async def _wait(self, who: object, patience: float) -> None:
        if self.waiting >= self.limits.max_queue:
            raise Busy(
                "KP-RATE-402",
                f"{self.provider} has {self.running} requests running and {self.waiting} waiting: no room for more"
                f" (max_concurrency = {self.limits.max_concurrency}, max_queue = {self.limits.max_queue}).",
            )
        self.waiting += 1
        try:
            with trio.fail_after(patience):
                await self._places.acquire_on_behalf_of(who)
        except trio.TooSlowError:
            raise Busy(
                "KP-RATE-404",
                f"No place at {self.provider} became free within {patience:g} s"
                f" ({self.running} requests running, {self.waiting - 1} others waiting).",
                retry_after=5.0,
            ) from None
        finally:
            self.waiting -= 1

    def leave(self, who: object) -> None:
        """Give the place of *who* back."""
        self._places.release_on_behalf_of(who)
