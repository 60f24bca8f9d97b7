"""Turns of a client's request, read."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.content_reader import read_contents, read_system
from korproxy.builtin.dialects.gemini_format.seals import ANY_SIGNATURE

SEAL = chat.Seal(family="google", data="CiQB")
PNG = "iVBORw0KGgoAAAANSUhEUg=="


def read(body: Any, text: bytes | None = None) -> tuple[list[chat.Turn], dict[str, str]]:
    report = chat.Report()
    written = text if text is not None else json.dumps(body).encode()
    turns = list(read_contents(chat.Fields(body, "", report), written))
    return turns, {each.pointer: each.fate for each in report.notes}


def parts(*given: dict[str, Any], role: str = "user") -> tuple[tuple[chat.Part, ...], dict[str, str]]:
    (turn,), fates = read({"contents": [{"role": role, "parts": list(given)}]})
    return turn.parts, fates


def only(given: dict[str, Any], role: str = "user") -> Any:
    (found,), fates = parts(given, role=role)
    assert fates == {}
    return found


@pytest.mark.parametrize(
    ("role", "expected"), [("user", "user"), ("model", "assistant"), ("function", "user"), ("tool", "user"), (None, "user")]
)
def test_roles_are_read(role: str | None, expected: chat.Role) -> None:
    content = {"parts": [{"text": "Hi"}]} | ({"role": role} if role else {})
    (turn,), _ = read({"contents": [content]})

    assert (turn.role, turn.parts, turn.at) == (expected, (chat.Text(text="Hi"),), "/contents/0")


def test_one_content_may_stand_for_a_list() -> None:
    (turn,), fates = read({"contents": {"parts": [{"text": "Hi"}]}})

    assert (turn.parts, turn.at, fates) == ((chat.Text(text="Hi"),), "/contents", {})


def test_a_role_that_nobody_knows_is_refused() -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        read({"contents": [{"role": "narrator", "parts": []}]})

    assert caught.value.pointer == "/contents/0/role"


def test_thoughts_and_seals_are_read() -> None:
    found, _ = parts(
        {"text": "plan", "thought": True, "thoughtSignature": "CiQB"},
        {"text": "Yes", "thoughtSignature": "CiQB"},
        {"text": "", "thoughtSignature": "CiQB"},
        {"text": "", "thought": True},
        {"text": "hm", "thought_signature": ANY_SIGNATURE, "thought": True},
        role="model",
    )

    assert found == (
        chat.Reasoning(text="plan", seal=SEAL),
        chat.Text(text="Yes"),
        chat.Reasoning(seal=SEAL),
        chat.Reasoning(seal=SEAL),
        chat.Reasoning(text="hm"),
    )


def test_seals_know_where_they_stood() -> None:
    found, _ = parts(
        {"text": "plan", "thought": True, "thoughtSignature": "CiQB"},
        {"functionCall": {"name": "read"}, "thought_signature": "CiQB"},
        {"text": "Yes", "thoughtSignature": "CiQB"},
        role="model",
    )

    thought, call, _, bare = found
    assert isinstance(thought, chat.Reasoning)
    assert isinstance(call, chat.ToolCall)
    assert isinstance(bare, chat.Reasoning)
    assert [thought.at, bare.at] == ["/contents/0/parts/0", "/contents/0/parts/2/thoughtSignature"]
    assert [None if each.seal is None else each.seal.at for each in (thought, call, bare)] == [
        "/contents/0/parts/0/thoughtSignature",
        "/contents/0/parts/1/thought_signature",
        "/contents/0/parts/2/thoughtSignature",
    ]


def test_a_name_of_a_picture_is_lost_for_others_have_no_place_for_it() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": PNG, "displayName": "a.png"}}
    result = {"functionResponse": {"id": "c1", "name": "look", "response": {}, "parts": [picture]}}

    assert parts(picture)[1] == {"/contents/0/parts/0/inlineData/displayName": "lost"}
    assert parts(result)[1] == {"/contents/0/parts/0/functionResponse/parts/0/inlineData/displayName": "lost"}


def test_a_call_keeps_its_arguments_byte_for_byte() -> None:
    args = '{"b": 1.10, "a": [1e400, 12345678901234567890123], "t": "\\u00e9"}'
    text = f'{{"contents":[{{"role":"model","parts":[{{"text":"x"}},{{"functionCall":{{"name":"f","args":{args}}}}}]}}]}}'
    body = {"contents": [{"role": "model", "parts": [{"text": "x"}, {"functionCall": {"name": "f", "args": {}}}]}]}
    (turn,), _ = read(body, text.encode())

    assert turn.parts[1] == chat.ToolCall(id="", name="f", arguments=args)


def test_edge_35_ids_and_names_may_be_missing() -> None:
    assert only({"functionCall": {"name": "f"}}, "model") == chat.ToolCall(id="", name="f", arguments="{}")
    assert only({"functionResponse": {"response": {"result": "x"}}}) == chat.ToolResult(
        call_id="", parts=(chat.Text(text="x"),)
    )


def test_a_calls_seal_is_read_and_a_placeholder_is_none() -> None:
    sealed = only({"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}, "thoughtSignature": "CiQB"}, "model")

    assert sealed == chat.ToolCall(id="c", name="f", arguments='{"a": 1}', seal=SEAL)
    assert only({"functionCall": {"name": "f"}, "thoughtSignature": ANY_SIGNATURE}, "model").seal is None


def test_edge_47_snake_case_is_read() -> None:
    found, fates = parts(
        {"function_response": {"id": "c", "name": "f", "response": {"output": "x"}}},
        {"inline_data": {"mime_type": "image/png", "data": PNG}},
    )

    assert found[0] == chat.ToolResult(call_id="c", name="f", parts=(chat.Text(text="x"),))
    assert found[1] == chat.Image(blob=chat.Blob(media_type="image/png", data=PNG))
    assert fates == {}
    assert only({"function_call": {"name": "f", "args": {"n": 1}}}, "model").arguments == '{"n": 1}'


@pytest.mark.parametrize(
    ("response", "text", "error"),
    [
        ({"result": "x"}, "x", False),
        ({"output": "x"}, "x", False),
        ({"error": "No."}, "No.", True),
        ({"temperature": 20}, '{"temperature": 20}', False),
        ({"result": [1]}, '{"result": [1]}', False),
        ({"result": "x", "more": 1}, '{"result": "x", "more": 1}', False),
    ],
)
def test_a_response_is_the_text_that_the_tool_gave(response: Any, text: str, error: bool) -> None:
    found = only({"functionResponse": {"id": "c", "name": "f", "response": response}})

    assert found == chat.ToolResult(call_id="c", name="f", parts=(chat.Text(text=text),), error=error)


def test_an_empty_response_has_no_parts() -> None:
    assert only({"functionResponse": {"name": "f", "response": {}}}).parts == ()
    assert only({"functionResponse": {"name": "f"}}).parts == ()


def test_pictures_inside_a_response_stay_with_it() -> None:
    inline = {"inlineData": {"mimeType": "image/png", "data": PNG}}
    found, fates = parts(
        {"functionResponse": {"name": "f", "response": {"result": "x"}, "parts": [inline], "willContinue": True}}
    )

    assert found == (
        chat.ToolResult(
            call_id="", name="f", parts=(chat.Text(text="x"), chat.Image(blob=chat.Blob(media_type="image/png", data=PNG)))
        ),
    )
    assert fates == {"/contents/0/parts/0/functionResponse/willContinue": "lost"}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {"inlineData": {"mimeType": "image/jpeg", "data": PNG}},
            chat.Image(blob=chat.Blob(media_type="image/png", data=PNG)),
        ),
        (
            {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
            chat.Audio(blob=chat.Blob(media_type="audio/wav", data="UklGRg==")),
        ),
        (
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0xLjQK", "displayName": "a.pdf"}},
            chat.Document(blob=chat.Blob(media_type="application/pdf", data="JVBERi0xLjQK"), title="a.pdf"),
        ),
        (
            {"inlineData": {"mimeType": "text/plain", "data": base64.b64encode(b"Bees.").decode()}},
            chat.Document(text="Bees."),
        ),
        (
            {"fileData": {"mimeType": "image/png", "fileUri": "https://example.test/a.png"}},
            chat.Image(blob=chat.Blob(media_type="image/png", url="https://example.test/a.png")),
        ),
        (
            {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/a.pdf"}},
            chat.Document(blob=chat.Blob(media_type="application/pdf", file="gs://b/a.pdf")),
        ),
    ],
)
def test_edge_52_media_are_read_by_their_type(part: Any, expected: chat.Part) -> None:
    assert only(part) == expected


def test_films_are_refused() -> None:
    with pytest.raises(chat.CannotCarry, match="films") as caught:
        parts({"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}})

    assert caught.value.pointer == "/contents/0/parts/0"


def test_code_that_gemini_ran_is_text() -> None:
    found, fates = parts(
        {"executableCode": {"language": "PYTHON", "code": "1"}}, {"codeExecutionResult": {"output": "1"}}, role="model"
    )

    assert found == (chat.Text(text="```python\n1\n```"), chat.Text(text="```\n1\n```"))
    assert set(fates.values()) == {"mapped"}


def test_what_only_gemini_takes_is_lost() -> None:
    assert parts({"text": "x", "videoMetadata": {"fps": 1}, "toolCall": {}})[1] == {
        "/contents/0/parts/0/videoMetadata": "lost",
        "/contents/0/parts/0/toolCall": "lost",
    }


@pytest.mark.parametrize("key", ["systemInstruction", "system_instruction"])
def test_system_text_is_read_in_both_spellings(key: str) -> None:
    report = chat.Report()
    body = {key: {"role": "user", "parts": [{"text": "Be kind."}, {"text": ""}, {"inlineData": {}}]}}
    (turn,) = read_system(chat.Fields(body, "", report))

    assert (turn.role, turn.parts, turn.at) == ("system", (chat.Text(text="Be kind."),), f"/{key}")
    assert report.losses == (f"/{key}/parts/2/inlineData",)


def test_system_text_may_be_a_string_or_nothing() -> None:
    (turn,) = read_system(chat.Fields({"systemInstruction": "Be kind."}, "", chat.Report()))

    assert turn.parts == (chat.Text(text="Be kind."),)
    assert list(read_system(chat.Fields({"systemInstruction": {"parts": []}}, "", chat.Report()))) == []
    assert list(read_system(chat.Fields({}, "", chat.Report()))) == []
