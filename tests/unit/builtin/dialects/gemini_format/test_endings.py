"""Why an answer ended: every word of Google's has a meaning, and none of them is a success by mistake."""

from __future__ import annotations

from typing import get_args

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.endings import read_block, read_finish, write_finish

BROKEN = [
    "MALFORMED_FUNCTION_CALL",
    "MALFORMED_RESPONSE",
    "MISSING_THOUGHT_SIGNATURE",
    "TOO_MANY_TOOL_CALLS",
    "UNEXPECTED_TOOL_CALL",
]
REFUSED = [
    *("SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"),
    *("IMAGE_PROHIBITED_CONTENT", "IMAGE_OTHER", "IMAGE_RECITATION", "NO_IMAGE", "MODEL_ARMOR", "ESCALATION"),
    *("PUP_LIMITED_DISABLED", "A_WORD_OF_NEXT_YEAR"),
]


@pytest.mark.parametrize(("word", "reason"), [("STOP", "end"), ("MAX_TOKENS", "length"), ("CONTINUATION", "pause")])
def test_these_words_end_an_answer(word: str, reason: chat.Reason) -> None:
    assert read_finish(word, None) == chat.Ending(reason=reason)


@pytest.mark.parametrize("word", REFUSED)
def test_these_words_refuse_and_say_why(word: str) -> None:
    assert read_finish(word, "Because.") == chat.Ending(reason="refusal", explanation="Because.", category=word)
    assert read_finish(word, None) == chat.Ending(reason="refusal", category=word)


@pytest.mark.parametrize("word", BROKEN)
def test_these_words_are_errors_that_a_new_try_may_mend(word: str) -> None:
    found = read_finish(word, "Malformed function call: f(")
    silent = read_finish(word, "")

    assert found == chat.ProviderError(status=500, kind="server", message="Malformed function call: f(", type=word)
    assert isinstance(silent, chat.ProviderError)
    assert word in silent.message


@pytest.mark.parametrize("word", [None, "", "FINISH_REASON_UNSPECIFIED", 7])
def test_without_a_word_the_answer_goes_on(word: object) -> None:
    assert read_finish(word, None) is None


def test_a_blocked_prompt_is_a_refusal() -> None:
    told = read_block({"block_reason": "OTHER", "block_reason_message": "No."})

    assert told == chat.Ending(reason="refusal", explanation="No.", category="OTHER")
    assert read_block({"blockReason": "SAFETY"}) == chat.Ending(
        reason="refusal", explanation="The prompt was blocked by Gemini: SAFETY.", category="SAFETY"
    )


@pytest.mark.parametrize(
    "feedback", [None, {}, [], {"blockReason": None}, {"blockReason": "BLOCKED_REASON_UNSPECIFIED"}, {"blockReason": 7}]
)
def test_a_prompt_that_is_not_blocked_ends_nothing(feedback: object) -> None:
    assert read_block(feedback) is None


@pytest.mark.parametrize(
    ("ending", "written"),
    [
        (chat.Ending(reason="end"), {"finishReason": "STOP"}),
        (chat.Ending(reason="stop_sequence", stop_sequence="END"), {"finishReason": "STOP"}),
        (chat.Ending(reason="tools"), {"finishReason": "STOP"}),
        (chat.Ending(reason="pause"), {"finishReason": "STOP"}),
        (chat.Ending(reason="length"), {"finishReason": "MAX_TOKENS"}),
        (chat.Ending(reason="context"), {"finishReason": "MAX_TOKENS"}),
        (chat.Ending(reason="refusal", category="cyber"), {"finishReason": "SAFETY"}),
        (
            chat.Ending(reason="refusal", category="RECITATION", explanation="Because."),
            {"finishReason": "RECITATION", "finishMessage": "Because."},
        ),
    ],
)
def test_an_ending_has_a_word(ending: chat.Ending, written: dict[str, str]) -> None:
    assert write_finish(ending) == written


def test_every_reason_has_a_word() -> None:
    assert all(write_finish(chat.Ending(reason=each)) for each in get_args(chat.Reason))
