"""How long to wait before somebody who failed is asked again. Pure, and total: whatever goes in, a bounded wait comes out."""

from __future__ import annotations

from korproxy.kit.retry_after import LONGEST

BASE = 1.0  # seconds before the first repetition
MOST = 60.0  # seconds; doubling ends here
CAP = LONGEST  # seconds; nothing that a provider says makes anybody wait longer
_ENOUGH = 16  # doublings after which MOST is long reached, and no power is out of a double's range


def delay(attempt: int, jitter: float) -> float:
    """Return the seconds before repetition number *attempt*, which counts from 0: doubled each time, a minute at most.

    Args:
        jitter: Seconds, 0 to 1, by chance: lest all who were refused together come back together. Others are cut to that.
    """
    doubled = BASE * 2.0 ** min(max(attempt, 0), _ENOUGH)
    return min(doubled + min(max(0.0, jitter), 1.0), MOST)  # in this order, ``max`` takes 0 in place of NaN


def wait(attempt: int, jitter: float, retry_after: float | None = None) -> float:
    """Return the seconds to wait: what the provider asks for, but never less than ``delay``, and never more than ``CAP``."""
    return min(max(delay(attempt, jitter), retry_after or 0.0), CAP)
