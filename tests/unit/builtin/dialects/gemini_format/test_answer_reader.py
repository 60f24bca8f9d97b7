"""A provider's whole answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.gemini_format.answer_reader import read_answer
from tests.unit.builtin.dialects.gemini_format.said import HEAD, answer, call, told
from tests.unit.builtin.dialects.gemini_format.test_stream_reader import PARTS

SEAL = chat.Seal(family="google", data="CiQB")
USAGE = {"promptTokenCount": 120, "cachedContentTokenCount": 64, "candidatesTokenCount": 24, "thoughtsTokenCount": 16}


def read(said: object) -> chat.Answer:
    return read_answer(json.dumps(said).encode())


def test_parts_calls_usage_and_the_reason_are_read() -> None:
    body = answer(
        {"text": "plan", "thought": True},
        {"text": "Let me see."},
        call(id="fc1", args={"path": "a"}, thoughtSignature="CiQB"),
        call("list"),
        reason="STOP",
        usageMetadata=USAGE,
    )

    assert read(body) == chat.Answer(
        id="abc",
        model="gemini-3-pro",
        parts=(
            chat.Reasoning(text="plan"),
            chat.Text(text="Let me see."),
            chat.ToolCall(id="fc1", name="read", arguments='{"path": "a"}', seal=SEAL),
            chat.ToolCall(id="call_abc_1", name="list", arguments="{}"),
        ),
        ending=chat.Ending(reason="tools"),
        usage=Usage(tokens_in=56, cache_read=64, tokens_out=40, reasoning=16),
    )


def test_edge_89_a_blocked_prompt_is_a_refusal() -> None:
    found = read({"promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "No."}, **HEAD})

    assert (found.parts, found.ending) == ((), chat.Ending(reason="refusal", explanation="No.", category="SAFETY"))


def test_a_candidate_without_content_is_read() -> None:
    found = read({"candidates": [{"finishReason": "SAFETY", "index": 0}], **HEAD})

    assert (found.parts, found.ending.category) == ((), "SAFETY")
    assert read({"candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}]}).ending.reason == "length"


def test_what_came_whole_needs_no_reason_for_its_end() -> None:
    assert read(answer({"text": "Hi"})).ending == chat.Ending(reason="end")


def test_a_list_of_chunks_is_one_answer() -> None:
    found = read([answer({"text": "Hel"}), answer({"text": "lo"}), answer(reason="STOP")])

    assert (found.parts, found.ending.reason) == ((chat.Text(text="Hello"),), "end")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "neither content nor a reason"),
        ([], "neither content nor a reason"),
        ({"candidates": [], "usageMetadata": USAGE}, "neither content nor a reason"),
        ({"candidates": "secret"}, "no JSON of Gemini's kind"),
    ],
)
def test_no_answer_is_unreadable_and_the_reason_holds_no_content(said: object, words: str) -> None:
    with pytest.raises(chat.Unreadable, match=words) as caught:
        read(said)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"error": {"code": 503, "status": "UNAVAILABLE", "message": "Overloaded."}},
            chat.ProviderError(status=503, kind="overloaded", message="Overloaded.", type="UNAVAILABLE"),
        ),
        ([{"error": {"code": 503, "message": "Busy."}}], chat.ProviderError(status=503, kind="overloaded", message="Busy.")),
        (
            [answer({"text": "Hi"}), {"error": {"code": 500, "message": "Oh.", "status": "INTERNAL"}}],
            chat.ProviderError(status=500, kind="server", message="Oh.", type="INTERNAL"),
        ),
        (
            {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "No such tool."}]},
            chat.ProviderError(status=500, kind="server", message="No such tool.", type="MALFORMED_FUNCTION_CALL"),
        ),
    ],
)
def test_an_error_with_a_good_status_is_told_as_the_error_it_is_in_a_stream_too(
    said: Any, expected: chat.ProviderError
) -> None:
    with pytest.raises(chat.AnswerIsError) as caught:
        read(said)

    assert caught.value.error == expected
    assert told(*(said if isinstance(said, list) else [said]))[-1] == chat.Failed(expected)


@given(st.lists(PARTS, max_size=8))
def test_a_whole_answer_says_the_same_as_a_stream_of_it(parts: list[dict[str, Any]]) -> None:
    whole = read(answer(*parts, reason="STOP"))
    streamed = chat.answer_of(told(*(answer(each) for each in parts), answer(reason="STOP")))

    assert whole == streamed
