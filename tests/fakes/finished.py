"""Requests that have ended."""

from __future__ import annotations

from typing import Any

from korproxy.models.outcome import Finished

BEGAN = 2e9


def finished(number: int, **more: Any) -> Finished:
    """Return the request *number*; it went well unless *more* says otherwise."""
    given: dict[str, Any] = {
        "id": f"r-{number}",
        "correlation_id": f"c-{number}",
        "key_name": "client",
        "dialect": "openai-chat",
        "model": "m",
        "outcome": "ok",
        "at": BEGAN + number,
        "seconds": 0.5,
        **more,
    }
    return Finished(**given)
