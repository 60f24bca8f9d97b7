"""How providers say that they want to be left alone, and for how long that is. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from email.utils import formatdate
from typing import TypeAlias

import attrs

from korproxy.models.calls import RawHeaders

Body: TypeAlias = dict[str, object]
JSON = (b"content-type", b"application/json")
WHOLE_SECONDS = 1.0  # by which a date that has no fractions may be too early


@attrs.frozen(kw_only=True)
class Wish:
    """A 429.

    Attributes:
        seconds: What it asks for; None: it does not say. Longer than KorProxy waits for anybody is possible.
    """

    headers: RawHeaders
    body: bytes
    seconds: float | None = None


Form: TypeAlias = "Callable[[float, float], tuple[RawHeaders, Body]]"  # seconds to wait, wall clock


def _nothing(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    return [], {}


def _rubbish(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    return [(b"retry-after", b"soon")], {}


def _seconds(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    return [(b"retry-after", b"%d" % wait)], {}


def _milliseconds(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    return [(b"retry-after-ms", b"%d" % (wait * 1000))], {}


def _date(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    return [(b"retry-after", formatdate(wall + wait, usegmt=True).encode())], {}


def _google(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{wait:.3f}s"}
    return [], {"status": "RESOURCE_EXHAUSTED", "details": [info]}


def _words(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    return [], {"message": f"Rate limit reached. Please try again in {wait:.3f}s."}


def _limits(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    return [(b"x-ratelimit-remaining-requests", b"0"), (b"x-ratelimit-reset-requests", b"%.3fs" % wait)], {}


def _plan(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    return [], {"type": "usage_limit_reached", "resets_in_seconds": wait}


def _unified(wait: float, wall: float) -> tuple[RawHeaders, Body]:
    name = b"anthropic-ratelimit-unified-"
    return [(name + b"status", b"rejected"), (name + b"reset", b"%d" % (wall + wait))], {}


SILENT: Sequence[Form] = (_nothing, _rubbish)
TELLING: Sequence[Form] = (_seconds, _milliseconds, _date, _google, _words, _limits, _plan, _unified)
FORMS = (*SILENT, *TELLING)


def wish(number: int, wait: float, wall: float) -> Wish:
    """Return the 429 of form *number*, which may be any, that asks for *wait* seconds where its form can say so.

    Args:
        wall: Seconds since the epoch.
    """
    form = FORMS[number % len(FORMS)]
    headers, more = form(wait, wall)
    body = {"error": {"message": "Slow down.", "type": "rate_limit_error", **more}}
    return Wish(headers=[JSON, *headers], body=json.dumps(body).encode(), seconds=None if form in SILENT else wait)
