"""What a provider received is told alike for all formats, and what it would refuse is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from korproxy_conformance.arrivals import READERS
from korproxy_conformance.arrivals.story import picture
from korproxy_conformance.cases.samples import PNG
from korproxy_conformance.clients.client import data_url, encoded
from korproxy_conformance.names import CHAT, GEMINI, MESSAGES, RESPONSES
from korproxy_conformance.place import Place
from korproxy_conformance.wrong import Wrong

Change = Callable[[Any], object]
SCHEMA = {"type": "object", "properties": {}}
FUNCTION = {"name": "look", "parameters": SCHEMA}
IMAGE: dict[str, Any] = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": encoded(PNG)}}
BLOB = {"inlineData": {"mimeType": "image/png", "data": encoded(PNG)}}
INPUT_IMAGE = {"type": "input_image", "image_url": data_url(PNG)}
BODIES: dict[str, dict[str, Any]] = {
    CHAT: {
        "model": "m",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            {
                "role": "assistant",
                "content": "I look.",
                "reasoning_content": "hm",
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "seen"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": data_url(PNG)}}]},
        ],
        "tools": [{"type": "function", "function": FUNCTION}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
    },
    RESPONSES: {
        "model": "m",
        "stream": True,
        "input": [
            {"role": "developer", "content": "Be brief."},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "seal"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
            {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"a": 1}'},
            {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "seen"}, INPUT_IMAGE]},
        ],
        "tools": [{"type": "function", **FUNCTION}],
        "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}},
    },
    MESSAGES: {
        "model": "m",
        "max_tokens": 7,
        "stream": True,
        "messages": [
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "seal"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "c1", "name": "look", "input": {"a": 1}},
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "seen"}, IMAGE]}],
            },
        ],
        "tools": [{"name": "look", "input_schema": SCHEMA}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    },
    GEMINI: {
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {
                "role": "model",
                "parts": [
                    {"text": "hm", "thought": True},
                    {"text": "I look."},
                    {"functionCall": {"name": "look", "args": {"a": 1}}, "thoughtSignature": "seal"},
                ],
            },
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "look", "response": {"result": "seen"}, "parts": [BLOB]}}],
            },
        ],
        "tools": [{"functionDeclarations": [FUNCTION]}],
        "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
    },
}
PATH = "/gemini/v1beta/models/m:streamGenerateContent"


@pytest.mark.parametrize("form", BODIES)
def test_the_same_story_is_told_in_every_format(form: str) -> None:
    arrival = READERS[form](Place(BODIES[form]), PATH)
    assert (arrival.model, arrival.streamed, arrival.tools, arrival.schema) == ("m", True, {"look": SCHEMA}, SCHEMA)
    assert arrival.seals == (() if form == CHAT else ("seal",))
    last = ("user", "image", picture(PNG)) if form == CHAT else ("user", "result image", 0, picture(PNG))
    assert [each for each in arrival.story if each[0] != "system"] == [
        ("user", "text", "Hi"),
        ("model", "thought", "hm"),
        ("model", "text", "I look."),
        ("model", "call", "look", {"a": 1}),
        ("user", "result", 0, "seen"),
        last,
    ]
    assert (len(arrival.spoken), arrival.pictures) == (len(arrival.story) - 1, [picture(PNG)])


def snaked(value: Any) -> Any:
    names = {"functionCall": "function_call", "functionResponse": "function_response", "thoughtSignature": "thought_signature"}
    names |= {"inlineData": "inline_data", "mimeType": "mime_type", "functionDeclarations": "function_declarations"}
    names |= {"generationConfig": "generation_config", "responseMimeType": "response_mime_type"}
    names |= {"responseJsonSchema": "response_json_schema"}
    if isinstance(value, dict):
        return {names.get(name, name): snaked(each) for name, each in value.items()}
    return [snaked(each) for each in value] if isinstance(value, list) else value


def test_both_spellings_of_gemini_are_read() -> None:
    read = READERS[GEMINI]
    assert read(Place(snaked(BODIES[GEMINI])), PATH) == read(Place(BODIES[GEMINI]), PATH)


def cut(form: str, listed: str, *numbers: int) -> dict[str, Any]:
    """Return the body of *form* without some of its turns."""
    body = BODIES[form]
    return {**body, listed: [each for at, each in enumerate(body[listed]) if at not in numbers]}


NO_RESULT = [
    (CHAT, cut(CHAT, "messages", 3)),
    (CHAT, cut(CHAT, "messages", 3, 4)),
    (RESPONSES, cut(RESPONSES, "input", 5)),
    (MESSAGES, {**BODIES[MESSAGES], "messages": [*BODIES[MESSAGES]["messages"][:2], {"role": "user", "content": "Well?"}]}),
    (GEMINI, {**BODIES[GEMINI], "contents": [*BODIES[GEMINI]["contents"][:2], {"role": "user", "parts": [{"text": "Well?"}]}]}),
]


@pytest.mark.parametrize(("form", "body"), NO_RESULT)
def test_a_call_without_its_result_is_found(form: str, body: Any) -> None:
    with pytest.raises(Wrong, match="a result for each call before anything else"):
        READERS[form](Place(body), PATH)


NO_CALL = [
    (CHAT, cut(CHAT, "messages", 2)),
    (RESPONSES, cut(RESPONSES, "input", 4)),
    (MESSAGES, {**BODIES[MESSAGES], "messages": [BODIES[MESSAGES]["messages"][2]]}),
    (GEMINI, {**BODIES[GEMINI], "contents": [BODIES[GEMINI]["contents"][2]]}),
]


@pytest.mark.parametrize(("form", "body"), NO_CALL)
def test_a_result_without_its_call_is_found(form: str, body: Any) -> None:
    with pytest.raises(Wrong, match="the result of a call that is open"):
        READERS[form](Place(body), PATH)


@pytest.mark.parametrize(("form", "listed"), [(MESSAGES, "messages"), (GEMINI, "contents")])
def test_two_turns_of_one_role_are_found(form: str, listed: str) -> None:
    first = BODIES[form][listed][0]
    with pytest.raises(Wrong, match=r"in turns; came .* at /\w+/1/role"):
        READERS[form](Place({**BODIES[form], listed: [first, *BODIES[form][listed]]}), PATH)


def test_a_picture_that_is_no_base64_is_found() -> None:
    broken = {**IMAGE, "source": {**IMAGE["source"], "data": "no!"}}
    body = {**BODIES[MESSAGES], "messages": [{"role": "user", "content": [broken]}]}
    with pytest.raises(Wrong, match="expected base64"):
        READERS[MESSAGES](Place(body), PATH)


def test_a_path_without_a_model_is_found() -> None:
    with pytest.raises(Wrong, match="at the path"):
        READERS[GEMINI](Place(BODIES[GEMINI]), "/v1beta/models")
