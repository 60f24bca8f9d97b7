"""For how long a request may wait for an account that rests, and what is said meanwhile. Pure."""

from __future__ import annotations

from math import ceil

import attrs

MAX_WAIT = 5.0  # seconds; ``[retry] max_wait``
LEAST = 0.01  # seconds of patience that are worth a wait
SELDOM = 1.0  # seconds, at least, between two announcements of waits for one account
MOST = 1000  # accounts of which it is remembered what was announced: reloads may bring ever new names


@attrs.define
class Patience:
    """What one request may wait in all: in place of its client, who would only come back by itself.

    Attributes:
        left: Seconds of it that are left.
    """

    left: float = MAX_WAIT

    def until(self, returns_at: float | None, now: float, deadline: float) -> float | None:
        """Return the time to which it is worth waiting for somebody who *returns_at*; None where it is not.

        Args:
            returns_at: Trio time; None: nobody returns by itself.
            deadline: Trio time at which the request has to be over.
        """
        if returns_at is None or self.left < LEAST:
            return None
        wanted = max(returns_at, now)
        return wanted if wanted <= now + self.left and wanted < deadline else None

    def waited(self, seconds: float) -> None:
        """Take note that so much of it is used up; also a moment that the clock does not show is one."""
        self.left = max(0.0, self.left - max(seconds, LEAST))


@attrs.define
class Announced:
    """What was said of waits: in an outage all requests wait for the same, and one line is enough for them."""

    _until: dict[tuple[str, str], float] = attrs.field(factory=dict, init=False)

    def is_news(self, provider: str, account: str, until: float, now: float) -> bool:
        """Say whether a wait for *account* that ends at *until* has to be told, and take note that it is."""
        key = provider, account
        if now < self._until.get(key, now):
            return False
        self._until.pop(key, None)
        self._until[key] = max(until, now + SELDOM)
        if len(self._until) > MOST:
            del self._until[next(iter(self._until))]
        return True


def announcement(seconds: float, why: str = "rate_limited") -> str:
    """Return what the log and the terminal say while a request waits so long; *why* is as in ``Rejected``."""
    what = "failing" if why == "erroring" else "rate limited"
    return f"Provider {what}. Retrying in {max(1, ceil(seconds))}s..."
