"""What answers say of what is left of a rate limit: an account that has nothing left is not asked in vain.

Facts: OpenAI's and Anthropic's pages on rate limits; Groq, xAI, Mistral and others write the fields as OpenAI does. Their
limits are buckets that fill all the time, and a reset is when the bucket is full again: long before that there is room for one
request. So where the limit is told, too, the wait is for a share of it. Who comes a little early is told so by a 429.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf

import attrs

from korproxy.kit.retry_after import bounded, seconds_until
from korproxy.models.calls import Headers

_SHARE = 0.1  # of the tokens of a limit: with so many a usual request can be served
_STATUS, _RESET = b"anthropic-ratelimit-unified-status", b"anthropic-ratelimit-unified-reset"


@attrs.frozen
class _Bucket:
    """The fields of one limit: what is left of it, when it is full again, how much it is; what is needed to go on."""

    left: bytes
    reset: bytes
    limit: bytes
    tokens: bool


def _openai(what: bytes) -> _Bucket:
    return _Bucket(
        b"x-ratelimit-remaining-" + what, b"x-ratelimit-reset-" + what, b"x-ratelimit-limit-" + what, what == b"tokens"
    )


def _anthropic(what: bytes) -> _Bucket:
    name = b"anthropic-ratelimit-" + what
    return _Bucket(name + b"-remaining", name + b"-reset", name + b"-limit", what.endswith(b"tokens"))


_BUCKETS = (
    *(_openai(what) for what in (b"requests", b"tokens")),
    *(_anthropic(what) for what in (b"requests", b"tokens", b"input-tokens", b"output-tokens")),
)


def spent_until(headers: Headers, now: float, wall: float | None = None) -> float | None:
    """Return when an account can be asked again that says in *headers* that nothing is left; None where it does not say so.

    Args:
        headers: Of any answer, good or not.
        now: By whatever clock the result is wanted; it is at most 30 minutes later.
        wall: Wall clock, for resets that are dates; None: that of the machine.
    """
    first = headers.first
    if b"0" not in first.values() and first.get(_STATUS) != b"rejected":  # on the way of every answer
        return None
    waits = [*_waits(headers.first, wall)]
    return now + bounded(max(waits)) if waits else None


def plan_reset(headers: Headers, wall: float | None = None) -> float | None:
    """Return the seconds until a ChatGPT plan that has just refused a request is usable again, by the windows that are full.

    Not for good answers: at 100 % (rounded) there may be something left, and credits may stand in.
    """
    full = [
        wait
        for window in (b"x-codex-primary", b"x-codex-secondary")
        if (_number(headers.first.get(window + b"-used-percent")) or 0.0) >= 100
        and (wait := seconds_until(headers.text(window + b"-reset-at"), wall)) is not None
    ]
    return max(full, default=None)


def _waits(fields: Mapping[bytes, bytes], wall: float | None) -> Iterator[float]:
    for bucket in _BUCKETS:
        if fields.get(bucket.left) != b"0":
            continue
        wait = seconds_until(_text(fields, bucket.reset), wall, inf)
        limit = _number(fields.get(bucket.limit))
        if not wait or (limit is not None and limit <= 0):  # Azure's -1 and 0 of 0: there is no such limit
            continue
        yield wait if limit is None else wait * (_SHARE if bucket.tokens else min(1.0, 1.0 / limit))
    if fields.get(_STATUS) == b"rejected" and (wait := seconds_until(_text(fields, _RESET), wall)):
        yield wait


def _text(fields: Mapping[bytes, bytes], name: bytes) -> str:
    return fields.get(name, b"").decode("latin-1")


def _number(value: bytes | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
