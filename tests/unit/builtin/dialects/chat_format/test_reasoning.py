"""Reasoning in the fields that servers have for it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.reasoning import (
    read_detail,
    read_details,
    read_reasoning,
    reasoning_text,
    write_detail,
    write_details,
)

OWN = chat.Seal(family="anthropic", data="QUJD")
SEALED = {"type": "reasoning.text", "text": "Hm.", "signature": "QUJD", "format": "anthropic-claude-v1", "index": 0}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"reasoning_content": "a"}, "a"),
        ({"reasoning": "a"}, "a"),
        ({"reasoning_content": "", "reasoning": "a"}, "a"),
        ({"reasoning_content": None, "reasoning": {"effort": "low"}}, ""),
        ({}, ""),
    ],
)
def test_the_text_stands_in_one_of_two_fields(said: dict[str, Any], expected: str) -> None:
    assert reasoning_text(said) == expected


def test_edge_86_the_same_text_in_two_fields_is_read_once() -> None:
    said = {"reasoning_content": "Hm.", "reasoning": "Hm."}

    assert list(read_reasoning(said)) == [chat.Reasoning(text="Hm.")]


def test_details_say_what_the_plain_field_says_and_more() -> None:
    assert list(read_reasoning({"reasoning": "Hm.", "reasoning_details": [SEALED]})) == [chat.Reasoning(text="Hm.", seal=OWN)]


def test_what_is_not_sealed_stands_between_the_details() -> None:
    said = {"reasoning_content": "First. Hm. Last.", "reasoning_details": [SEALED]}

    assert list(read_reasoning(said)) == [
        chat.Reasoning(text="First. "),
        chat.Reasoning(text="Hm.", seal=OWN),
        chat.Reasoning(text=" Last."),
    ]


def test_details_that_say_something_else_go_first() -> None:
    said = {"reasoning_content": "All of it.", "reasoning_details": [SEALED]}

    assert list(read_reasoning(said)) == [chat.Reasoning(text="Hm.", seal=OWN)]


def test_beside_details_without_text_the_plain_field_counts() -> None:
    hidden = {"type": "reasoning.encrypted", "data": "QUJD", "format": "anthropic"}

    assert list(read_reasoning({"reasoning_content": "Hm.", "reasoning_details": [hidden]})) == [
        chat.Reasoning(text="Hm."),
        chat.Reasoning(seal=OWN, redacted=True),
    ]


def test_pieces_that_were_kept_as_they_streamed_come_together() -> None:
    pieces = [
        {"type": "reasoning.text", "text": "H", "format": "anthropic", "index": 0},
        {"type": "reasoning.text", "text": "m.", "format": "anthropic", "index": 0},
        {"type": "reasoning.text", "signature": "QUJD", "format": "anthropic", "index": 0},
        {"type": "reasoning.text", "text": "So", "format": "anthropic", "index": 1},
    ]

    assert read_details(pieces) == [chat.Reasoning(text="Hm.", seal=OWN), chat.Reasoning(text="So")]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"type": "reasoning.summary", "summary": "Short."}, chat.Reasoning(text="Short.")),
        (
            {"type": "reasoning.encrypted", "data": "x", "format": "google-gemini-v1"},
            chat.Reasoning(seal=chat.Seal(family="google", data="x"), redacted=True),
        ),
        ({"type": "reasoning.encrypted", "data": "x"}, None),
        ({"type": "reasoning.text", "text": "a", "signature": "x"}, chat.Reasoning(text="a")),
        ({"type": "reasoning.text", "text": ""}, None),
        ("Hm.", None),
    ],
)
def test_a_seal_is_worth_something_only_if_it_says_whose_it_is(said: object, expected: chat.Reasoning | None) -> None:
    assert read_detail(said) == expected


def test_parts_know_where_they_stood() -> None:
    found = read_reasoning({"reasoning_details": [SEALED]}, "/messages/1")

    assert [each.at for each in found] == ["/messages/1/reasoning_details/0"]
    assert [each.seal.at for each in found if each.seal] == ["/messages/1/reasoning_details/0/signature"]
    assert read_reasoning({"reasoning": "a"}, "/messages/1")[0].at == "/messages/1/reasoning"


def test_only_what_is_sealed_is_written_as_details() -> None:
    parts = [chat.Reasoning(text="open"), chat.Reasoning(text="Hm.", seal=OWN), chat.Reasoning(seal=OWN, redacted=True)]

    assert write_details(parts) == [
        {"type": "reasoning.text", "text": "Hm.", "signature": "QUJD", "format": "anthropic", "index": 0},
        {"type": "reasoning.encrypted", "data": "QUJD", "format": "anthropic", "index": 1},
    ]


@pytest.mark.parametrize(
    "part",
    [
        chat.Reasoning(text="Hm.", seal=OWN),
        chat.Reasoning(seal=OWN),
        chat.Reasoning(seal=chat.Seal(family="google", data="x"), redacted=True),
    ],
)
def test_what_is_written_is_read_back(part: chat.Reasoning) -> None:
    assert read_detail(write_detail(part, 0)) == part


def test_the_rest_of_details_that_repeat_is_found_behind_them() -> None:
    said = {"reasoning": "ha ha!", "reasoning_details": [{**SEALED, "text": "ha", "index": each} for each in (0, 1)]}

    assert [each.text for each in read_reasoning(said)] == ["ha", " ", "ha", "!"]


@pytest.mark.parametrize("index", [0, None])
def test_many_pieces_take_time_by_their_length_alone(index: int | None) -> None:
    details = [{"type": "reasoning.text", "text": "t" * 500, "index": index} for _ in range(16_000)]
    started = time.thread_time()
    found = read_reasoning({"reasoning_content": "t " * 4_000_000, "reasoning_details": details})

    assert sum(len(each.text) for each in found) == 8_000_000
    assert time.thread_time() - started < 2


def test_the_plain_text_is_searched_once() -> None:
    details = [{"type": "reasoning.text", "text": "t", "index": each} for each in range(16_000)]
    started = time.thread_time()
    found = read_reasoning({"reasoning_content": "t " * 4_000_000, "reasoning_details": details})

    assert "".join(each.text for each in found) == "t " * 4_000_000
    assert time.thread_time() - started < 2
