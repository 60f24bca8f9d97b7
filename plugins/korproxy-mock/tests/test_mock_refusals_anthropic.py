"""What Anthropic refuses, in its words."""

from typing import Any

import pytest
from korproxy_mock.anthropic_read import signature_for

MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
USER = {"role": "user", "content": "hi"}
USES = {"type": "tool_use", "id": "t1", "name": "ls", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "a"}
ASKS = {"role": "assistant", "content": [USES]}
ANSWERS = {"role": "user", "content": [RESULT]}
TOOL: dict[str, Any] = {"name": "ls", "input_schema": {"type": "object"}}
MARK = {"cache_control": {"type": "ephemeral"}}
THOUGHT = {"type": "thinking", "thinking": "a", "signature": signature_for("a")}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


def user(*blocks: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(blocks)}]


def assistant(*blocks: Any) -> list[dict[str, Any]]:
    return [USER, {"role": "assistant", "content": list(blocks)}, ANSWERS]


def thinking(**fields: Any) -> dict[str, Any]:
    return {"thinking": {"type": "enabled", **fields}}


# the body's fields (... leaves one out), what the message holds
REFUSED = [
    ({"model": ...}, "model: Field required"),
    ({"model": 1}, "model: Input should be a valid string"),
    ({"model": ""}, "model: String should have at least 1 character"),
    ({"max_tokens": ...}, "max_tokens: Field required"),
    ({"max_tokens": "9"}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": True}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
    ({"messages": ...}, "messages: Field required"),
    ({"messages": "hi"}, "messages: Input should be a valid list"),
    ({"messages": []}, "messages: at least one message is required"),
    ({"messages": ["hi"]}, "messages.0: Input should be an object"),
    ({"n": 2}, "n: Extra inputs are not permitted"),
    ({"stream": "yes"}, "stream: Input should be a valid boolean"),
    ({"temperature": 1.5}, "temperature: range: 0..1"),
    ({"temperature": "hot"}, "temperature: Input should be a valid number"),
    ({"model": "claude-opus-5", "temperature": 1}, "`temperature` is deprecated for this model."),
    ({"model": "claude-opus-4-1", "temperature": 1, "top_p": 1}, "`temperature` and `top_p` cannot both be specified"),
    ({"model": "claude-haiku-4-5", "max_tokens": 64_001}, "max_tokens: 64001 > 64000, which is the maximum allowed number of"),
    ({"model": "claude-opus-5", "max_tokens": 128_001}, "max_tokens: 128001 > 128000, which is the maximum allowed number of"),
    ({"metadata": {"user": "a"}}, "metadata.user: Extra inputs are not permitted"),
    ({"service_tier": "fast"}, "service_tier: Input should be 'auto' or 'standard_only'"),
    ({"output_config": {"effort": "extreme"}}, "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh', 'max'"),
    (
        {"model": "claude-opus-4-6", "output_config": {"effort": "xhigh"}},
        "output_config.effort: Input should be 'low', 'medium'",
    ),
    ({"model": "claude-haiku-4-5", "output_config": {"effort": "low"}}, "This model does not support the effort parameter."),
    ({"output_config": {"format": {"type": "json_object"}}}, "output_config.format.type: Input should be 'json_schema'"),
    ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema: Field required"),
    ({"model": "claude-opus-4-5", "temperature": 1, "top_p": 1}, "`temperature` and `top_p` cannot both be specified"),
    ({"stop_sequences": ["a", " "]}, "stop_sequences.1: each stop sequence must contain non-whitespace"),
    ({"system": 1}, "system: Input should be a valid string or list"),
    ({"system": [{"type": "image"}]}, "system.0.type: Input should be 'text'"),
    ({"system": [{"type": "text", "text": ""}]}, "system: text content blocks must be non-empty"),
    ({"thinking": "on"}, "thinking: Input should be an object"),
    ({"thinking": {"type": "maybe"}}, "thinking: Input tag 'maybe' found using 'type' does not match"),
    (thinking(), "thinking.enabled.budget_tokens: Field required"),
    (thinking(budget_tokens=1023), "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"),
    (thinking(budget_tokens=2048), "`max_tokens` must be greater than `thinking.budget_tokens`."),
    ({**thinking(budget_tokens=1024), "max_tokens": 1024}, "`max_tokens` must be greater than"),
    (
        {**thinking(budget_tokens=1024), "max_tokens": 2000, "tools": [TOOL], "tool_choice": {"type": "any"}},
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    ({**thinking(budget_tokens=1024), "max_tokens": 2000, "temperature": 0.5}, "`temperature` may only be set to 1"),
    ({**thinking(budget_tokens=1024), "max_tokens": 2000, "top_k": 5}, "`top_k` must be unset when thinking is enabled."),
    (
        {**thinking(budget_tokens=1024), "max_tokens": 2000, "model": "claude-sonnet-5"},
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort"',
    ),
    ({**thinking(budget_tokens=1024), "max_tokens": 2000, "top_p": 0.5}, "`top_p` must be greater than or equal to 0.95"),
    ({"thinking": {"type": "adaptive"}, "temperature": 0.5}, "`temperature` may only be set to 1 when thinking is enabled."),
    ({"thinking": {"type": "adaptive", "budget_tokens": 9}}, "thinking.adaptive.budget_tokens: Extra inputs are not permitted"),
    ({"thinking": {"type": "adaptive", "display": "full"}}, "thinking.adaptive.display: Input should be"),
    ({"model": "claude-opus-5-5", "thinking": {"type": "disabled"}}, '"thinking.type.disabled" is not supported'),
    (
        {"model": "claude-fable-5", "tools": [TOOL], "tool_choice": {"type": "any"}},
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    (
        {**thinking(budget_tokens=1024), "max_tokens": 2000, "messages": [USER, ASKS, ANSWERS]},
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking`",
    ),
    ({"model": "claude-fable-5", "thinking": {"type": "disabled"}}, '"thinking.type.disabled" is not supported'),
    ({"model": "claude-haiku-4-5", "thinking": {"type": "adaptive"}}, "adaptive thinking is not supported"),
    ({"tools": {}}, "tools: Input should be a valid list"),
    ({"tools": ["ls"]}, "tools.0: Input should be an object"),
    ({"tools": [{"input_schema": {"type": "object"}}]}, "tools.0.custom.name: Field required"),
    ({"tools": [{**TOOL, "name": "a b"}]}, "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
    ({"tools": [{"name": "ls"}]}, "tools.0.custom.input_schema: Field required"),
    ({"tools": [{"name": "ls", "input_schema": {}}]}, "tools.0.custom.input_schema.type: Field required"),
    (
        {"tools": [{"name": "ls", "input_schema": {"type": "array"}}]},
        "tools.0.custom.input_schema.type: Input should be 'object'",
    ),
    ({"tools": [{"name": "ls", "input_schema": {"type": "object", "anyOf": []}}]}, "does not support oneOf, allOf, or anyOf"),
    ({"tools": [{**TOOL, "parameters": {}}]}, "tools.0.custom.parameters: Extra inputs are not permitted"),
    ({"tools": [{"type": "function", "name": "ls"}]}, "tools.0: Input tag 'function' found using 'type'"),
    ({"tools": [{**TOOL, "description": 1}]}, "tools.0.custom.description: Input should be a valid string"),
    (
        {"tools": [TOOL], "tool_choice": {"type": "none", "disable_parallel_tool_use": True}},
        "tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted",
    ),
    ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
    ({"tool_choice": {"type": "auto"}}, "tool_choice may only be specified while providing tools."),
    ({"tools": [TOOL], "tool_choice": {"type": "must"}}, "tool_choice: Input tag 'must' found using 'type'"),
    ({"tools": [TOOL], "tool_choice": "auto"}, "tool_choice: Input should be an object"),
    ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "rm"}}, "Tool 'rm' not found in provided tools"),
    ({"messages": [{"role": "boss", "content": "hi"}]}, "messages.0.role: Input should be 'user' or 'assistant'"),
    ({"messages": [{**USER, "name": "me"}]}, "messages.0.name: Extra inputs are not permitted"),
    (
        {"messages": user({"type": "text", "text": "a", "foo": 1})},
        "messages.0.content.0.text.foo: Extra inputs are not permitted",
    ),
    ({"messages": [{"content": "hi"}]}, "messages.0.role: Field required"),
    ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
    ({"messages": [{"role": "user", "content": ""}]}, "messages.0: all messages must have non-empty content"),
    ({"messages": [{"role": "user", "content": []}]}, "messages.0: all messages must have non-empty content"),
    ({"messages": [{"role": "assistant", "content": "hi"}, USER]}, 'messages: first message must use the "user" role'),
    (
        {"model": "claude-opus-4-5", "messages": [USER, {"role": "system", "content": "x"}]},
        'messages: Unexpected role "system".',
    ),
    ({"messages": user({"type": "text", "text": ""})}, "messages: text content blocks must be non-empty"),
    ({"messages": user({"type": "text", "text": " \n"})}, "messages: text content blocks must contain non-whitespace text"),
    ({"messages": user({"type": "text"})}, "messages.0.content.0.text.text: Field required"),
    ({"messages": user({"type": "video"})}, "messages.0.content.0: Input tag 'video' found using 'type' does not match"),
    ({"messages": user("hi")}, "messages.0.content.0: Input tag 'None'"),
    ({"messages": user(USES)}, "`tool_use` blocks are not permitted in `user` messages"),
    ({"messages": assistant({"type": "image"})}, "`image` blocks are not permitted in `assistant` messages"),
    ({"messages": user({"type": "image"})}, "messages.0.content.0.image.source: Field required"),
    (
        {"messages": user({"type": "image", "source": {"type": "base64", "media_type": "image/bmp", "data": ""}})},
        "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or",
    ),
    (
        {"messages": user({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "?"}})},
        "messages.0.content.0.image.source.base64: invalid base64 data",
    ),
    (
        {"messages": user({"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "iVBORw0KGgo="}})},
        "The image was specified using the image/jpeg media type, but the image appears to be a image/png image",
    ),
    (
        {"messages": user({"type": "image", "source": {"type": "url"}})},
        "messages.0.content.0.image.source.url.url: Field required",
    ),
    (
        {"messages": user({"type": "document", "source": {"type": "base64", "media_type": "text/plain", "data": ""}})},
        "document.source.base64.media_type: Input should be 'application/pdf'",
    ),
    ({"messages": assistant({**USES, "name": "l s"})}, "tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
    ({"messages": [USER, ASKS, *user({**RESULT, "tool_use_id": "t.1"})]}, "tool_use_id: String should match pattern"),
    (
        {"messages": [USER, ASKS, *user(RESULT, RESULT)]},
        "each tool_use must have a single result. Found multiple `tool_result`",
    ),
    (
        {"messages": [USER, ASKS, *user({"type": "text", "text": "so"}, RESULT)]},
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1.",
    ),
    ({"messages": [USER, ASKS, ANSWERS, ASKS, ANSWERS]}, "messages.3: `tool_use` ids must be unique"),
    ({"messages": assistant({"type": "redacted_thinking", "data": ""}, USES)}, "Invalid `data` in `redacted_thinking` block"),
    (
        {"messages": assistant({"type": "thinking", "thinking": "a", "signature": signature_for("a"), **MARK}, USES)},
        "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ),
    (
        {"system": [{"type": "text", "text": "a", **MARK}], "messages": user({"type": "text", "text": "a", **HOUR})},
        "messages.0.content.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'",
    ),
    (
        {"messages": user({"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1d"}})},
        "messages.0.content.0.cache_control.ttl: Input should be '5m' or '1h'",
    ),
    (
        {"messages": user({"type": "text", "text": "a", "cache_control": {"type": "x"}})},
        "cache_control.type: Input should be 'eph",
    ),
    ({"messages": assistant({**USES, "id": "a b"})}, "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
    ({"messages": assistant({**USES, "input": "{}"})}, "messages.1.content.0.tool_use.input: Input should be an object"),
    ({"messages": assistant({"type": "tool_use", "id": "t1"})}, "messages.1.content.0.tool_use.name: Field required"),
    (
        {"messages": [USER, ASKS, *user({"type": "tool_result"})]},
        "messages.2.content.0.tool_result.tool_use_id: Field required",
    ),
    ({"messages": [USER, ASKS, *user({**RESULT, "content": 1})]}, "tool_result.content: Input should be a valid list"),
    ({"messages": [USER, ASKS, *user({**RESULT, "content": [RESULT]})]}, "Input tag 'tool_result' is not expected here"),
    ({"messages": [USER, ASKS, *user({**RESULT, "content": [USES]})]}, "`tool_use` blocks are not permitted in `user`"),
    (
        {"messages": [USER, ASKS, USER]},
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1. Each `tool_use` block",
    ),
    ({"messages": [USER, ASKS]}, "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1"),
    (
        {"messages": [USER, ANSWERS]},
        "messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1. Each `tool_result` block must",
    ),
    ({"messages": [USER, ASKS, ANSWERS, ANSWERS]}, "messages.3.content.0: unexpected `tool_use_id`"),
    ({"messages": assistant(USES, USES)}, "`tool_use` ids must be unique"),
    (
        {"messages": assistant({"type": "thinking", "thinking": "a"}, USES)},
        "messages.1.content.0.thinking.signature: Field required",
    ),
    (
        {"messages": assistant({"type": "thinking", "thinking": "a", "signature": "foreign"}, USES)},
        "messages.1.content.0: Invalid `signature` in `thinking` block",
    ),
    (
        {"messages": [USER, {"role": "assistant", "content": "Sure: "}]},
        "final assistant content cannot end with trailing whitespace",
    ),
    (
        {"model": "claude-opus-4-6", "messages": [USER, {"role": "assistant", "content": "Sure:"}]},
        "This model does not support assistant message prefill. The conversation must end with a user message.",
    ),
    (
        {"messages": user(*[{"type": "text", "text": "a", **MARK}] * 5)},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
]


@pytest.mark.parametrize(("fields", "words"), REFUSED)
async def test_a_malformed_request_is_refused(ask: Any, fields: dict[str, Any], words: str) -> None:
    got = await ask(path=MESSAGES, **fields)
    assert (got.status, got.json["type"], got.error["type"]) == (400, "error", "invalid_request_error")
    assert words in got.error["message"]
    assert got.json["request_id"] == got.header("request-id")


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [USER, ASKS, ANSWERS]},
        {"messages": [USER, ASKS, *user(RESULT, {"type": "text", "text": "and now?"})]},
        {"messages": [USER, USER, {"role": "assistant", "content": "Sure:"}]},
        {"messages": [USER, {"role": "system", "content": "reminder"}]},
        {"messages": assistant({"type": "thinking", "thinking": "a", "signature": signature_for("a")}, USES)},
        {"messages": assistant({"type": "redacted_thinking", "data": "x"}, USES)},
        {"system": [{"type": "text", "text": "be kind", **MARK}], "tools": [{**TOOL, **MARK}]},
        {"tools": [{"type": "bash_20250124", "name": "bash"}], "tool_choice": {"type": "auto"}},
        {"model": "claude-opus-5", "thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        {**thinking(budget_tokens=1024), "max_tokens": 2000},
        {**thinking(budget_tokens=1024), "max_tokens": 2000, "messages": assistant(THOUGHT, USES)},
        {**thinking(budget_tokens=1024), "max_tokens": 2000, "top_p": 0.95},
        {"model": "claude-opus-5", "thinking": {"type": "adaptive", "display": "omitted"}, "messages": [USER, ASKS, ANSWERS]},
        {"model": "claude-opus-4-8", "messages": [USER, {"role": "system", "content": "reminder"}]},
        {"model": "claude-opus-4-5", "output_config": {"effort": "low"}, "max_tokens": 64_000},
        {"system": [{"type": "text", "text": "a", **HOUR}], "messages": user({"type": "text", "text": "a", **MARK})},
        {"messages": user({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}})},
        {"tools": [TOOL], "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
        {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}, {**TOOL, "strict": True}]},
        {"temperature": 0.5, "top_k": 3, "stop_sequences": ["a"], "metadata": {"user_id": "u"}, "service_tier": "auto"},
        {"max_tokens": 0},
        {"stream": None, "thinking": None, "tools": [], "temperature": None},
    ],
)
async def test_a_good_request_is_not(ask: Any, fields: dict[str, Any]) -> None:
    assert (await ask(path=MESSAGES, **fields)).status == 200


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b'{"n": NaN}', "{}".encode("utf-16"), b'{"a":' * 100_000])
async def test_what_is_no_json_object_is_refused(ask: Any, raw: bytes) -> None:
    got = await ask(path=MESSAGES, raw=raw)
    assert (got.status, got.error["type"]) == (400, "invalid_request_error")
    assert got.error["message"].startswith("The request body is not valid JSON")


async def test_an_unknown_model_is_404(ask: Any) -> None:
    for path in (MESSAGES, COUNT):
        got = await ask(path=path, model="no-such-model", **({"max_tokens": ...} if path == COUNT else {}))
        assert (got.status, got.error) == (404, {"type": "not_found_error", "message": "model: no-such-model"})


async def test_threads_are_refused_in_the_words_on_which_the_sdk_goes_on_without(ask: Any) -> None:
    got = await ask(path=MESSAGES, thread={"type": "create"})
    assert (got.status, got.error["type"]) == (400, "invalid_request_error")
    assert got.error["details"] == {"error_code": "thread_unsupported_request"}
    assert (await ask(path=MESSAGES, thread=None)).status == 200


async def test_counting_takes_what_a_message_takes_without_its_limits(ask: Any) -> None:
    assert (await ask(path=COUNT, max_tokens=...)).json == {"input_tokens": 2}
    assert (await ask(path=COUNT)).error["message"] == "max_tokens: Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, 401, "x-api-key header is required"),
        ({"x-api-key": ""}, 401, "x-api-key header is required"),
        ({"x-api-key": "bad"}, 401, "invalid x-api-key"),
        ({"authorization": "Bearer bad"}, 401, "Invalid bearer token"),
        ({"authorization": "Bearer sk-ant-oat01-x"}, 401, "OAuth authentication is currently not supported."),
        ({"x-api-key": "k"}, 400, "anthropic-version: header is required"),
        ({"x-api-key": "k", "authorization": "Bearer k", "anthropic-version": "2023-06-01"}, 200, ""),
        ({"authorization": "Bearer sk-ant-oat01-x", "anthropic-version": "v", "anthropic-beta": "a,oauth-2025-04-20"}, 200, ""),
    ],
)
async def test_credentials_and_version_are_checked(connect: Any, headers: dict[str, str], status: int, words: str) -> None:
    wire = await connect()
    await wire.send(
        "POST", MESSAGES, list(headers.items()), b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}]}'
    )
    got = await wire.read()
    assert got.status == status
    assert status == 200 or got.error["message"] == words
