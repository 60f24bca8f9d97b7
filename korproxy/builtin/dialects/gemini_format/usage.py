"""Tokens, as Gemini counts them.

``promptTokenCount`` includes what came from the cache and excludes what tools of Google's put into the prompt; output is
``candidatesTokenCount`` and ``thoughtsTokenCount`` together. Every chunk of a stream counts from the beginning. Zeros are left
out, as always in proto3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from korproxy.api import Usage, token_count


def read_usage(said: object) -> Usage | None:
    """Return what *said*, a ``usageMetadata``, says; None where it is none."""
    if not isinstance(said, dict):
        return None
    prompt, cached = _count(said, "promptTokenCount"), _count(said, "cachedContentTokenCount")
    by_tools, total = _count(said, "toolUsePromptTokenCount"), _count(said, "totalTokenCount")
    candidates, thoughts = _count(said, "candidatesTokenCount"), _count(said, "thoughtsTokenCount")
    output = None if candidates is None and thoughts is None else (candidates or 0) + (thoughts or 0)
    if output is None and prompt is not None and total is not None:
        output = max(total - prompt - (by_tools or 0), 0)
    return Usage(
        tokens_in=None if prompt is None else max(prompt - (cached or 0), 0) + (by_tools or 0),
        cache_read=cached,
        tokens_out=output,
        reasoning=thoughts,
    )


def write_usage(usage: Usage) -> Mapping[str, int]:
    """Return *usage* as a ``usageMetadata``; what was written to a cache is a part of the prompt."""
    prompt = sum(each or 0 for each in (usage.tokens_in, usage.cache_read, usage.cache_write))
    output = usage.tokens_out or 0
    thoughts = min(usage.reasoning or 0, output)
    said = {"promptTokenCount": prompt, "candidatesTokenCount": output - thoughts, "totalTokenCount": prompt + output}
    if usage.cache_read is not None:
        said["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning is not None:
        said["thoughtsTokenCount"] = thoughts
    return said


def _count(said: Mapping[str, Any], key: str) -> int | None:
    value = said.get(key)
    if value is None:
        value = said.get(_SNAKE[key])
    if value is None:
        return None
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:  # proto3 writes long numbers as texts
        value = int(value)
    return token_count(value)


_SNAKE = {
    "promptTokenCount": "prompt_token_count",
    "cachedContentTokenCount": "cached_content_token_count",
    "toolUsePromptTokenCount": "tool_use_prompt_token_count",
    "totalTokenCount": "total_token_count",
    "candidatesTokenCount": "candidates_token_count",
    "thoughtsTokenCount": "thoughts_token_count",
}
