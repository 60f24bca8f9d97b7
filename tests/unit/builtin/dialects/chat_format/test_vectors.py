"""Vectors in both of OpenAI's encodings."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.vectors import as_base64, read_vector

SINGLES = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20)


@given(SINGLES)
def test_base64_is_floats_of_32_bits_with_the_lowest_byte_first(vector: list[float]) -> None:
    assert base64.b64decode(as_base64(vector)) == struct.pack(f"<{len(vector)}f", *vector)


@given(SINGLES)
def test_what_was_written_is_read_again(vector: list[float]) -> None:
    assert read_vector(as_base64(vector)) == vector


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9), min_size=1, max_size=9))
def test_numbers_stay_as_they_are(vector: list[float]) -> None:
    assert read_vector(vector) is vector


def test_a_number_beyond_32_bits_is_infinite_there() -> None:
    assert as_base64([1e39]) == base64.b64encode(struct.pack("<f", float("inf"))).decode()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "a vector has no numbers"),
        (None, "a vector has no numbers"),
        ({}, "a vector has no numbers"),
        ("", "a vector has no numbers"),
        ([1, True], "a vector has something in it that is no number"),
        ([1, None], "a vector has something in it that is no number"),
        ([float("inf")], "a vector has something in it that is no number"),
        (base64.b64encode(struct.pack("<f", float("nan"))).decode(), "a vector has something in it that is no number"),
        ("AAA=", "a vector is no base64 of floats"),
        ("no base64!", "a vector is no base64 of floats"),
        ("Größe", "a vector is no base64 of floats"),
    ],
)
def test_what_is_no_vector_is_not_made_one(said: Any, why: str) -> None:
    with pytest.raises(chat.Unreadable) as caught:
        read_vector(said)

    assert str(caught.value) == why
