"""A client's request, read; there and back it stays the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Abilities, BadRequest, chat
from korproxy.builtin.dialects.gemini_format.request_reader import read_request
from korproxy.builtin.dialects.gemini_format.request_writer import write_request
from tests.fakes.json_bodies import VALUES

PATH = "/v1beta/models/gemini-3-pro:generateContent"
CONTENTS = [{"role": "user", "parts": [{"text": "Hi"}]}]
GEMINI = Abilities(family="google", audio=True, prefill=False, reasoning="level", efforts=("minimal", "low", "medium", "high"))


def read(body: Any, path: str = PATH) -> tuple[chat.Conversation, chat.Asked, dict[str, str]]:
    report = chat.Report()
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    conversation, asked = read_request(path, text, report)
    return conversation, asked, {each.pointer: each.fate for each in report.notes}


def test_model_and_stream_are_read_from_the_path() -> None:
    assert read({"contents": CONTENTS})[1] == chat.Asked(model="gemini-3-pro", stream=False, usage=True)
    assert read({"contents": CONTENTS}, "/v1beta/models/a:streamGenerateContent")[1].stream is True


def test_everything_is_read_and_the_rest_reported() -> None:
    body = {
        "contents": CONTENTS,
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "tools": [{"functionDeclarations": [{"name": "f"}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {"maxOutputTokens": 5},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
        "labels": {"a": "b"},
        "model": "models/x",
        "newOne": 1,
    }
    conversation, _, fates = read(body)

    assert conversation == chat.Conversation(
        turns=(
            chat.Turn(role="system", parts=(chat.Text(text="Be kind."),)),
            chat.Turn(role="user", parts=(chat.Text(text="Hi"),)),
        ),
        tools=(chat.Tool(name="f"),),
        choice=chat.ToolChoice(mode="any"),
        options=chat.Options(max_tokens=5),
    )
    assert fates == {"/safetySettings": "lost", "/labels": "lost", "/model": "lost", "/newOne": "lost"}


@pytest.mark.parametrize("key", ["cachedContent", "cached_content", "continuationToken"])
def test_what_lies_at_googles_is_refused(key: str) -> None:
    with pytest.raises(chat.CannotCarry, match="Gemini") as caught:
        read({"contents": CONTENTS, key: "x"})

    assert caught.value.pointer == f"/{key}"


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b"{}", b'{"contents":"Hi"}', b"[" * 100_000], ids=lambda body: repr(body[:9])
)
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        read(body)

    assert caught.value.code == "KP-SYS-509"


@pytest.mark.code("KP-SYS-519")
def test_a_path_without_a_model_is_refused() -> None:
    with pytest.raises(BadRequest) as caught:
        read({"contents": CONTENTS}, "/v1beta/models")

    assert caught.value.code == "KP-SYS-519"


def test_numbers_and_halves_of_characters_that_json_allows_are_read() -> None:
    conversation, _, _ = read(rb'{"contents":[{"parts":[{"text":"\ud83d"}]}],"generationConfig":{"temperature":1e400}}')

    assert conversation.turns[0].parts == (chat.Text(text="\ufffd"),)


def test_there_and_back_a_request_stays_the_same() -> None:
    body = {
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}]},
            {
                "role": "model",
                "parts": [
                    {"text": "plan", "thought": True, "thoughtSignature": "CiQB"},
                    {"text": "Let me see."},
                    {"functionCall": {"id": "c1", "name": "read", "args": {"p": "a"}}, "thoughtSignature": "CiQC"},
                    {"functionCall": {"id": "c2", "name": "read", "args": {"p": "b"}}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"id": "c1", "name": "read", "response": {"result": "x"}}},
                    {"functionResponse": {"id": "c2", "name": "read", "response": {"error": "No."}}},
                ],
            },
        ],
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "read",
                        "description": "Read.",
                        "parameters": {"type": "OBJECT", "properties": {"p": {"type": "STRING", "nullable": True}}},
                    }
                ]
            }
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["read"]}},
        "generationConfig": {
            "maxOutputTokens": 100,
            "temperature": 0.5,
            "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
            "responseMimeType": "application/json",
            "thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True},
        },
    }
    conversation, _, fates = read(body)
    report = chat.Report()
    written = write_request(conversation, chat.Target(model="m", stream=False, abilities=GEMINI), report)

    assert (fates, report.notes) == ({}, [])
    assert json.loads(written.body) == body


KEYS = [
    "role",
    "parts",
    "text",
    "thought",
    "functionCall",
    "functionResponse",
    "inlineData",
    "name",
    "args",
    "response",
    "data",
]
ODD = st.recursive(
    VALUES, lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=4) | st.lists(inner, max_size=3)
)


@given(
    st.fixed_dictionaries(
        {"contents": ODD},
        optional=dict.fromkeys(["systemInstruction", "tools", "toolConfig", "generationConfig"], ODD),
    )
)
def test_no_body_breaks_the_reader(body: dict[str, Any]) -> None:
    try:
        conversation, _, _ = read(body)
    except (BadRequest, chat.CannotCarry) as refusal:
        assert str(refusal)  # noqa: PT017 -- the law is that nothing else is raised
        return
    assert isinstance(conversation, chat.Conversation)
