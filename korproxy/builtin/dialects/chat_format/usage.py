"""Tokens, as this format and those who copy it count them.

``prompt_tokens`` includes what came from the cache and what went into it; ``completion_tokens`` includes reasoning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeAlias

import msgspec

from korproxy.api import Usage, token_count


class _Answer(msgspec.Struct):
    usage: Any = None


_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None  # what ``token_count`` takes without a change


class _In(msgspec.Struct):
    cached_tokens: _Count = None
    cache_write_tokens: _Count = None
    prompt_cache_hit_tokens: None = None
    cache_creation_input_tokens: None = None


class _Out(msgspec.Struct):
    reasoning_tokens: _Count = None


class _Spent(msgspec.Struct):
    """A ``usage`` as OpenAI writes it; what others have beside that is refused, and so is every count that is none."""

    prompt_tokens: _Count = None
    completion_tokens: _Count = None
    prompt_tokens_details: _In | None = None
    completion_tokens_details: _Out | None = None
    cached_tokens: None = None
    cache_write_tokens: None = None
    prompt_cache_hit_tokens: None = None
    cache_creation_input_tokens: None = None


class _Choice(msgspec.Struct):
    """Whatever it holds is skipped."""


class _Usual(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Spent | None = None


_NOTHING = Usage()
_answers = msgspec.json.Decoder(_Answer)
_usual = msgspec.json.Decoder(_Usual)


def usual_usage(body: bytes) -> Usage | None:
    """Return what ``read_usage`` returns for the ``usage`` of *body*, a whole answer, where it is written as OpenAI does it.

    None: it may be there nevertheless. msgspec does the reading and the checking, which costs a fifth.
    """
    try:
        spent = _usual.decode(body).usage
    except (ValueError, RecursionError):
        return None
    if spent is None or spent.prompt_tokens is None:
        return None
    inner, outer = spent.prompt_tokens_details, spent.completion_tokens_details
    read, write = (None, None) if inner is None else (inner.cached_tokens, inner.cache_write_tokens)
    tokens_in = max(spent.prompt_tokens - (read or 0) - (write or 0), 0)
    return Usage(tokens_in, read, write, spent.completion_tokens, None if outer is None else outer.reasoning_tokens)


def read_usage(said: object) -> Usage | None:
    """Return the tokens in *said*, an object ``usage``; None where it does not say any."""
    if not isinstance(said, dict):
        return None
    inner, outer = said.get("prompt_tokens_details"), said.get("completion_tokens_details")
    places = [inner, said] if isinstance(inner, dict) else [said]
    read = _first(places, "cached_tokens", "prompt_cache_hit_tokens")  # outside of the details: Moonshot, DeepSeek
    write = _first(places, "cache_write_tokens", "cache_creation_input_tokens")  # the second one is Qwen's
    prompt = token_count(said.get("prompt_tokens"))
    usage = Usage(
        tokens_in=None if prompt is None else max(prompt - (read or 0) - (write or 0), 0),
        cache_read=read,
        cache_write=write,
        tokens_out=token_count(said.get("completion_tokens")),
        reasoning=token_count(outer.get("reasoning_tokens")) if isinstance(outer, dict) else None,
    )
    return None if usage == _NOTHING else usage


def usage_of_body(body: bytes) -> Usage:
    """Return the tokens that *body*, a whole answer with an object ``usage``, tells of; none where it is no such answer."""
    try:
        return read_usage(_answers.decode(body).usage) or Usage()
    except (ValueError, RecursionError):
        return Usage()


def last_usage(chunk: Mapping[str, Any]) -> Usage | None:
    """Return the tokens in a whole answer or in an event of a stream; None where it does not say any.

    Several servers send them with every event, counted up, and Moonshot inside the choice: so the last one of a stream is
    right, and they are never added up.
    """
    choices = chunk.get("choices")
    inside = [each.get("usage") for each in choices if isinstance(each, dict)] if isinstance(choices, list) else []
    return next((usage for said in (chunk.get("usage"), *inside) if (usage := read_usage(said)) is not None), None)


def write_usage(usage: Usage) -> dict[str, Any] | None:
    """Return *usage* as an object with all its members, because clients read them unasked; None where nothing is known."""
    if usage == Usage():
        return None
    read, write, out = usage.cache_read or 0, usage.cache_write or 0, usage.tokens_out or 0
    prompt = (usage.tokens_in or 0) + read + write
    return {
        "prompt_tokens": prompt,
        "completion_tokens": out,
        "total_tokens": prompt + out,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": write, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning or 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _first(places: Iterable[Mapping[str, Any]], *names: str) -> int | None:
    for place in places:
        for name in names:
            said = place.get(name)
            if said is not None and (count := token_count(said)) is not None:
                return count
    return None
