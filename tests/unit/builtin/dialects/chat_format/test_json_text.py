"""JSON as other programs write it."""

from __future__ import annotations

import math

import pytest

from korproxy.builtin.dialects.chat_format.json_text import inner_object, read_json, some_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'"\\ud83d"', "\ufffd"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"\n\n [1]", [1]),
    ],
)
def test_json_is_read(text: bytes, expected: object) -> None:
    assert read_json(text) == expected


def test_a_number_beyond_all_doubles_is_infinite() -> None:
    assert read_json(b"[1e400]") == [math.inf]


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b'{"a":\xff}', b"[" * 100_000])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)


@pytest.mark.parametrize(
    ("value", "expected"), [({"a": {"b": 1}}, {"b": 1}), ({"a": [1]}, {}), ({"a": None}, {}), ({}, {}), ([], {}), (None, {})]
)
def test_an_inner_object_is_there_or_empty(value: object, expected: dict[str, object]) -> None:
    assert inner_object(value, "a") == expected


@pytest.mark.parametrize(("value", "expected"), [("a", "a"), ("", ""), (None, ""), (7, ""), (["a"], "")])
def test_a_text_is_a_text_or_empty(value: object, expected: str) -> None:
    assert some_text(value) == expected
