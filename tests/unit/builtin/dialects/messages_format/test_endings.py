"""Why an answer ended."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.endings import read_ending, write_ending

WORDS: dict[str, chat.Reason] = {
    "end_turn": "end",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "tool_use": "tools",
    "refusal": "refusal",
    "model_context_window_exceeded": "context",
    "pause_turn": "pause",
}


@pytest.mark.parametrize(("word", "reason"), WORDS.items())
def test_each_reason_has_its_word(word: str, reason: chat.Reason) -> None:
    assert read_ending({"stop_reason": word}).reason == reason
    assert write_ending(chat.Ending(reason=reason))["stop_reason"] == word


@pytest.mark.parametrize(
    "said", [{}, {"stop_reason": None}, {"stop_reason": "something_new"}, {"stop_reason": 3, "stop_details": 3}]
)
def test_what_nobody_knows_is_a_natural_end(said: dict[str, Any]) -> None:
    assert read_ending(said) == chat.Ending(reason="end")


def test_the_stop_sequence_is_told() -> None:
    ending = chat.Ending(reason="stop_sequence", stop_sequence="END")

    assert write_ending(ending) == {"stop_reason": "stop_sequence", "stop_sequence": "END"}
    assert read_ending(write_ending(ending)) == ending


def test_a_refusal_says_what_was_refused_and_why() -> None:
    ending = chat.Ending(reason="refusal", category="cyber", explanation="No.")

    assert write_ending(ending)["stop_details"] == {"type": "refusal", "category": "cyber", "explanation": "No."}
    assert read_ending(write_ending(ending)) == ending


def test_edge_90_a_pause_stays_a_pause() -> None:
    assert write_ending(read_ending({"stop_reason": "pause_turn"}))["stop_reason"] == "pause_turn"
