"""Tokens as the format counts them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from korproxy.api import Usage
from korproxy.builtin.dialects.messages_format.usage import newer_usage, read_usage, write_known_usage, write_usage

WHOLE = Usage(tokens_in=25, cache_read=75, cache_write=10, tokens_out=40, reasoning=16)


def test_edge_69_what_came_from_the_cache_is_not_in_the_input() -> None:
    assert write_usage(WHOLE) == {
        "input_tokens": 25,
        "cache_creation_input_tokens": 10,
        "cache_read_input_tokens": 75,
        "output_tokens": 40,
        "output_tokens_details": {"thinking_tokens": 16},
    }


def test_edge_71_input_and_cache_are_read_apart() -> None:
    assert read_usage(write_usage(WHOLE)) == WHOLE


START = {"input_tokens": 25, "cache_read_input_tokens": 75, "cache_creation_input_tokens": 10}


@pytest.mark.parametrize("events", [(START, {}), ({}, START), (START, START)])
def test_edge_70_cache_counts_in_two_events_are_set_and_not_added(events: tuple[dict[str, Any], ...]) -> None:
    usage = Usage()
    for each in events:
        usage = read_usage(each, usage)

    assert usage == Usage(tokens_in=25, cache_read=75, cache_write=10)


def test_edge_74_thinking_is_a_part_of_the_output() -> None:
    assert read_usage({"output_tokens": 40, "output_tokens_details": {"thinking_tokens": 16}}) == Usage(
        tokens_out=40, reasoning=16
    )


@pytest.mark.parametrize(
    "said", [None, 3, "x", [], {"input_tokens": "many"}, {"output_tokens": -1, "output_tokens_details": 3}]
)
def test_nonsense_says_nothing(said: object) -> None:
    assert read_usage(said) == Usage()


def test_a_message_says_0_where_nothing_is_known() -> None:
    assert write_usage(Usage()) == {
        "input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 0,
    }


def test_the_end_of_a_stream_says_only_what_is_known() -> None:
    assert write_known_usage(Usage(cache_read=3)) == {"cache_read_input_tokens": 3, "output_tokens": 0}


def test_what_is_not_said_any_more_stays() -> None:
    assert newer_usage(WHOLE, Usage()) == WHOLE
    assert newer_usage(Usage(), WHOLE) == WHOLE
    assert newer_usage(WHOLE, Usage(tokens_in=0, tokens_out=41)) == structs.replace(WHOLE, tokens_in=0, tokens_out=41)
