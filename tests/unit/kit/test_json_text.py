"""JSON as other programs write it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import read_json
from tests.fakes.json_bodies import VALUES, documents


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a": [1.10, "\xc3\xa9", null]}', {"a": [1.1, "é", None]}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"\n\n [1]", [1]),
    ],
)
def test_a_usual_text_is_read_and_given_back(text: bytes, expected: object) -> None:
    assert read_json(text) == (expected, text)


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert read_json(rb'{"a":"x\ud83d","b":1e400}') == ({"a": "x\ufffd", "b": math.inf}, rb'{"a":"x\ufffd","b":1e400}')


def test_a_number_beyond_all_doubles_is_infinite_in_the_value_only() -> None:
    assert read_json(b'{"a":1e400}') == ({"a": math.inf}, b'{"a":1e400}')


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"nonsense", b'{"a":NaN}', b'{"b":1e400,"a":NaN}', b'"\xff"', b'{"a":\xff}'),
        *(b"[" * 100_000, b"[1e400," + b"[" * 100_000),
    ],
    ids=lambda text: repr(text[:19]),
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)


@pytest.mark.parametrize("deep", [b"[" * 100_000, b"[1e400," + b"[" * 100_000 + b"]" * 100_001], ids=["plain", "large number"])
def test_too_many_brackets_are_called_so(deep: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it is nested too deeply$"):
        read_json(deep)


@given(st.data(), VALUES)
def test_everything_that_is_json_is_read(data: st.DataObject, value: Any) -> None:
    assert read_json(data.draw(documents(value)))[0] == value
