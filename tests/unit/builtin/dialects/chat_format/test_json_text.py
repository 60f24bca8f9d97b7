"""What is at a place of a JSON value."""

from __future__ import annotations

import pytest

from korproxy.builtin.dialects.chat_format.json_text import inner_object, is_utf8, some_text


@pytest.mark.parametrize(
    ("value", "expected"), [({"a": {"b": 1}}, {"b": 1}), ({"a": [1]}, {}), ({"a": None}, {}), ({}, {}), ([], {}), (None, {})]
)
def test_an_inner_object_is_there_or_empty(value: object, expected: dict[str, object]) -> None:
    assert inner_object(value, "a") == expected


@pytest.mark.parametrize(("value", "expected"), [("a", "a"), ("", ""), (None, ""), (7, ""), (["a"], "")])
def test_a_text_is_a_text_or_empty(value: object, expected: str) -> None:
    assert some_text(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [(b"", True), (b"a", True), ("\u2028".encode(), True), (b"\xff", False), (b"a\xe2\x80", False)]
)
def test_bytes_are_utf_8_or_not(text: bytes, expected: bool) -> None:
    assert is_utf8(text) is expected
