from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.kit.shortening import PART, shortened


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("", 5, ""),
        ("short", 5, "short"),
        ("two words", 9, "two words"),
        ("a few words and more", 10, "a few wor…"),
        ("/v1/x/sk-ant-api03-AbCdEf0123456789", 30, "/v1/x/sk-ant-a…"),
        ("say \\u0073k-AbCdEf0123456789", 25, "say \\u0073k-…"),
        ("x" * 500, 100, "xxxxxxxx…"),
        ("€" * 500, 10, "€€€€€€€€€…"),
    ],
)
def test_a_word_that_is_cut_loses_nearly_all_of_itself(text: str, most: int, expected: str) -> None:
    assert shortened(text, most) == expected


@given(st.text(st.sampled_from("ab -/\\é")), st.integers(1, 40))
def test_it_is_never_longer_and_begins_as_the_text(text: str, most: int) -> None:
    short = shortened(text, most)

    assert len(short) <= most
    assert text == short if len(text) <= most else text.startswith(short.removesuffix("…"))


@given(st.text(st.sampled_from("ab -")), st.text(st.sampled_from("0123456789_-"), min_size=30, max_size=60), st.integers(1, 60))
def test_of_a_key_that_is_cut_no_more_is_left_than_tells_nothing(before: str, key: str, most: int) -> None:
    text = f"{before} {key}"
    short = shortened(text, most)

    assert short == text or len(short) - 1 - len(f"{before} ") <= PART
