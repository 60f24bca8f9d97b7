"""What the Responses API refuses, in OpenAI's words."""

import typing
from typing import Any

import httpx
import pytest
import trio
from korproxy_mock import responses_known
from korproxy_mock.responses_seals import seal_for
from korproxy_mock.server import open_mock
from openai.types.responses import response_create_params, response_input_item_param, tool_param

PATH = "/v1/responses"
USER = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "c1", "name": "ls", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "a"}
PATCH = {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "x"}
PATCHED = {"type": "custom_tool_call_output", "call_id": "c2", "output": "ok"}
MOVED = "In the Responses API, this parameter has moved to"
SEAL = seal_for("sk-mock", "gpt-5.5", "hm")


def thought(**fields: Any) -> dict[str, Any]:
    return {"type": "reasoning", "summary": [], **fields}


def tool(**fields: Any) -> dict[str, Any]:
    return {"type": "function", "name": "ls", **fields}


def content(*parts: Any, role: str = "user") -> list[Any]:
    return [{"role": role, "content": list(parts)}]


def image(url: Any, **fields: Any) -> list[Any]:
    return content({"type": "input_image", "image_url": url, **fields})


def schema(**fields: Any) -> dict[str, Any]:
    return {"text": {"format": {"type": "json_schema", **fields}}}


# the body's fields (... leaves one out), what the message holds, param, code
REFUSED: list[tuple[dict[str, Any], str, str | None, Any]] = [
    ({"model": ...}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
    ({"model": 1}, "Invalid type for 'model': expected a string, but got an integer instead.", "model", "invalid_type"),
    ({"input": ...}, 'One of "input" or "previous_response_id"', "input", "missing_required_parameter"),
    ({"input": []}, 'One of "input" or "previous_response_id"', "input", "missing_required_parameter"),
    ({"input": {}}, "Invalid type for 'input'", "input", "invalid_type"),
    ({"input": ["hi"]}, "Invalid type for 'input[0]'", "input[0]", "invalid_type"),
    ({"stream": "yes"}, "Invalid type for 'stream': expected a boolean", "stream", "invalid_type"),
    ({"reasoning": "low"}, "Invalid type for 'reasoning': expected an object", "reasoning", "invalid_type"),
    ({"instructions": []}, "Invalid type for 'instructions': expected a string", "instructions", "invalid_type"),
    ({"temperature": "1"}, "expected a decimal, but got a string", "temperature", "invalid_type"),
    ({"model": "gpt-4o", "top_p": 2}, "Expected a value <= 1", "top_p", "decimal_above_max_value"),
    (
        {"max_output_tokens": 1},
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 1 instead.",
        "max_output_tokens",
        "integer_below_min_value",
    ),
    ({"top_logprobs": 21}, "Expected a value <= 20", "top_logprobs", "integer_above_max_value"),
    ({"prompt_cache_key": "k" * 65}, "maximum length 64", "prompt_cache_key", "string_above_max_length"),
    ({"truncation": "yes"}, "Supported values are: 'auto' and 'disabled'.", "truncation", "invalid_value"),
    ({"service_tier": "batch"}, "Invalid value: 'batch'.", "service_tier", "invalid_value"),
    ({"include": ["usage"]}, "Invalid value: 'usage'.", "include[0]", "invalid_value"),
    ({"metadata": {"a": 1}}, "Invalid type for 'metadata.a'", "metadata.a", "invalid_type"),
    ({"metadata": {str(n): "" for n in range(17)}}, "at most 16 properties", "metadata", "object_above_max_properties"),
    ({"stream_options": {}}, "only allowed when 'stream' is enabled", "stream_options", None),
    (
        {"stream": True, "stream_options": {"include_usage": True}},
        "Unknown parameter: 'stream_options.include_usage'.",
        "stream_options.include_usage",
        "unknown_parameter",
    ),
    # what belongs to Chat Completions
    ({"messages": [USER]}, f"Unsupported parameter: 'messages'. {MOVED} 'input'.", None, "unsupported_parameter"),
    ({"max_tokens": 5}, f"{MOVED} 'max_output_tokens'.", None, "unsupported_parameter"),
    ({"response_format": {}}, f"{MOVED} 'text.format'.", None, "unsupported_parameter"),
    ({"reasoning_effort": "low"}, f"{MOVED} 'reasoning.effort'.", None, "unsupported_parameter"),
    ({"n": 2}, "Unknown parameter: 'n'.", "n", "unknown_parameter"),
    ({"stop": ["a"]}, "Unknown parameter: 'stop'.", "stop", "unknown_parameter"),
    ({"seed": 1}, "Unknown parameter: 'seed'.", "seed", "unknown_parameter"),
    ({"tools": [{"type": "function", "function": {"name": "a"}}]}, "", "tools[0].name", "missing_required_parameter"),
    (
        {"input": content({"type": "text", "text": "a"})},
        "Invalid value: 'text'. Supported values are: 'input_text', 'input_image', 'output_text', 'refusal', 'input_file', "
        "'computer_screenshot', and 'summary_text'.",
        "input[0].content[0]",
        "invalid_value",
    ),
    (
        {"input": image({"url": "https://a/b.png"})},
        "Invalid type for 'input[0].content[0].image_url': expected an image URL, but got an object instead.",
        "input[0].content[0].image_url",
        "invalid_type",
    ),
    (
        {"input": [{"role": "tool", "content": "a"}]},
        "Invalid value: 'tool'. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
        "input[0]",
        "invalid_value",
    ),
    # items, each by itself
    ({"input": [{"type": "tool_use"}]}, "Invalid value: 'tool_use'.", "input[0]", "invalid_value"),
    ({"input": [{"content": "a"}]}, "'input[0].id'", "input[0].id", "missing_required_parameter"),
    ({"input": [{"role": "user"}]}, "'input[0].content'", "input[0].content", "missing_required_parameter"),
    ({"input": [{"role": "user", "content": 1}]}, "Invalid type", "input[0].content", "invalid_type"),
    (
        {"input": content({"type": "input_text", "text": "a"}, role="assistant")},
        "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
        "input[0].content[0]",
        "invalid_value",
    ),
    (
        {"input": content({"type": "output_text", "text": "a"})},
        "Supported values are: 'input_text', 'input_image', and 'input_file'.",
        "input[0].content[0]",
        "invalid_value",
    ),
    ({"input": content({"type": "input_text"})}, "", "input[0].content[0].text", "missing_required_parameter"),
    ({"input": content("a")}, "expected an object", "input[0].content[0]", "invalid_type"),
    ({"input": content({"type": "input_image"})}, "", "input[0].content[0].image_url", "missing_required_parameter"),
    ({"input": content({"type": "input_file"})}, "", "input[0].content[0].file_id", "missing_required_parameter"),
    ({"input": image("data:image/png;base64,?")}, "base64-encoded data URL", "input[0].content[0].image_url", "invalid_base64"),
    ({"input": image("data:image/bmp;base64,AAAA")}, "unsupported image", None, "invalid_image_format"),
    ({"input": image("https://a", detail="ultra")}, "", "input[0].content[0].detail", "invalid_value"),
    ({"input": [{**USER, "phase": "thought"}]}, "'commentary' and 'final_answer'", "input[0].phase", "invalid_value"),
    ({"input": [USER, {"type": "function_call"}]}, "", "input[1].call_id", "missing_required_parameter"),
    ({"input": [{**CALL, "arguments": {}}, OUTPUT]}, "expected a string", "input[0].arguments", "invalid_type"),
    ({"input": [{**CALL, "name": "a.b"}, OUTPUT]}, "'^[a-zA-Z0-9_-]+$'", "input[0].name", "invalid_value"),
    ({"input": [{**CALL, "name": "a" * 65}, OUTPUT]}, "maximum length 64", "input[0].name", "string_above_max_length"),
    ({"input": [{**CALL, "call_id": ""}]}, "empty string", "input[0].call_id", "empty_string"),
    ({"input": [{**CALL, "call_id": "c" * 65}]}, "maximum length 64", "input[0].call_id", "string_above_max_length"),
    (
        {"input": [{**CALL, "id": "call_1"}, OUTPUT]},
        "Invalid 'input[0].id': 'call_1'. Expected an ID that begins with 'fc'.",
        "input[0].id",
        "invalid_value",
    ),
    ({"input": [thought(id="item_1")]}, "begins with 'rs'.", "input[0].id", "invalid_value"),
    ({"input": [{**USER, "id": "01"}]}, "begins with 'msg'.", "input[0].id", "invalid_value"),
    ({"input": [CALL, {**OUTPUT, "output": {"a": 1}}]}, "one of an array of objects", "input[1].output", "invalid_type"),
    (
        {"input": [CALL, {**OUTPUT, "output": [{"type": "output_text", "text": "a"}]}]},
        "'input_text', 'input_image', and 'input_file'",
        "input[1].output[0]",
        "invalid_value",
    ),
    ({"input": [{"type": "reasoning"}]}, "", "input[0].summary", "missing_required_parameter"),
    ({"input": [thought(summary=["a"])]}, "", "input[0].summary[0].text", "missing_required_parameter"),
    ({"input": [thought(encrypted_content=1)]}, "", "input[0].encrypted_content", "invalid_type"),
    ({"input": [{"type": "compaction"}]}, "", "input[0].encrypted_content", "missing_required_parameter"),
    ({"input": [{"type": "compaction_trigger"}, USER]}, "must be the final input item", "input[0]", None),
    # items that do not fit each other
    ({"input": [OUTPUT]}, "No tool call found for function call output with call_id c1.", "input", None),
    ({"input": [OUTPUT, CALL]}, "No tool call found for function call output with call_id c1.", "input", None),
    ({"input": [{**PATCH, "call_id": "c1"}, OUTPUT]}, "No tool call found for function call output", "input", None),
    ({"input": [PATCHED]}, "No tool call found for custom tool call output with call_id c2.", "input", None),
    ({"input": [USER, CALL]}, "No tool output found for function call c1.", "input", None),
    ({"input": [PATCH, CALL, OUTPUT]}, "No tool output found for custom tool call c2.", "input", None),
    # what is not this account's
    (
        {"input": [thought(encrypted_content="gAAAAABother"), USER]},
        "The encrypted content gAAA...ther could not be verified. Reason: Encrypted content could not be decrypted or parsed.",
        None,
        "invalid_encrypted_content",
    ),
    ({"input": [{"type": "compaction", "encrypted_content": "x"}]}, "", None, "invalid_encrypted_content"),
    ({"input": [thought(encrypted_content=SEAL), USER], "model": "gpt-6-sol"}, "", None, "invalid_encrypted_content"),
    ({"previous_response_id": "resp_1"}, "Previous response with id 'resp_1' not found.", "previous_response_id", ...),
    ({"previous_response_id": "resp_1", "conversation": "conv_1"}, "Mutually exclusive parameters.", None, ...),
    # tools
    ({"tools": {}}, "Invalid type for 'tools'", "tools", "invalid_type"),
    ({"tools": [1]}, "Invalid type for 'tools[0]'", "tools[0]", "invalid_type"),
    ({"tools": [{"type": "web"}]}, "Invalid value: 'web'. Supported values are: 'apply_patch',", "tools[0].type", ...),
    ({"tools": [tool(name="a b")]}, "'^[a-zA-Z0-9_-]+$'", "tools[0].name", "invalid_value"),
    ({"tools": [tool(name="a" * 65)]}, "maximum length 64", "tools[0].name", "string_above_max_length"),
    (
        {"tools": [tool(parameters={"type": "object"})]},
        "Invalid schema for function 'ls': In context=(), object schema missing properties.",
        "tools[0].parameters",
        "invalid_function_parameters",
    ),
    (
        {"tools": [tool(parameters={"type": "object", "properties": {"a": {}}}, strict=True)]},
        "'additionalProperties' is required to be supplied and to be false.",
        "tools[0].parameters",
        "invalid_function_parameters",
    ),
    ({"tools": [{"type": "custom", "name": "a", "format": {"type": "json"}}]}, "", "tools[0].format.type", "invalid_value"),
    (
        {"tools": [{"type": "custom", "name": "a", "format": {"type": "grammar", "syntax": "lark"}}]},
        "",
        "tools[0].format.definition",
        "missing_required_parameter",
    ),
    ({"tools": [{"type": "namespace", "name": "a", "tools": [tool()]}]}, "", "tools[0].description", ...),
    ({"tools": [{"type": "namespace", "name": "a", "description": "", "tools": []}]}, "", "tools[0].tools", "empty_array"),
    (
        {"tools": [{"type": "namespace", "name": "a", "description": "", "tools": [{"type": "shell"}]}]},
        "Supported values are: 'function' and 'custom'.",
        "tools[0].tools[0].type",
        "invalid_value",
    ),
    (
        {"input": [USER, {"type": "additional_tools", "role": "developer", "tools": [tool(name="?")]}]},
        "",
        "input[1].tools[0].name",
        "invalid_value",
    ),
    ({"tool_choice": "any"}, "Supported values are: 'none', 'auto', and 'required'.", "tool_choice", "invalid_value"),
    ({"tool_choice": "required"}, "must be specified with 'tools' parameter.", "tool_choice", None),
    (
        {"tools": [tool()], "tool_choice": {"type": "function", "name": "cat"}},
        "Tool choice 'cat' not found in 'tools' parameter.",
        "tool_choice",
        None,
    ),
    ({"tools": [tool()], "tool_choice": {"type": "custom", "name": "ls"}}, "Tool choice 'ls' not found", "tool_choice", None),
    ({"tools": [tool()], "tool_choice": {"type": "function"}}, "", "tool_choice.name", "missing_required_parameter"),
    ({"tools": [tool()], "tool_choice": {"type": "web_search"}}, "Tool choice 'web_search' not found", "tool_choice", None),
    (
        {"tools": [tool()], "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [tool(name="cat")]}},
        "Tool choice 'cat' not found",
        "tool_choice",
        None,
    ),
    # the answer's format
    (schema(json_schema={"name": "a"}), "'text.format.name'", "text.format.name", "missing_required_parameter"),
    (schema(name="a"), "'text.format.schema'", "text.format.schema", "missing_required_parameter"),
    (schema(name="a", schema=[]), "", "text.format.schema", "invalid_type"),
    (
        schema(name="a", schema={"type": "object", "properties": {}}, strict=True),
        "Invalid schema for response_format 'a'",
        "text.format.schema",
        "invalid_json_schema",
    ),
    ({"text": {"format": {"type": "xml"}}}, "", "text.format.type", "invalid_value"),
    (
        {"text": {"format": {"type": "json_object"}}},
        "Response input messages must contain the word 'json' in some form",
        "input",
        None,
    ),
    # models
    ({"temperature": 0.2}, "Unsupported parameter: 'temperature' is not supported with this model.", "temperature", ...),
    ({"model": "o3", "top_p": 0.5}, "Unsupported parameter: 'top_p'", "top_p", "unsupported_parameter"),
    (
        {"model": "gpt-4o", "reasoning": {"effort": "low"}},
        "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
        "reasoning.effort",
        "unsupported_parameter",
    ),
    (
        {"reasoning": {"effort": "max"}},
        "Unsupported value: 'max' is not supported with the 'gpt-5.5' model. Supported values are: 'none', 'low', 'medium', "
        "'high', and 'xhigh'.",
        "reasoning.effort",
        "unsupported_value",
    ),
    ({"model": "gpt-5.1-codex", "reasoning": {"effort": "none"}}, "'low', 'medium', and 'high'.", "reasoning.effort", ...),
    ({"model": "gpt-6.1-sol", "reasoning": {"effort": "none"}}, "'xhigh', and 'max'.", "reasoning.effort", ...),
    ({"reasoning": {"effort": "huge"}}, "Invalid value: 'huge'.", "reasoning.effort", "invalid_value"),
    ({"model": "gpt-4o", "text": {"verbosity": "low"}}, "Supported values are: 'medium'.", "text.verbosity", ...),
]


@pytest.mark.parametrize(("fields", "message", "param", "code"), REFUSED)
async def test_what_openai_refuses_is_refused(ask: Any, fields: dict[str, Any], message: str, param: Any, code: Any) -> None:
    got = await ask("hi", PATH, **fields)
    assert message in got.error["message"]
    assert (got.status, got.error["type"], got.error["param"]) == (400, "invalid_request_error", param)
    assert got.error["code"] == code or (code is ... and got.error["code"])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "no-such-model"}, "The model `no-such-model` does not exist or you do not have access to it."),
        ({"conversation": {"id": "conv_1"}}, "Conversation with id 'conv_1' not found."),
        ({"input": [{"type": "item_reference", "id": "msg_1"}, USER]}, "Item with id 'msg_1' not found. Items are not"),
        ({"input": [thought(id="rs_1"), USER]}, "Item with id 'rs_1' not found. Items are not persisted when `store` is set"),
    ],
)
async def test_what_does_not_exist_is_404(ask: Any, fields: dict[str, Any], message: str) -> None:
    got = await ask("hi", PATH, **fields)
    assert got.status == 404
    assert got.error["message"].startswith(message)


FINE: list[dict[str, Any]] = [
    {"reasoning": {"effort": "none"}, "temperature": 0.2, "top_p": 0.5},
    {"model": "gpt-6-sol", "reasoning": {"effort": "max", "summary": "detailed", "context": "auto"}, "tools": [tool()]},
    {"model": "gpt-5.6-sol", "tools": [tool()], "tool_choice": "required"},
    {"model": "mock-model", "temperature": 0.2, "reasoning": {"effort": "minimal"}},
    {"input": [CALL, PATCH, PATCHED, OUTPUT]},
    {"input": [CALL, OUTPUT, USER, CALL, OUTPUT]},
    {"input": [thought(encrypted_content=SEAL), {**CALL, "id": "fc_1"}, OUTPUT]},
    {"input": [thought(content=[{"type": "reasoning_text", "text": "a"}], id="rs_1"), USER]},
    {"input": [{"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}}, USER]},
    {"tools": [{"type": "web_search"}, {"type": "mcp", "server_label": "a"}], "tool_choice": {"type": "web_search"}},
    {"tools": [tool(parameters=None, strict=None), {"type": "function", "name": "a" * 64}]},
    {"client_metadata": {"a": "b"}, "store": False, "include": ["reasoning.encrypted_content"]},
    {"text": {"format": {"type": "json_object"}}, "input": "say json"},
    {  # as Codex asks
        "instructions": "You are Codex",
        "input": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "rules"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            thought(encrypted_content=SEAL, content=None),
            {**PATCH, "status": "completed"},
            PATCHED,
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}], "phase": "commentary"},
        ],
        "tools": [
            tool(description="Runs", strict=False, parameters={"type": "object", "properties": {}}),
            {"type": "custom", "name": "a", "format": {"type": "grammar", "syntax": "lark", "definition": "start: A"}},
            {"type": "web_search", "external_web_access": True},
            {"type": "tool_search"},
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "019b2889-d0f2-7713-8046-20bdf342d5d7",
        "text": {"verbosity": "low"},
        "client_metadata": {"thread": "1"},
    },
    {"background": True, "max_tool_calls": 3, "safety_identifier": "u", "stream": True, "stream_options": {}},
]


@pytest.mark.parametrize("fields", FINE)
async def test_what_openai_takes_is_taken_even_strictly(fields: dict[str, Any], ask: Any) -> None:
    assert (await ask("hi", PATH, **fields)).status == 200
    async with open_mock(strict=True) as mock:
        assert (await asked(mock.url, {"model": "gpt-5.5", "input": "hi", **fields}))[0] == 200


UNKNOWN: list[tuple[dict[str, Any], str]] = [
    ({"top_k": 3}, "top_k"),
    ({"reasoning": {"budget": 1}}, "reasoning.budget"),
    ({"text": {"mode": "a"}}, "text.mode"),
    ({"text": {"format": {"type": "text", "name": "a"}}}, "text.format.name"),
    ({"tools": [tool(input_schema={})]}, "tools[0].input_schema"),
    (
        {"tools": [{"type": "namespace", "name": "a", "description": "", "tools": [tool(a=1)]}]},
        "tools[0].tools[0].a",
    ),
    ({"input": [{**USER, "name": "a"}]}, "input[0].name"),
    ({"input": content({"type": "input_text", "text": "a", "cache_control": {}})}, "input[0].content[0].cache_control"),
    ({"input": [CALL, {**OUTPUT, "is_error": True}]}, "input[1].is_error"),
    (
        {"input": [{"type": "additional_tools", "role": "developer", "tools": [tool(a=1)]}, USER]},
        "input[0].tools[0].a",
    ),
]


@pytest.mark.parametrize(("fields", "param"), UNKNOWN)
async def test_unknown_parameters_are_refused_strictly_at_any_depth(fields: dict[str, Any], param: str, ask: Any) -> None:
    assert (await ask("hi", PATH, **fields)).status == 200
    async with open_mock(strict=True) as mock:
        status, body = await asked(mock.url, {"model": "gpt-5.5", "input": "hi", **fields})
    error = {"message": f"Unknown parameter: '{param}'.", "param": param, "code": "unknown_parameter"}
    assert (status, body["error"]) == (400, {**error, "type": "invalid_request_error"})


async def asked(url: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with httpx.AsyncClient(base_url=url, headers={"authorization": "Bearer sk-mock"}, trust_env=False) as client:
        with trio.fail_after(10):
            answer = await client.post(PATH, json=body)
    return answer.status_code, answer.json() if answer.headers["content-type"] == "application/json" else None


def test_the_names_are_those_that_the_sdk_knows() -> None:
    def by_type(union: Any) -> dict[str, set[str]]:
        names: dict[str, set[str]] = {}
        for each in typing.get_args(union):
            hints = typing.get_type_hints(each)
            kind = next(value for value in typing.get_args(hints["type"]) if value is not type(None))
            kind = kind if isinstance(kind, str) else typing.get_args(kind)[0]
            names.setdefault(kind, set()).update(hints)
        return names

    create = response_create_params.ResponseCreateParamsBase.__annotations__
    assert {*create, "stream"} == responses_known.TOP
    custom = {each: names - {"status"} for each, names in responses_known.ITEMS.items() if each.startswith("custom")}
    assert by_type(response_input_item_param.ResponseInputItemParam) == {**responses_known.ITEMS, **custom}
    assert by_type(tool_param.ToolParam) == responses_known.TOOLS
