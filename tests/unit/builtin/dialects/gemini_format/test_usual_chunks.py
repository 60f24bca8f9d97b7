"""Usual chunks, told apart from all others; and that it makes no difference to what is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.gemini_format import stream_reader
from korproxy.builtin.dialects.gemini_format.usual_chunks import usual_chunk
from tests.unit.builtin.dialects.gemini_format.said import answer, call, told


def chunk_of(said: object) -> Any:
    return usual_chunk(json.dumps(said).encode())


@pytest.mark.parametrize("part", [{"text": "a"}, {"text": "a", "thought": True}])
def test_one_part_of_text_and_the_tokens_so_far_are_usual(part: dict[str, Any]) -> None:
    found = chunk_of(answer(part, usageMetadata={"promptTokenCount": 3}))

    assert (found.part.text, found.part.thought, found.usage) == ("a", part.get("thought"), {"promptTokenCount": 3})


@pytest.mark.parametrize(
    "said",
    [
        answer({"text": "a"}, reason="STOP"),
        answer({"text": "a"}, {"text": "b"}),
        answer({"text": ""}),
        answer({"text": "a", "thoughtSignature": "QUJD"}),
        answer({"text": "a", "thought": "yes"}),
        answer(call()),
        answer(),
        {**answer({"text": "a"}), "promptFeedback": {"blockReason": "SAFETY"}},
        {**answer({"text": "a"}), "error": {"code": 500}},
        {"candidates": [{"index": 1, "content": {"parts": [{"text": "a"}]}}]},
        {"candidates": [{"finish_reason": "STOP", "content": {"parts": [{"text": "a"}]}}]},
        {"candidates": []},
        {},
        [answer({"text": "a"})],
        "[DONE]",
    ],
)
def test_whatever_may_say_more_has_to_be_read_in_full(said: object) -> None:
    assert chunk_of(said) is None


_SIGNED = {"text": "a", "thoughtSignature": "QUJD"}
_PARTS = st.sampled_from(
    [{"text": "a"}, {"text": ""}, {"text": "\u2028", "thought": True}, {"text": "b", "thought": False}, _SIGNED]
)
_USAGES = st.sampled_from([None, {}, {"promptTokenCount": 3}, {"promptTokenCount": 3, "candidatesTokenCount": 5}])


@st.composite
def _chunks(draw: st.DrawFn) -> dict[str, Any]:
    reason = draw(st.sampled_from([None, None, None, "STOP"]))
    said = answer(*draw(st.lists(st.one_of(_PARTS, st.just(call(id="c"))), max_size=2)), reason=reason)
    usage, grounded = draw(_USAGES), draw(st.integers(0, 5)) == 0
    if grounded:
        pages = [{"web": {"uri": "https://a.example", "title": "A"}}]
        said["candidates"][0]["groundingMetadata"] = {"groundingChunks": pages}
    if draw(st.booleans()):
        said.pop("responseId")
    return said if usage is None else {**said, "usageMetadata": usage}


@given(st.lists(_chunks(), max_size=8))
def test_what_is_told_does_not_depend_on_how_usual_it_is(chunks: list[dict[str, Any]]) -> None:
    quickly = told(*chunks)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stream_reader, "usual_chunk", lambda _: None)
        in_full = told(*chunks)

    assert [_nameless(each) for each in quickly] == [_nameless(each) for each in in_full]


def _nameless(event: chat.Event) -> object:
    return event.key if isinstance(event, chat.CallStarted) else event


def test_no_tokens_at_all_say_nothing_of_them() -> None:
    counted, empty = {"promptTokenCount": 3}, answer({"text": "b"}, usageMetadata={})
    events = told(answer({"text": "a"}, usageMetadata=counted), empty)

    assert [each for each in events if isinstance(each, chat.UsageSeen)] == [chat.UsageSeen(Usage(tokens_in=3))]
