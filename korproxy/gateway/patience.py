"""For how long a request may wait for an account that rests, and what is said meanwhile. Pure."""

from __future__ import annotations

from math import ceil

import attrs

MAX_WAIT = 5.0  # seconds; ``[retry] max_wait``
LEAST = 0.01  # seconds of patience that are worth a wait


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


def announcement(seconds: float, why: str = "rate_limited") -> str:
    """Return what the log and the terminal say while a request waits so long; *why* is as in ``Rejected``."""
    what = "failing" if why == "erroring" else "rate limited"
    return f"Provider {what}. Retrying in {max(1, ceil(seconds))}s..."
