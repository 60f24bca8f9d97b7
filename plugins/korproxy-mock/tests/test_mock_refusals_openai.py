"""What OpenAI refuses, in its words."""

from typing import Any

import pytest
import trio
from korproxy_mock.server import open_mock

USER = {"role": "user", "content": "hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": "{}"}}
ASKS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWERS = {"role": "tool", "tool_call_id": "c1", "content": "a"}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def tool(**fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "ls", **fields}}


def called(call: dict[str, Any]) -> list[dict[str, Any]]:
    return [USER, {"role": "assistant", "tool_calls": [call]}, ANSWERS]


# the body's fields (... leaves one out), what the message holds, param, code
REFUSED = [
    ({"model": ...}, "you must provide a model parameter", None, None),
    ({"model": 1}, "Invalid type for 'model': expected a string, but got an integer instead.", "model", "invalid_type"),
    ({"messages": ...}, "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"),
    ({"messages": []}, "Invalid 'messages': empty array.", "messages", "empty_array"),
    (
        {"messages": "hi"},
        "Invalid type for 'messages': expected an array of objects, but got a string",
        "messages",
        "invalid_type",
    ),
    ({"messages": ["hi"]}, "Invalid type for 'messages[0]'", "messages[0]", "invalid_type"),
    ({"stream": "yes"}, "Invalid type for 'stream': expected a boolean", "stream", "invalid_type"),
    (
        {"stream_options": {"include_usage": True}},
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        "stream_options",
        None,
    ),
    ({"stream": True, "stream_options": 1}, "Invalid type for 'stream_options'", "stream_options", "invalid_type"),
    ({"n": "2"}, "Invalid type for 'n': expected an integer, but got a string instead.", "n", "invalid_type"),
    (
        {"n": 0},
        "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
        "n",
        "integer_below_minimum_value",
    ),
    ({"n": 999}, "Expected a value <= 128", "n", "integer_above_maximum_value"),
    (
        {"temperature": True},
        "Invalid type for 'temperature': expected a decimal, but got a boolean",
        "temperature",
        "invalid_type",
    ),
    ({"temperature": 3}, "Expected a value <= 2, but got 3 instead.", "temperature", "decimal_above_maximum_value"),
    ({"top_p": -0.5}, "Expected a value >= 0, but got -0.5 instead.", "top_p", "decimal_below_minimum_value"),
    (
        {"max_tokens": 1.5},
        "Invalid type for 'max_tokens': expected an integer, but got a decimal",
        "max_tokens",
        "invalid_type",
    ),
    (
        {"model": "gpt-5.4", "max_tokens": 5},
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens",
        "unsupported_parameter",
    ),
    ({"model": "gpt-6.1-sol", "max_tokens": 5}, "Unsupported parameter: 'max_tokens'", "max_tokens", "unsupported_parameter"),
    ({"model": "o3", "max_tokens": 5}, "Unsupported parameter: 'max_tokens'", "max_tokens", "unsupported_parameter"),
    (
        {"model": "o3", "temperature": 0.2},
        "'temperature' does not support 0.2 with this model",
        "temperature",
        "unsupported_value",
    ),
    ({"max_tokens": 5, "max_completion_tokens": 5}, "at the same time is not supported.", "max_tokens", None),
    ({"model": "gpt-5.5", "top_p": 0.5}, "Unsupported parameter: 'top_p'", "top_p", "unsupported_parameter"),
    ({"model": "o3", "presence_penalty": 1}, "is not supported with this model.", "presence_penalty", "unsupported_parameter"),
    ({"model": "gpt-6-sol", "logprobs": True}, "Unsupported parameter: 'logprobs'", "logprobs", "unsupported_parameter"),
    ({"model": "gpt-5.5", "stop": ["a"]}, "Unsupported parameter: 'stop'", "stop", "unsupported_parameter"),
    (
        {"reasoning_effort": "huge"},
        "Invalid value: 'huge'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'.",
        "reasoning_effort",
        "invalid_value",
    ),
    ({"reasoning_effort": "low"}, "Unrecognized request argument supplied: reasoning_effort", None, None),
    (
        {"model": "gpt-5.5", "reasoning_effort": "max"},
        "Unsupported value: 'reasoning_effort' does not support 'max' with this model. "
        "Supported values are: 'none', 'low', 'medium', 'high', and 'xhigh'.",
        "reasoning_effort",
        "unsupported_value",
    ),
    ({"model": "gpt-6.1-sol", "reasoning_effort": "none"}, "does not support 'none'", "reasoning_effort", "unsupported_value"),
    ({"model": "gpt-6-astra", "reasoning_effort": "none"}, "does not support 'none'", "reasoning_effort", "unsupported_value"),
    ({"model": "gpt-5-mini", "reasoning_effort": "none"}, "does not support 'none'", "reasoning_effort", "unsupported_value"),
    (
        {"model": "gpt-5.1", "reasoning_effort": "minimal"},
        "does not support 'minimal'",
        "reasoning_effort",
        "unsupported_value",
    ),
    ({"model": "o3", "reasoning_effort": "xhigh"}, "does not support 'xhigh'", "reasoning_effort", "unsupported_value"),
    ({"verbosity": "loud"}, "Supported values are: 'low', 'medium', and 'high'.", "verbosity", "invalid_value"),
    ({"service_tier": "batch"}, "Invalid value: 'batch'.", "service_tier", "invalid_value"),
    ({"stop": list("abcde")}, "Expected an array with maximum length 4", "stop", "array_above_max_length"),
    ({"stop": 1}, "Invalid type for 'stop'", "stop", "invalid_type"),
    ({"top_logprobs": 2}, "only allowed when 'logprobs' is enabled.", "top_logprobs", None),
    ({"logprobs": True, "top_logprobs": 21}, "Expected a value <= 20", "top_logprobs", "integer_above_maximum_value"),
    (
        {"model": "deepseek-v4-pro", "messages": [USER, ASKS, ANSWERS]},
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        None,
        None,
    ),
    ({"tools": []}, "Invalid 'tools': empty array.", "tools", "empty_array"),
    ({"tools": {}}, "Invalid type for 'tools'", "tools", "invalid_type"),
    ({"tools": [1]}, "Invalid type for 'tools[0]'", "tools[0]", "invalid_type"),
    (
        {"tools": [{"type": "web"}]},
        "Invalid value: 'web'. Supported values are: 'function' and 'custom'.",
        "tools[0].type",
        "invalid_value",
    ),
    ({"tools": [{"type": "function"}]}, "'tools[0].function'", "tools[0].function", "missing_required_parameter"),
    ({"tools": [{"type": "function", "function": {}}]}, "", "tools[0].function.name", "missing_required_parameter"),
    ({"tools": [tool(name="a b")]}, "'^[a-zA-Z0-9_-]+$'", "tools[0].function.name", "invalid_value"),
    ({"tools": [tool(name="a" * 65)]}, "maximum length 64", "tools[0].function.name", "string_above_max_length"),
    (
        {"tools": [tool(parameters={"type": "array"})]},
        "Invalid schema for function 'ls'",
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    (
        {"tools": [tool(parameters={"type": "object"})]},
        "Invalid schema for function 'ls': In context=(), object schema missing properties.",
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    (
        {"tools": [tool(parameters={"type": "object", "properties": {"a": {"type": "array"}}})]},
        "In context=('properties', 'a'), array schema missing items.",
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    (
        {"tools": [tool(strict=True, parameters={"type": "object", "properties": {"a": {}}, "additionalProperties": False})]},
        "'required' is required to be supplied and to be an array including every key in properties. Missing 'a'.",
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    (
        {"tools": [tool(strict=True, parameters={"type": "object", "properties": {}})]},
        "'additionalProperties' is required to be supplied and to be false.",
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "strict": True, "schema": {"type": "object", "properties": {}}},
            }
        },
        "Invalid schema for response_format 'a': In context=(), 'additionalProperties' is required",
        "response_format",
        None,
    ),
    (
        {"tools": [tool()], "tool_choice": "any"},
        "Supported values are: 'none', 'auto', and 'required'.",
        "tool_choice",
        "invalid_value",
    ),
    ({"tools": [tool()], "tool_choice": 1}, "Invalid type for 'tool_choice'", "tool_choice", "invalid_type"),
    ({"tools": [tool()], "tool_choice": {"type": "tool"}}, "Invalid value: 'tool'", "tool_choice.type", "invalid_value"),
    ({"tools": [tool()], "tool_choice": {"type": "function"}}, "", "tool_choice.function", "missing_required_parameter"),
    (
        {
            "tools": [tool()],
            "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [tool(name="rm")]}},
        },
        "Allowed tools must be a subset of the 'tools' parameter.",
        "tool_choice.allowed_tools.tools",
        None,
    ),
    ({"tool_choice": "auto"}, "'tool_choice' is only allowed when 'tools' are specified", "tool_choice", None),
    ({"parallel_tool_calls": True}, "only allowed when 'tools' are specified", "parallel_tool_calls", None),
    ({"tools": [tool()], "tool_choice": tool(name="rm")}, "Tool choice 'rm' not found", "tool_choice", None),
    ({"response_format": "json"}, "Invalid type for 'response_format'", "response_format", "invalid_type"),
    ({"response_format": {"type": "xml"}}, "Invalid value: 'xml'", "response_format.type", "invalid_value"),
    ({"response_format": {"type": "json_schema"}}, "", "response_format.json_schema.name", "missing_required_parameter"),
    ({"response_format": {"type": "json_object"}}, "'messages' must contain the word 'json'", "messages", None),
    (
        {"messages": [{"content": "hi"}]},
        "Missing required parameter: 'messages[0].role'.",
        "messages[0].role",
        "missing_required_parameter",
    ),
    (
        {"messages": [{"role": "boss", "content": "hi"}]},
        "Invalid value: 'boss'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
        "messages[0].role",
        "invalid_value",
    ),
    ({"messages": [{"role": "user", "content": None}]}, "expected a string, got null", "messages.[0].content", None),
    (
        {"messages": [{"role": "user", "content": 1}]},
        "Invalid type for 'messages[0].content'",
        "messages[0].content",
        "invalid_type",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "img"}]}]},
        "Invalid value: 'img'",
        "messages[0].content[0].type",
        "invalid_value",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        "",
        "messages[0].content[0].text",
        "missing_required_parameter",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,?"}}]}]},
        "Expected a base64-encoded data URL",
        "messages[0].content[0].image_url.url",
        "invalid_base64",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a", "detail": "max"}}]}]},
        "Supported values are: 'auto', 'low', 'high', and 'original'.",
        "messages[0].content[0].image_url.detail",
        "invalid_value",
    ),
    (
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/svg+xml;base64,AAAA"}}]}
            ]
        },
        "You uploaded an unsupported image.",
        None,
        "invalid_image_format",
    ),
    (
        {"messages": called({**CALL, "function": {"name": "l s", "arguments": "{}"}})},
        "string does not match pattern",
        "messages[1].tool_calls[0].function.name",
        "invalid_value",
    ),
    (
        {"messages": [USER, ASKS, {**ANSWERS, "content": [IMAGE]}]},
        "Image URLs are only allowed for messages with role 'user'",
        "messages[2]",
        "invalid_value",
    ),
    (
        {"messages": [USER, {"role": "assistant", "content": "a", "tool_calls": []}, USER]},
        "Invalid 'messages[1].tool_calls': empty array.",
        "messages[1].tool_calls",
        "empty_array",
    ),
    ({"messages": called({**CALL, "id": 1})}, "", "messages[1].tool_calls[0].id", "missing_required_parameter"),
    (
        {"messages": called({"id": "c1", "type": "function"})},
        "",
        "messages[1].tool_calls[0].function.name",
        "missing_required_parameter",
    ),
    (
        {"messages": called({**CALL, "function": {"name": "ls", "arguments": {}}})},
        "",
        "messages[1].tool_calls[0].function.arguments",
        "missing_required_parameter",
    ),
    (
        {"messages": [USER, ASKS, USER]},
        "The following tool_call_ids did not have response messages: c1",
        "messages.[2].role",
        None,
    ),
    ({"messages": [USER, ASKS]}, "did not have response messages: c1", "messages.[2].role", None),
    ({"messages": [USER, ANSWERS]}, "must be a response to a preceeding message with 'tool_calls'", "messages.[1].role", None),
    (
        {"messages": [USER, ASKS, ANSWERS, USER, ANSWERS]},
        "must be a response to a preceeding message",
        "messages.[4].role",
        None,
    ),
]


@pytest.mark.parametrize(("fields", "words", "param", "code"), REFUSED)
async def test_a_malformed_request_is_refused(
    ask: Any, fields: dict[str, Any], words: str, param: str | None, code: str | None
) -> None:
    got = await ask(**fields)
    assert (got.status, got.error["type"], got.error["param"], got.error["code"]) == (400, "invalid_request_error", param, code)
    assert words in got.error["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [USER, ASKS, ANSWERS]},
        {"messages": [USER, {**ASKS, "content": ""}, ANSWERS, USER]},
        {"messages": [{"role": "developer", "content": [{"type": "text", "text": "be kind"}]}, USER]},
        {"messages": [USER, {"role": "assistant", "content": None, "refusal": "no"}, USER]},
        {"model": "gpt-6.1-sol", "max_completion_tokens": 5, "temperature": 1},
        {"model": "org/gpt-5.4", "max_tokens": 5},
        {"tools": [tool(parameters={}), {"type": "custom", "custom": {"name": "raw"}}], "tool_choice": "auto"},
        {"tool_choice": "none", "seed": -3, "stop": None, "n": None, "temperature": None, "stream_options": None},
        {"enable_thinking": True, "top_k": 3, "reasoning_content": "x"},
        {"response_format": {"type": "text"}},
        {"model": "gpt-5.5", "reasoning_effort": "none", "temperature": 0.2, "top_p": 0.5, "logprobs": True, "top_logprobs": 2},
        {"model": "gpt-5.5", "reasoning_effort": "xhigh", "presence_penalty": 0, "logprobs": False},
        {"model": "gpt-6.1-terra", "reasoning_effort": "none"},
        {"model": "qwen3.8-max", "reasoning_effort": "max", "stop": ["a"]},
        {"stop": list("abcd"), "verbosity": "low", "service_tier": "fast"},
        {"tools": [tool()], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [tool()]}}},
        {"model": "deepseek-v4-pro", "messages": [USER, {**ASKS, "reasoning_content": ""}, ANSWERS]},
        {"model": "deepseek-v4-pro", "messages": [USER, ASKS, ANSWERS], "thinking": {"type": "disabled"}},
        {
            "tools": [
                tool(
                    strict=True,
                    parameters={
                        "type": "object",
                        "properties": {"a": {"type": ["array", "null"], "items": {"type": "string"}}},
                        "required": ["a"],
                        "additionalProperties": False,
                    },
                )
            ]
        },
    ],
)
async def test_a_good_request_is_not(ask: Any, fields: dict[str, Any]) -> None:
    assert (await ask(**fields)).status == 200


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b'{"n": NaN}', "{}".encode("utf-16"), b'{"a":' * 100_000])
async def test_what_is_no_json_object_is_refused(ask: Any, raw: bytes) -> None:
    got = await ask(raw=raw)
    assert (got.status, got.error["code"]) == (400, None)
    assert got.error["message"].startswith("We could not parse the JSON body of your request.")


async def test_an_unknown_model_is_404(ask: Any) -> None:
    got = await ask(model="no-such-model")
    assert (got.status, got.error["code"]) == (404, "model_not_found")
    assert got.error["message"] == "The model `no-such-model` does not exist or you do not have access to it."


@pytest.mark.parametrize("header", [[], [("authorization", "Bearer")], [("authorization", "Basic YTpi")]])
async def test_a_missing_key_is_401(connect: Any, header: list[tuple[str, str]]) -> None:
    wire = await connect()
    await wire.send("POST", "/v1/chat/completions", header, b"{}")
    got = await wire.read()
    assert (got.status, got.error["code"]) == (401, None)
    assert got.error["message"].startswith("You didn't provide an API key.")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"enable_thinking": True}, 400),
        ({"model": "gpt-5.6-sol", "tools": [tool()]}, 400),
        ({"model": "gpt-5.4", "tools": [tool()], "reasoning_effort": "low"}, 400),
        ({"model": "gpt-5.4", "tools": [tool()]}, 200),
        ({"model": "gpt-5.6-sol", "tools": [tool()], "reasoning_effort": "none"}, 200),
        ({"model": "gpt-5.6-sol"}, 200),
        ({"messages": [{**USER, "reasoning_content": "x"}]}, 400),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}]}]}, 400),
        ({"messages": called({**CALL, "extra_content": {}})}, 400),
        ({"messages": called(CALL)}, 200),
        ({"tools": [{**tool(), "cache_control": {}}]}, 400),
        ({"tools": [tool(input_schema={})]}, 400),
    ],
)
async def test_a_strict_mock_refuses_what_only_openai_itself_refuses(fields: dict[str, Any], status: int) -> None:
    import json

    body = json.dumps({"model": "gpt-4o", "messages": [USER], **fields}).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: m\r\nauthorization: Bearer k\r\ncontent-length: %d\r\n\r\n"
    async with open_mock(strict=True) as mock:
        async with await trio.open_tcp_stream("127.0.0.1", int(mock.url.rpartition(":")[2])) as stream:
            await stream.send_all(head % len(body) + body)
            await stream.receive_some(65536)
        assert mock.requests[0].status == status
