"""JSON as other programs write it."""

from __future__ import annotations

import math

import msgspec
import pytest

from korproxy.builtin.dialects.gemini_format.json_text import read_json, write_json


def test_a_usual_text_is_read_and_given_back() -> None:
    assert read_json(b'{"a": [1.10, "\xc3\xa9"]}') == ({"a": [1.1, "é"]}, b'{"a": [1.10, "\xc3\xa9"]}')


def test_half_a_character_is_replaced() -> None:
    value, text = read_json(rb'{"a":"\ud83d"}')

    assert (value, text) == ({"a": "\ufffd"}, rb'{"a":"\ufffd"}')


def test_a_number_beyond_all_bounds_is_infinite_in_the_value_only() -> None:
    value, text = read_json(b'{"a":1e400}')

    assert (value["a"], text) == (math.inf, b'{"a":1e400}')


@pytest.mark.parametrize("text", [b"", b"{", b"nothing", b'"\xff"', b"[" * 100_000], ids=lambda text: repr(text[:9]))
def test_anything_else_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- msgspec's words
        read_json(text)


def test_raw_json_is_written_as_it_stands() -> None:
    assert write_json({"a": msgspec.Raw(b'{"b": 1.10}')}) == b'{"a":{"b": 1.10}}'
    assert write_json({"a": "\ud83d", "b": msgspec.Raw(b'{"c": 1}')}) == rb'{"a":"\ud83d","b":{"c":1}}'
