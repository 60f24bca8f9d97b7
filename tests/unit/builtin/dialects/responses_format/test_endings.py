"""Why an answer ended."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.endings import incomplete_reason, read_ending, unsaid

WORDS: dict[chat.Reason, str | None] = {
    "end": None,
    "stop_sequence": None,
    "tools": None,
    "pause": None,
    "length": "max_output_tokens",
    "context": "max_output_tokens",
    "refusal": "content_filter",
}


@pytest.mark.parametrize(("reason", "word"), WORDS.items())
def test_each_reason_is_complete_or_has_its_word(reason: chat.Reason, word: str | None) -> None:
    assert incomplete_reason(chat.Ending(reason=reason), refused=False) == word


def test_no_reason_is_forgotten() -> None:
    assert set(WORDS) == set(get_args(chat.Reason))


def test_a_refusal_in_words_completes_an_answer_and_a_filter_does_not() -> None:
    refusal = chat.Ending(reason="refusal", explanation="Bad.")

    assert incomplete_reason(refusal, refused=True) is None
    assert (unsaid(refusal, refused=True), unsaid(refusal, refused=False)) == ("", "Bad.")
    assert unsaid(chat.Ending(reason="end", explanation="Bad."), refused=False) == ""
    assert unsaid(chat.Ending(reason="refusal"), refused=False) == ""


@pytest.mark.parametrize(
    ("response", "ending"),
    [
        ({"status": "completed"}, chat.Ending(reason="end")),
        ({}, chat.Ending(reason="end")),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, chat.Ending(reason="length")),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            chat.Ending(reason="refusal", category="content_filter"),
        ),
        ({"status": "incomplete", "incomplete_details": {"reason": "steered"}}, chat.Ending(reason="length")),
        ({"status": "incomplete", "incomplete_details": {"reason": ["odd"]}}, chat.Ending(reason="length")),
        ({"status": "incomplete"}, chat.Ending(reason="length")),
    ],
)
def test_an_ending_is_read(response: dict[str, Any], ending: chat.Ending) -> None:
    assert read_ending(response, refused=False) == ending


def test_a_refusal_is_the_reason_where_nothing_else_is() -> None:
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}

    assert read_ending({"status": "completed"}, refused=True) == chat.Ending(reason="refusal")
    assert read_ending(cut, refused=True) == chat.Ending(reason="length")
