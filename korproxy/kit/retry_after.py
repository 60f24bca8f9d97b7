"""When may we ask again? ``Retry-After`` in every form in which providers write it."""

from __future__ import annotations

import math
from datetime import UTC

from korproxy.models.calls import Headers
from korproxy.models.clock import wall_time

LONGEST = 30 * 60.0  # seconds; a longer wish is cut, lest one odd header silences a provider for days


def retry_after(headers: Headers, now: float | None = None) -> float | None:
    """Return the seconds a provider asks us to wait, between 0 and 30 minutes; None if it does not say.

    ``retry-after-ms`` goes first, as in the OpenAI SDK; ``retry-after`` is seconds or an HTTP date (RFC 9110, section 10.2.3).

    Args:
        headers: Of the answer.
        now: Wall clock for the date form, in seconds since the epoch.
    """
    wanted = _number(headers.text(b"retry-after-ms"), 1000.0)
    if wanted is None:
        text = headers.text(b"retry-after")
        wanted = _number(text, 1.0)
        if wanted is None:
            wanted = _until(text, wall_time() if now is None else now)
    return None if wanted is None else min(max(wanted, 0.0), LONGEST)


def _number(text: str, per_second: float) -> float | None:
    try:
        number = float(text) / per_second
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _until(text: str, now: float) -> float | None:
    from email.utils import parsedate_to_datetime  # 8 ms that a start need not wait for

    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
