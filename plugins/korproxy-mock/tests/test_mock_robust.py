"""No JSON brings the mock down: whatever comes in, an answer in the vendor's shape goes out."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from korproxy_mock.anthropic_read import signature_for
from korproxy_mock.gemini_signatures import call_signature, text_signature
from korproxy_mock.record import Received
from korproxy_mock.replies import Reply, Rules, reply_to
from korproxy_mock.responses_seals import seal_for
from korproxy_mock.server import FORMATS

WORDS = st.sampled_from(
    [
        "user", "assistant", "system", "tool", "text", "image", "image_url", "tool_use", "tool_result", "thinking", "function",
        "object", "type", "role", "content", "id", "c1", "name", "input", "auto", "any", "enabled", "json_schema", "o3",
        "input_text", "output_text", "input_image", "function_call", "function_call_output", "reasoning", "namespace",
        "custom", "grammar", "claude-opus-5", "{{mock: tool=a}}", "{{mock: words=3 split=char}}",
        "data:image/png;base64,AAAA", "\ud800", "",
    ]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-2, 3000) | st.floats(allow_nan=False, allow_infinity=False) | WORDS
KEYS = st.sampled_from(
    [
        "type", "role", "content", "text", "tool_calls", "tool_call_id", "function", "id", "name", "arguments", "input",
        "tool_use_id", "image_url", "url", "thinking", "signature", "input_schema", "parameters", "properties", "required",
        "budget_tokens", "include_usage", "json_schema", "schema", "format", "media_type", "data", "$ref", "items",
        "cache_control", "source", "enum", "parts", "functionCall", "function_response", "inlineData", "thoughtSignature",
        "args", "anyOf", "call_id", "output", "summary", "encrypted_content", "namespace", "tools", "mode", "effort",
    ]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)
FIELDS = st.sampled_from(
    [
        "stream", "stream_options", "tools", "tool_choice", "n", "temperature", "max_tokens", "response_format", "system",
        "thinking", "output_config", "stop_sequences", "parallel_tool_calls", "max_completion_tokens", "reasoning_effort",
        "stop", "input", "instructions", "text", "reasoning", "include", "metadata", "max_output_tokens", "store", "prompt",
        "conversation", "previous_response_id", "dimensions", "encoding_format", "suffix", "echo", "logprobs", "best_of",
    ]
)  # fmt: skip
BLOCKS = st.dictionaries(KEYS, VALUES, max_size=5) | st.fixed_dictionaries(
    {"type": WORDS}, optional={"text": WORDS, "id": WORDS}
)
MESSAGES = st.lists(
    VALUES
    | st.fixed_dictionaries({"role": WORDS, "content": WORDS | st.lists(BLOCKS, max_size=3)}, optional={"tool_calls": VALUES}),
    max_size=4,
)
BODIES = st.builds(
    lambda rest, messages, model: {"max_tokens": 100, **rest, "messages": messages, "model": model},
    st.dictionaries(FIELDS, VALUES, max_size=5),
    MESSAGES | VALUES,
    st.just("m") | VALUES,
)


GEMINI_PATH = "/v1beta/models/gemini-3.5-flash:streamGenerateContent"


def answered(path: str, body: Any, *, strict: bool = False) -> Reply:
    headers = [("authorization", "Bearer k"), ("anthropic-version", "2023-06-01")]
    received = Received(method="POST", path=path, headers=headers, body=json.dumps(body).encode())
    return reply_to(received, 1, FORMATS, Rules(strict=strict), lambda *_: None)


@given(st.sampled_from(["/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens"]), BODIES, st.booleans())
def test_any_json_gets_an_answer(path: str, body: dict[str, Any], strict: bool) -> None:
    reply = answered(path, body, strict=strict)
    assert reply.status in {200, 400, 404}
    if reply.steps is None:
        json.loads(reply.body)


OPENAI_PATHS = st.sampled_from(
    ["/v1/responses", "/v1/responses/compact", "/v1/responses/input_tokens", "/v1/embeddings", "/v1/completions"]
)
INPUTS = st.fixed_dictionaries({"model": st.just("m") | VALUES}, optional={"input": MESSAGES | VALUES, "prompt": VALUES})


@given(OPENAI_PATHS, INPUTS, st.dictionaries(FIELDS, VALUES, max_size=5), st.booleans())
def test_any_json_gets_an_answer_from_openais_other_endpoints(
    path: str, body: dict[str, Any], rest: dict[str, Any], strict: bool
) -> None:
    reply = answered(path, {**rest, **body}, strict=strict)
    assert reply.status in {200, 400, 403, 404}
    if reply.steps is None:
        json.loads(reply.body)


GEMINI_METHODS = st.sampled_from(
    ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"]
)


@given(GEMINI_METHODS, st.dictionaries(st.sampled_from(["contents", "content", "requests", "tools", "toolConfig"]), VALUES))
def test_any_json_gets_an_answer_from_gemini(method: str, body: dict[str, Any]) -> None:
    reply = answered(f"/v1beta/models/gemini-2.5-pro:{method}", body)
    assert reply.status in {200, 400}
    if reply.steps is None:
        json.loads(reply.body)


OPENAI: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [
        {"role": "developer", "content": "be kind"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
        {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "ls", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "a"}]},
        {"role": "user", "content": "{{mock: usage=1/2}} weather"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "weather", "parameters": {"type": "object", "properties": {}, "required": ["city"]}},
        },
        {"type": "custom", "custom": {"name": "raw"}, "function": {}},
    ],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"enum": [1]}}},
    "stream": True,
    "stream_options": {"include_usage": True},
    "n": 2,
}
ANTHROPIC: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 2000,
    "system": [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": signature_for("hm")},
                {"type": "tool_use", "id": "t", "name": "ls", "input": {}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "a"}]}]},
        {"role": "user", "content": "{{mock: usage=1/2 stop=stop_sequence}} weather"},
    ],
    "tools": [{"name": "weather", "input_schema": {"type": "object", "properties": {}, "required": ["city"]}}],
    "tool_choice": {"type": "auto"},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "output_config": {"format": {"type": "json_schema", "schema": {"$ref": "#/a"}}},
    "stop_sequences": ["a"],
    "stream": True,
}


GEMINI: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "be kind"}]},
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "look"},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                {"fileData": {"fileUri": "gs://a"}},
            ],
        },
        {
            "role": "model",
            "parts": [
                {
                    "functionCall": {"id": "1", "name": "ls", "args": {"a": 1}},
                    "thoughtSignature": call_signature("ls", {"a": 1}),
                }
            ],
        },
        {"role": "user", "parts": [{"functionResponse": {"id": "1", "name": "ls", "response": {"result": "a"}}}]},
        {
            "role": "model",
            "parts": [{"text": "so", "thought": True}, {"text": "done", "thoughtSignature": text_signature("done")}],
        },
        {"role": "user", "parts": [{"text": "{{mock: usage=1/2 thinking=a tool=weather text=b}} weather"}]},
    ],
    "tools": [
        {
            "functionDeclarations": [
                {
                    "name": "weather",
                    "parameters": {"type": "object", "properties": {"city": {"type": "STRING", "enum": ["a"]}}},
                },
                {"name": "raw", "parametersJsonSchema": {"type": "object"}},
            ]
        }
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
    "generationConfig": {
        "temperature": 1,
        "stopSequences": ["a"],
        "responseMimeType": "application/json",
        "responseSchema": {"type": "ARRAY", "items": {"anyOf": [{"type": "INTEGER", "format": "int32"}]}},
        "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "LOW"},
    },
}


RESPONSES: dict[str, Any] = {
    "model": "gpt-5.5",
    "instructions": "be kind",
    "input": [
        {"type": "message", "role": "developer", "content": "be kind"},
        {"role": "user", "content": [{"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AAAA"}]},
        {"type": "reasoning", "summary": [], "encrypted_content": seal_for("k", "gpt-5.5", "hm")},
        {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "ls", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "d", "name": "raw", "input": "a"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "a"}]},
        {"type": "custom_tool_call_output", "call_id": "d", "output": "b"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "so", "annotations": []}], "phase": "commentary"},
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "ls"}]},
        {"role": "user", "content": "{{mock: usage=1/2 thinking=a summary-parts=2}} {{mock: tool=ns__a tool=raw text=b}}"},
    ],
    "tools": [
        {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}, "strict": False},
        {"type": "custom", "name": "raw", "format": {"type": "grammar", "syntax": "lark", "definition": "a: A"}},
        {"type": "namespace", "name": "ns", "description": "n", "tools": [{"type": "function", "name": "a"}]},
        {"type": "web_search"},
    ],
    "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "weather"}]},
    "reasoning": {"effort": "low", "summary": "auto"},
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {"enum": [1]}}, "verbosity": "low"},
    "include": ["reasoning.encrypted_content"],
    "metadata": {"a": "b"},
    "max_output_tokens": 100,
    "stream": True,
}
EMBEDDINGS: dict[str, Any] = {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 8, "user": "u"}
COMPLETIONS: dict[str, Any] = {
    "model": "m", "prompt": ["a", "{{mock: text=b}}"], "n": 2, "best_of": 2, "echo": True, "logprobs": 1, "suffix": "c",
    "stream": True, "stream_options": {"include_usage": True}, "stop": ["a"], "max_tokens": 5, "temperature": 1,
}  # fmt: skip
GOOD = [
    ("/v1/chat/completions", OPENAI), ("/v1/messages", ANTHROPIC), (GEMINI_PATH, GEMINI), ("/v1/responses", RESPONSES),
    ("/v1/embeddings", EMBEDDINGS), ("/v1/completions", COMPLETIONS),
]  # fmt: skip


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where anything stands in *value*."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(place for key, each in inside for place in places(each, (*above, key)))]


def replaced(value: Any, place: tuple[Any, ...], by: Any) -> Any:
    if not place:
        return by
    copy = value.copy()
    copy[place[0]] = replaced(value[place[0]], place[1:], by)
    return copy


@given(st.sampled_from(GOOD), st.data(), st.booleans())
def test_a_good_request_with_one_thing_replaced_gets_an_answer(
    case: tuple[str, dict[str, Any]], data: st.DataObject, strict: bool
) -> None:
    path, body = case
    assert answered(path, body).status == 200
    broken = replaced(body, data.draw(st.sampled_from(places(body))), data.draw(VALUES))
    reply = answered(path, broken, strict=strict)
    assert reply.status in {200, 400, 403, 404}
    if reply.status != 200:
        said = json.loads(reply.body)
        assert (said[0] if isinstance(said, list) else said)["error"]["message"]
