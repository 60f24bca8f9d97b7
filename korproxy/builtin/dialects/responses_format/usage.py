"""Tokens, as this format counts them.

``input_tokens`` includes what came from the cache and what went into it; ``output_tokens`` includes reasoning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from korproxy.api import Usage, token_count


def read_usage(said: object) -> Usage | None:
    """Return the tokens in *said*, an object ``usage``; None where it does not say any."""
    if not isinstance(said, dict):
        return None
    inner, outer = _details(said, "input_tokens_details"), _details(said, "output_tokens_details")
    read, write = token_count(inner.get("cached_tokens")), token_count(inner.get("cache_write_tokens"))
    whole = token_count(said.get("input_tokens"))
    usage = Usage(
        tokens_in=None if whole is None else max(whole - (read or 0) - (write or 0), 0),
        cache_read=read,
        cache_write=write,
        tokens_out=token_count(said.get("output_tokens")),
        reasoning=token_count(outer.get("reasoning_tokens")),
    )
    return None if usage == Usage() else usage


def write_usage(usage: Usage) -> Mapping[str, Any]:
    """Return *usage* whole: what nobody knows is 0, because clients count on every member, Codex on the details too."""
    read, write, out = usage.cache_read or 0, usage.cache_write or 0, usage.tokens_out or 0
    whole = (usage.tokens_in or 0) + read + write
    return {
        "input_tokens": whole,
        "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": write},
        "output_tokens": out,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning or 0},
        "total_tokens": whole + out,
    }


def _details(said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = said.get(key)
    return found if isinstance(found, dict) else {}
