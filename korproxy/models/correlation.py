"""Correlation ids: one name for a request from the client through the log to the provider.

The id comes from outside, so it is untrusted text: it is taken only if it cannot do harm in a header, a log line or a query.
"""

from __future__ import annotations

import os
import re
from contextvars import ContextVar

from korproxy.models.calls import Headers

_VALID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

# The id of the request that the running task works for; log lines carry it.
current_correlation: ContextVar[str] = ContextVar("korproxy_correlation", default="-")


_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}  # its two upper bits are 1 and 0


def new_id() -> str:
    """Return a new UUID v4 (RFC 9562, 5.4): by hand, since every request takes two, and ``uuid`` costs three times as much."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"


def correlation_id(headers: Headers) -> str:
    """Return the client's ``X-Correlation-ID``, else its ``X-Request-ID``, else a new id. An invalid one counts as absent."""
    for name in (b"x-correlation-id", b"x-request-id"):
        text = headers.text(name)
        if text and _VALID.fullmatch(text):
            return text
    return new_id()
