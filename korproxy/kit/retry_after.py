"""When may we ask again? Times in every form in which providers write them. Total: any text gives a bounded wait, or none."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from korproxy.models.calls import Headers
from korproxy.models.clock import wall_time

LONGEST = 30 * 60.0  # seconds; a longer wish is cut, lest one odd header silences a provider for days
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
# Not ``(...)?+``: Python 3.11.2 takes half of what stands in it for all, and 1.s for a second.
_PART = r"[0-9]++(?:\.[0-9]++)? ?(?:ms|milliseconds?|d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)(?![a-z])"
# A pattern: 21.5s, 850ms, 1h2m3s, 3 seconds, 2 hours and 5 minutes. Bounded, as nobody knows how long the text is.
DURATION = rf"{_PART}(?:,? ?(?:and )?{_PART}){{0,5}}"
_WHOLE = re.compile(DURATION, re.IGNORECASE | re.ASCII)
_AMOUNT = re.compile(r"([0-9.]+) ?([a-z])([a-z]*)", re.IGNORECASE | re.ASCII)
_DATE = 100  # characters that a date may have; the parsers of longer ones take their time
_EPOCH = 1e9  # a time from 2001 on, in seconds since 1970; nobody says so long a wait in seconds
_EPOCH_MS = 1e12


def retry_after(headers: Headers, now: float | None = None) -> float | None:
    """Return the seconds a provider asks us to wait, between 0 and 30 minutes; None if it does not say.

    ``retry-after-ms`` goes first, as in the OpenAI SDK; ``retry-after`` is seconds or an HTTP date (RFC 9110, section 10.2.3),
    and a duration with units or an RFC 3339 time is understood, too.

    Args:
        headers: Of the answer.
        now: Wall clock for dates, in seconds since the epoch.
    """
    wanted = _number(headers.text(b"retry-after-ms"), 1000.0)
    if wanted is None:
        text = headers.text(b"retry-after")
        wanted = _number(text, 1.0) if text else None
        if wanted is None and text:
            wanted = _words(text, now)
    return None if wanted is None else bounded(wanted)


def seconds_until(reset: object, now: float | None = None, longest: float = LONGEST) -> float | None:
    """Return the seconds until *reset*, between 0 and *longest*: what fields say that name the time of a reset.

    Args:
        reset: Seconds, a duration with units, a time since the epoch in seconds or milliseconds, an RFC 3339 time or an HTTP
            date. Which one of the three a number is, its size says. Anything else is none.
        now: As above.
    """
    if isinstance(reset, bool) or not isinstance(reset, (int, float, str)):
        return None
    number = _number(reset, 1.0)
    if number is None:
        number = _words(reset.strip(), now) if isinstance(reset, str) else None
    elif number >= _EPOCH:
        number = (number / 1000.0 if number >= _EPOCH_MS else number) - (wall_time() if now is None else now)
    return None if number is None else bounded(number, longest)


def duration(text: str) -> float | None:
    """Return the seconds of a *text* like ``6m0s``; None if it is none."""
    if _WHOLE.fullmatch(text) is None:
        return None
    return sum(float(number) * _unit(first.lower(), rest.lower()) for number, first, rest in _AMOUNT.findall(text))


def bounded(seconds: float, longest: float = LONGEST) -> float:
    """Return *seconds* as a wait: not below 0, not above *longest*, and 0 in place of NaN."""
    return min(max(0.0, seconds), longest)


def _unit(first: str, rest: str) -> float:
    return 0.001 if first == "m" and rest.startswith(("s", "illi")) else _UNITS[first]


def _number(value: float | str, per_second: float) -> float | None:
    try:
        number = float(value) / per_second
    except ValueError:
        return None
    except OverflowError:  # an integer beyond a double's range
        return math.inf if int(value) > 0 else -math.inf
    return None if math.isnan(number) else number


def _words(text: str, now: float | None) -> float | None:
    seconds = duration(text)
    if seconds is not None:
        return seconds
    date = _rfc3339(text) or _http_date(text) if len(text) <= _DATE else None
    if date is None:
        return None
    try:
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - (wall_time() if now is None else now)
    except (ValueError, OverflowError):
        return None


def _rfc3339(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def _http_date(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime  # 8 ms that a start need not wait for

    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
