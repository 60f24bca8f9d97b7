"""A whole answer, written; there and back it stays the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.gemini_format.answer_reader import read_answer
from korproxy.builtin.dialects.gemini_format.answer_writer import is_torn, write_answer

END = chat.Ending(reason="end")
SEAL = chat.Seal(family="google", data="CiQB")


def write(*parts: chat.Part, ending: chat.Ending = END, **more: Any) -> Any:
    answer = chat.Answer(parts=parts, ending=ending, **more)
    return json.loads(write_answer(answer, chat.Asked(model="asked/for")))


def parts(*given: chat.Part, ending: chat.Ending = END) -> Any:
    return write(*given, ending=ending)["candidates"][0].get("content", {}).get("parts")


def test_an_answer_has_one_candidate_the_usage_and_the_model_asked_for() -> None:
    assert write(chat.Text(text="Hi"), id="msg_1", model="real", usage=Usage(tokens_in=5, tokens_out=2)) == {
        "candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7},
        "modelVersion": "asked/for",
        "responseId": "msg_1",
    }


def test_parts_stay_in_their_order() -> None:
    call = chat.ToolCall(id="c1", name="read", arguments='{"p": 1}', seal=SEAL)

    assert parts(chat.Reasoning(text="plan", seal=SEAL), chat.Text(text="Hi"), chat.Text(text=""), call) == [
        {"text": "plan", "thought": True},
        {"text": "", "thought": True, "thoughtSignature": "CiQB"},
        {"text": "Hi"},
        {"functionCall": {"id": "c1", "name": "read", "args": {"p": 1}}, "thoughtSignature": "CiQB"},
    ]


def test_edge_11_no_arguments_are_an_empty_object() -> None:
    assert parts(chat.ToolCall(id="c", name="f", arguments=""))[0]["functionCall"]["args"] == {}


def test_bare_text_is_the_input_of_a_call() -> None:
    call = chat.ToolCall(id="c", name="f", arguments="*** patch", freeform=True)

    assert parts(call)[0]["functionCall"]["args"] == {"input": "*** patch"}


def test_a_call_that_was_cut_off_is_not_told() -> None:
    torn = chat.ToolCall(id="c", name="f", arguments='{"a": ')

    assert parts(torn, ending=chat.Ending(reason="length")) is None
    assert parts(torn)[0]["functionCall"]["args"] == {"_raw": '{"a": '}


@pytest.mark.parametrize(
    ("arguments", "freeform", "torn"),
    [('{"a":1}', False, False), ("", False, False), ('{"a"', False, True), ("a", True, False)],
)
def test_arguments_are_torn_or_whole(arguments: str, freeform: bool, torn: bool) -> None:
    assert is_torn(arguments, freeform=freeform) is torn


def test_edge_88_a_refusal_is_no_success() -> None:
    refusal = chat.Ending(reason="refusal", explanation="I may not.", category="cyber")

    assert write(ending=refusal)["candidates"] == [{"finishReason": "SAFETY", "finishMessage": "I may not.", "index": 0}]
    assert parts(chat.Refusal(text="No."), ending=refusal) == [{"text": "No."}]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            chat.Image(blob=chat.Blob(media_type="image/png", data="iVBO")),
            {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
        ),
        (chat.Image(blob=chat.Blob(data="iVBO")), {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}),
        (
            chat.Image(blob=chat.Blob(media_type="image/png", url="https://x.test/a")),
            {"fileData": {"mimeType": "image/png", "fileUri": "https://x.test/a"}},
        ),
        (
            chat.Document(blob=chat.Blob(file="f1")),
            {"fileData": {"mimeType": "application/octet-stream", "fileUri": "f1"}},
        ),
        (chat.Document(text="Bees."), {"text": "Bees."}),
    ],
)
def test_what_the_model_made_is_told(part: chat.Part, expected: Any) -> None:
    assert parts(part) == [expected]


def test_there_and_back_an_answer_stays_the_same() -> None:
    answer = chat.Answer(
        id="abc",
        model="m",
        parts=(
            chat.Reasoning(text="plan", seal=SEAL),
            chat.Text(text="Hi"),
            chat.ToolCall(id="c1", name="read", arguments='{"b": 1.10, "a": 1e400}', seal=SEAL),
        ),
        ending=chat.Ending(reason="tools"),
        usage=Usage(tokens_in=5, cache_read=3, tokens_out=7, reasoning=2),
    )

    assert read_answer(write_answer(answer, chat.Asked(model="m"))) == answer
