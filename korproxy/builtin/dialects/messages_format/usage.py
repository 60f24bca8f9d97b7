"""Tokens, as this format counts them.

``input_tokens`` excludes what came from the cache or went into it; ``output_tokens`` includes thinking. Every event of a stream
counts from the beginning, and says only what it knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from korproxy.api import Usage, token_count


def read_usage(said: object, known: Usage | None = None) -> Usage:
    """Return *known* with what *said*, an object ``usage``, says in its place. What was said before is not added to."""
    known = known or Usage()
    if not isinstance(said, dict):
        return known
    details = said.get("output_tokens_details")
    told = Usage(
        tokens_in=token_count(said.get("input_tokens")),
        cache_read=token_count(said.get("cache_read_input_tokens")),
        cache_write=token_count(said.get("cache_creation_input_tokens")),
        tokens_out=token_count(said.get("output_tokens")),
        reasoning=token_count(details.get("thinking_tokens")) if isinstance(details, dict) else None,
    )
    return newer_usage(known, told)


def newer_usage(known: Usage, told: Usage) -> Usage:
    """Return *known* with what *told* says in its place; what it does not say stays. Some providers tell it with each event."""
    return Usage(
        tokens_in=known.tokens_in if told.tokens_in is None else told.tokens_in,
        cache_read=known.cache_read if told.cache_read is None else told.cache_read,
        cache_write=known.cache_write if told.cache_write is None else told.cache_write,
        tokens_out=known.tokens_out if told.tokens_out is None else told.tokens_out,
        reasoning=known.reasoning if told.reasoning is None else told.reasoning,
    )


def write_usage(usage: Usage) -> Mapping[str, Any]:
    """Return *usage* whole, as in a message: what nobody knows is 0, because clients add these numbers up."""
    return {
        "input_tokens": usage.tokens_in or 0,
        "cache_creation_input_tokens": usage.cache_write or 0,
        "cache_read_input_tokens": usage.cache_read or 0,
        "output_tokens": usage.tokens_out or 0,
        **_thinking(usage),
    }


def write_known_usage(usage: Usage) -> Mapping[str, Any]:
    """Return what is known of *usage*, as at the end of a stream: a 0 there would take the place of what the start said."""
    told = {
        "input_tokens": usage.tokens_in,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
    }
    known = {key: value for key, value in told.items() if value is not None}
    return {**known, "output_tokens": usage.tokens_out or 0, **_thinking(usage)}


def _thinking(usage: Usage) -> Mapping[str, Any]:
    return {} if usage.reasoning is None else {"output_tokens_details": {"thinking_tokens": usage.reasoning}}
