"""Parts of an answer as events."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.gemini_format.said import answer, call, inner, told

SEAL = chat.Seal(family="google", data="CiQB")


def events(*parts: dict[str, Any]) -> list[chat.Event]:
    return inner(told(answer(*parts, reason="STOP")))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([{"text": "Hi"}], [chat.TextDelta("Hi")]),
        ([{"text": ""}, {"text": None}, {}], []),
        ([{"text": "plan", "thought": True}], [chat.ReasoningDelta("plan"), chat.ReasoningEnded()]),
        (
            [{"text": "pl", "thought": True}, {"text": "an", "thought": True}, {"text": "Hi"}],
            [chat.ReasoningDelta("pl"), chat.ReasoningDelta("an"), chat.ReasoningEnded(), chat.TextDelta("Hi")],
        ),
        ([{"text": "Hi", "thought": False}], [chat.TextDelta("Hi")]),
    ],
)
def test_text_and_thoughts_are_told_in_their_order(parts: list[dict[str, Any]], expected: list[chat.Event]) -> None:
    assert events(*parts) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        # Of the thoughts before it, wherever it comes.
        (
            [{"text": "plan", "thought": True, "thoughtSignature": "CiQB"}],
            [chat.ReasoningDelta("plan"), chat.ReasoningEnded(seal=SEAL)],
        ),
        (
            [{"text": "plan", "thought": True}, {"text": "", "thoughtSignature": "CiQB"}],
            [chat.ReasoningDelta("plan"), chat.ReasoningEnded(seal=SEAL)],
        ),
        (
            [{"text": "plan", "thought": True}, {"thought": True, "thoughtSignature": "CiQB"}],
            [chat.ReasoningDelta("plan"), chat.ReasoningEnded(seal=SEAL)],
        ),
        # Of a text: behind it, as Gemini itself streams it.
        ([{"text": "Hi", "thoughtSignature": "CiQB"}], [chat.TextDelta("Hi"), chat.ReasoningEnded(seal=SEAL)]),
        (
            [{"text": "Hi"}, {"text": "", "thoughtSignature": "CiQB"}],
            [chat.TextDelta("Hi"), chat.ReasoningEnded(seal=SEAL)],
        ),
        ([{"text": "Hi", "thoughtSignature": 7}, {"text": "", "thoughtSignature": ""}], [chat.TextDelta("Hi")]),
    ],
)
def test_signatures_seal_reasoning(parts: list[dict[str, Any]], expected: list[chat.Event]) -> None:
    assert events(*parts) == expected


def test_a_call_comes_whole_with_its_own_seal_and_closes_the_reasoning() -> None:
    found = events({"text": "plan", "thought": True}, call(id="fc1", args={"path": "a"}, thoughtSignature="CiQB"))

    assert found == [
        chat.ReasoningDelta("plan"),
        chat.ReasoningEnded(),
        chat.CallStarted(key=0, id="fc1", name="read", seal=SEAL),
        chat.CallDelta(0, '{"path": "a"}'),
        chat.CallEnded(0),
    ]


def test_ids_that_are_missing_are_made_of_the_answers_own() -> None:
    found = events(call("read"), call("write", id=""), call("list", id="own"), call("read", id=7))
    started = [each for each in found if isinstance(each, chat.CallStarted)]

    assert [each.id for each in started] == ["call_abc_0", "call_abc_1", "own", "call_abc_3"]
    assert [each.key for each in started] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, "{}"),
        (None, "{}"),
        ("text", '{"value":"text"}'),
        ([1], '{"value":[1]}'),
    ],
)
def test_arguments_are_an_object(args: object, expected: str) -> None:
    assert events(call(args=args))[1] == chat.CallDelta(0, expected)


def test_edge_11_a_call_without_arguments_has_an_empty_object() -> None:
    started = chat.CallStarted(key=0, id="call_abc_0", name="read")

    assert events(call()) == [started, chat.CallDelta(0, "{}"), chat.CallEnded(0)]


@pytest.mark.parametrize("name", [None, "", 7])
def test_a_call_without_a_name_is_unreadable(name: object) -> None:
    with pytest.raises(chat.Unreadable, match="no name"):
        events({"functionCall": {"name": name}})


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
            chat.Image(blob=chat.Blob(media_type="image/png", data="iVBO")),
        ),
        (
            {"inlineData": {"mime_type": "audio/wav", "data": "UklG", "displayName": "a.wav"}},
            chat.Document(blob=chat.Blob(media_type="audio/wav", data="UklG"), title="a.wav"),
        ),
        (
            {"fileData": {"mimeType": "image/png", "fileUri": "gs://b/a.png"}},
            chat.Image(blob=chat.Blob(media_type="image/png", url="gs://b/a.png")),
        ),
        (
            {"file_data": {"mime_type": "application/pdf", "file_uri": "gs://b/a.pdf"}},
            chat.Document(blob=chat.Blob(media_type="application/pdf", url="gs://b/a.pdf")),
        ),
    ],
)
def test_what_the_model_made_comes_whole(part: dict[str, Any], expected: chat.Image | chat.Document) -> None:
    assert events({"text": "plan", "thought": True}, part)[2:] == [chat.PartAdded(expected)]


@pytest.mark.parametrize("part", [{"inlineData": 7}, {"inlineData": {"data": ""}}, {"fileData": {}}, {"executableCode": "x"}])
def test_empty_parts_say_nothing(part: dict[str, Any]) -> None:
    assert events(part) == []


def test_code_that_gemini_ran_itself_is_text_between_fences() -> None:
    found = events(
        {"executableCode": {"language": "PYTHON", "code": "print(1)\n"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
        {"executableCode": {"language": "LANGUAGE_UNSPECIFIED", "code": "x"}},
    )

    assert found == [
        chat.TextDelta("\n```python\nprint(1)\n```\n"),
        chat.TextDelta("\n```\n1\n```\n"),
        chat.TextDelta("\n```\nx\n```\n"),
    ]
