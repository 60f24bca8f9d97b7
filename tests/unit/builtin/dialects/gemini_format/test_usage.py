"""Tokens: what is part of what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage
from korproxy.builtin.dialects.gemini_format.usage import read_usage, write_usage

COUNTS = st.none() | st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"promptTokenCount": 120, "cachedContentTokenCount": 64, "candidatesTokenCount": 24, "thoughtsTokenCount": 16},
            Usage(tokens_in=56, cache_read=64, tokens_out=40, reasoning=16),
        ),
        ({"promptTokenCount": 10, "toolUsePromptTokenCount": 5, "candidatesTokenCount": 1}, Usage(tokens_in=15, tokens_out=1)),
        ({"promptTokenCount": 10, "thoughtsTokenCount": 7}, Usage(tokens_in=10, tokens_out=7, reasoning=7)),
        ({"promptTokenCount": 10, "totalTokenCount": 10}, Usage(tokens_in=10, tokens_out=0)),
        ({"promptTokenCount": 10, "toolUsePromptTokenCount": 5, "totalTokenCount": 18}, Usage(tokens_in=15, tokens_out=3)),
        ({"promptTokenCount": 10}, Usage(tokens_in=10)),
        ({"promptTokenCount": "10", "candidatesTokenCount": 2.0}, Usage(tokens_in=10, tokens_out=2)),
        ({"prompt_token_count": 10, "candidates_token_count": 2}, Usage(tokens_in=10, tokens_out=2)),
        ({"promptTokenCount": 5, "cachedContentTokenCount": 9}, Usage(tokens_in=0, cache_read=9)),
        ({"promptTokenCount": -1, "candidatesTokenCount": True, "thoughtsTokenCount": "x"}, Usage()),
        ({}, Usage()),
        (None, None),
        ([], None),
    ],
)
def test_counts_are_put_in_neutral_terms(said: Any, expected: Usage | None) -> None:
    assert read_usage(said) == expected


def test_what_was_written_to_a_cache_is_part_of_the_prompt() -> None:
    usage = Usage(tokens_in=25, cache_read=75, cache_write=10, tokens_out=40, reasoning=16)

    assert write_usage(usage) == {
        "promptTokenCount": 110,
        "cachedContentTokenCount": 75,
        "candidatesTokenCount": 24,
        "thoughtsTokenCount": 16,
        "totalTokenCount": 150,
    }


def test_nothing_known_is_zero() -> None:
    assert write_usage(Usage()) == {"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0}


@given(st.integers(0, 10**6), COUNTS, st.integers(0, 10**6), COUNTS)
def test_there_and_back_no_token_is_lost_or_made(tokens_in: int, read: int | None, out: int, thoughts: int | None) -> None:
    thoughts = None if thoughts is None else min(thoughts, out)
    usage = Usage(tokens_in=tokens_in, cache_read=read, tokens_out=out, reasoning=thoughts)

    assert read_usage(write_usage(usage)) == usage
