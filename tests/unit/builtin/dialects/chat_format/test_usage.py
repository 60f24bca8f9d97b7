"""Tokens, in this format's numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage
from korproxy.builtin.dialects.chat_format.usage import last_usage, read_usage, usage_of_body, usual_usage, write_usage

COUNTS = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 2}, Usage(tokens_in=3, tokens_out=2)),
        (
            {"prompt_tokens": 20, "prompt_cache_hit_tokens": 5, "prompt_cache_miss_tokens": 15},
            Usage(tokens_in=15, cache_read=5),
        ),
        (
            {"prompt_tokens": 20, "prompt_tokens_details": {"cached_tokens": 5, "cache_creation_input_tokens": 4}},
            Usage(tokens_in=11, cache_read=5, cache_write=4),
        ),
        ({"prompt_tokens": 20, "cached_tokens": 5}, Usage(tokens_in=15, cache_read=5)),
        ({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}}, Usage(tokens_in=0, cache_read=5)),
        ({"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 4}}, Usage(tokens_out=9, reasoning=4)),
    ],
)
def test_tokens_are_read_wherever_servers_put_them(said: object, expected: Usage) -> None:
    assert read_usage(said) == expected


def test_edge_69_input_from_the_cache_is_not_counted_twice() -> None:
    said = {"prompt_tokens": 100, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 75}}

    assert read_usage(said) == Usage(tokens_in=25, cache_read=75, tokens_out=1)


@pytest.mark.parametrize("said", [None, {}, [], "many", {"prompt_tokens": None}, {"prompt_tokens": -1}, {"prompt_tokens": "3"}])
def test_what_says_no_tokens_is_none(said: object) -> None:
    assert read_usage(said) is None


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        ({"usage": {"prompt_tokens": 1}}, Usage(tokens_in=1)),
        ({"usage": None, "choices": [{"usage": {"prompt_tokens": 2}}]}, Usage(tokens_in=2)),
        ({"usage": {"prompt_tokens": 1}, "choices": [{"usage": {"prompt_tokens": 2}}]}, Usage(tokens_in=1)),
        ({"choices": [7, {}]}, None),
        ({"choices": "none"}, None),
    ],
)
def test_usage_is_found_beside_the_choices_and_in_them(chunk: dict[str, Any], expected: Usage | None) -> None:
    assert last_usage(chunk) == expected


def test_edge_71_the_prompt_is_all_input_with_the_caches() -> None:
    usage = Usage(tokens_in=5, cache_read=30, cache_write=7, tokens_out=11, reasoning=4)

    assert write_usage(usage) == {
        "prompt_tokens": 42,
        "completion_tokens": 11,
        "total_tokens": 53,
        "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 7, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 4,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert write_usage(Usage()) is None


@given(st.builds(Usage, tokens_in=COUNTS, cache_read=COUNTS, cache_write=COUNTS, tokens_out=COUNTS, reasoning=COUNTS))
def test_what_is_written_is_read_back(usage: Usage) -> None:
    assert read_usage(write_usage(usage)) == usage


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (b'{"usage": {"prompt_tokens": 4, "total_tokens": 4}}', Usage(tokens_in=4)),
        (b'{"usage": 4}', Usage()),
        (b"{}", Usage()),
        (b"no JSON", Usage()),
    ],
)
def test_the_tokens_of_a_whole_body_are_read(body: bytes, usage: Usage) -> None:
    assert usage_of_body(body) == usage


ODD = st.none() | st.booleans() | st.integers(-2, 2**54) | st.floats(0, 9).map(round) | st.floats(0, 9) | st.just("3")
PLACES = ("cached_tokens", "cache_write_tokens", "prompt_cache_hit_tokens", "cache_creation_input_tokens")
DETAILS: st.SearchStrategy[Any] = (
    st.dictionaries(st.sampled_from((*PLACES, "reasoning_tokens", "other")), ODD) | st.none() | st.just([])
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens", *PLACES), ODD),
        "prompt_tokens_details": DETAILS,
        "completion_tokens_details": DETAILS,
    },
)


@given(SAID | ODD)
def test_what_is_read_in_the_quick_way_is_what_is_read_in_any_case(said: object) -> None:
    quick = usual_usage(json.dumps({"choices": [{"index": 0}], "usage": said}).encode())

    assert quick is None or quick == read_usage(said)


@given(st.builds(Usage, tokens_in=COUNTS, cache_read=COUNTS, cache_write=COUNTS, tokens_out=COUNTS, reasoning=COUNTS))
def test_an_answer_as_openai_writes_it_is_read_in_the_quick_way(usage: Usage) -> None:
    assert usual_usage(json.dumps({"choices": [{"message": {}}], "usage": write_usage(usage)}).encode()) == usage


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b'{"choices":4,"usage":{"prompt_tokens":1}}', b"[" * 100_000, b"{}"])
def test_what_is_no_such_answer_is_left_to_the_slow_way(body: bytes) -> None:
    assert usual_usage(body) is None
