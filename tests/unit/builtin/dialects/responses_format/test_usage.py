"""Tokens as the format counts them."""

from __future__ import annotations

import pytest

from korproxy.api import Usage
from korproxy.builtin.dialects.responses_format.usage import read_usage, write_usage

WHOLE = Usage(tokens_in=25, cache_read=65, cache_write=10, tokens_out=40, reasoning=16)


def test_edge_69_the_input_holds_what_came_from_the_cache() -> None:
    assert write_usage(WHOLE) == {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 65, "cache_write_tokens": 10},
        "output_tokens": 40,
        "output_tokens_details": {"reasoning_tokens": 16},
        "total_tokens": 140,
    }


def test_what_is_written_is_read_again() -> None:
    assert read_usage(write_usage(WHOLE)) == WHOLE


def test_what_nobody_knows_is_0() -> None:
    assert write_usage(Usage()) == {
        "input_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
    }


def test_details_may_be_absent() -> None:
    assert read_usage({"input_tokens": 3, "input_tokens_details": None, "output_tokens": 1}) == Usage(tokens_in=3, tokens_out=1)


@pytest.mark.parametrize(
    "said", [None, 3, "x", [], {}, {"input_tokens": "3", "output_tokens": -1, "input_tokens_details": [1]}]
)
def test_nonsense_says_nothing(said: object) -> None:
    assert read_usage(said) is None


def test_more_from_the_cache_than_there_was_leaves_nothing() -> None:
    said = {"input_tokens": 3, "input_tokens_details": {"cached_tokens": 9}}

    assert read_usage(said) == Usage(tokens_in=0, cache_read=9)
