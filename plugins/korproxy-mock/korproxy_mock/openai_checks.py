"""Refuse Chat Completions requests as OpenAI refuses them: the first fault found, in OpenAI's words. Pure."""

import json
import re

from korproxy_mock import models
from korproxy_mock.formats import JsonObject, Refused
from korproxy_mock.openai_errors import invalid
from korproxy_mock.openai_message_checks import check_messages

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_NAME_LONGEST = 64
_RANGES = {"temperature": (0, 2), "top_p": (0, 1), "frequency_penalty": (-2, 2), "presence_penalty": (-2, 2)}
_COUNTS = {"n": 1, "max_tokens": 1, "max_completion_tokens": 1, "top_logprobs": 0, "seed": None}
_KNOWN = frozenset({
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
    "max_tokens", "messages", "metadata", "modalities", "model", "moderation", "n", "parallel_tool_calls", "prediction",
    "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort",
    "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options",
    "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
})  # fmt: skip


def check(body: JsonObject, *, strict: bool) -> None:
    """Raise ``Refused`` for the first fault.

    Args:
        body: The request.
        strict: Refuse also what only OpenAI itself refuses and compatible servers take: unknown parameters, and tools
            for models that take them with the Responses API only.
    """
    _check_top(body)
    _check_numbers(body)
    _check_tools(body)
    _check_model_limits(body)
    _check_response_format(body)
    check_messages(body["messages"])
    if strict:
        _check_strictly(body)


def said_type(value: object) -> str:
    """Name a JSON value's type like OpenAI does."""
    names = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array", dict: "an object"}
    return "null" if value is None else names.get(type(value), "a value")


def wrong_type(param: str, expected: str, value: object) -> Refused:
    """Make the refusal for a value of the wrong type."""
    message = f"Invalid type for '{param}': expected {expected}, but got {said_type(value)} instead."
    return Refused(invalid(message, param=param, code="invalid_type"))


def empty_array(param: str) -> Refused:
    """Make the refusal for an empty array."""
    message = f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
    return Refused(invalid(message, param=param, code="empty_array"))


def _check_top(body: JsonObject) -> None:
    if not body.get("model"):
        raise Refused(invalid("you must provide a model parameter"))
    if not isinstance(body["model"], str):
        raise wrong_type("model", "a string", body["model"])
    if "messages" not in body:
        raise Refused(invalid("Missing required parameter: 'messages'.", param="messages", code="missing_required_parameter"))
    if not isinstance(body["messages"], list):
        raise wrong_type("messages", "an array of objects", body["messages"])
    if not body["messages"]:
        raise empty_array("messages")
    for name in ("stream", "logprobs", "store", "parallel_tool_calls"):
        if not isinstance(body.get(name, False), bool | None):
            raise wrong_type(name, "a boolean", body[name])
    if body.get("stream_options") is not None and not body.get("stream"):
        raise Refused(
            invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options")
        )
    if not isinstance(body.get("stream_options"), dict | None):
        raise wrong_type("stream_options", "an object", body["stream_options"])


def _check_numbers(body: JsonObject) -> None:
    for name, (least, most) in _RANGES.items():
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(name, "a decimal", value)
        if value < least:
            raise _bound(name, "decimal", "below minimum", f">= {least}", value)
        if value > most:
            raise _bound(name, "decimal", "above maximum", f"<= {most}", value)
    for name, minimum in _COUNTS.items():
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(name, "an integer", value)
        if minimum is not None and value < minimum:
            raise _bound(name, "integer", "below minimum", f">= {minimum}", value)
    if (body.get("n") or 1) > 128:
        raise _bound("n", "integer", "above maximum", "<= 128", body["n"])


def _bound(name: str, kind: str, side: str, wanted: str, value: float) -> Refused:
    message = f"Invalid '{name}': {kind} {side} value. Expected a value {wanted}, but got {value} instead."
    return Refused(invalid(message, param=name, code=f"{kind}_{side.replace(' ', '_')}_value"))


def _check_tools(body: JsonObject) -> None:
    tools = body.get("tools")
    if tools is None:
        for name in ("tool_choice", "parallel_tool_calls"):
            if body.get(name) is not None and body[name] != "none":
                raise Refused(
                    invalid(f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.", param=name)
                )
        return
    if not isinstance(tools, list):
        raise wrong_type("tools", "an array of objects", tools)
    if not tools:
        raise empty_array("tools")
    for at, tool in enumerate(tools):
        _check_tool(f"tools[{at}]", tool)
    choice = body.get("tool_choice")
    function = choice.get("function") if isinstance(choice, dict) else None
    functions = [tool.get("function") for tool in tools]
    names = [each.get("name") for each in functions if isinstance(each, dict)]
    if isinstance(function, dict) and function.get("name") not in names:
        raise Refused(invalid(f"Tool choice '{function.get('name')}' not found in 'tools' parameter.", param="tool_choice"))


def _check_tool(place: str, tool: object) -> None:
    if not isinstance(tool, dict):
        raise wrong_type(place, "an object", tool)
    if tool.get("type") not in ("function", "custom"):
        raise Refused(
            invalid(
                f"Invalid value: '{tool.get('type')}'. Supported values are: 'function' and 'custom'.",
                param=f"{place}.type",
                code="invalid_value",
            )
        )
    holder = tool.get(tool["type"])
    if not isinstance(holder, dict):
        raise Refused(
            invalid(
                f"Missing required parameter: '{place}.{tool['type']}'.",
                param=f"{place}.{tool['type']}",
                code="missing_required_parameter",
            )
        )
    check_name(f"{place}.{tool['type']}.name", holder.get("name"))
    _check_schema(place, holder)


def _check_schema(place: str, function: JsonObject) -> None:
    schema = function.get("parameters")
    if schema is None:
        return
    if not isinstance(schema, dict):
        raise wrong_type(f"{place}.function.parameters", "an object", schema)
    if schema and schema.get("type") != "object":
        raise Refused(
            invalid(
                f"Invalid schema for function '{function['name']}': schema must be a JSON Schema of 'type: \"object\"', "
                f"got 'type: {json.dumps(schema.get('type'))}'.",
                param=f"{place}.function.parameters",
                code="invalid_function_parameters",
            )
        )


def check_name(param: str, name: object) -> None:
    """Raise ``Refused`` unless *name* can be a function's."""
    if name is None:
        raise Refused(invalid(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"))
    if not isinstance(name, str):
        raise wrong_type(param, "a string", name)
    if len(name) > _NAME_LONGEST:
        raise Refused(
            invalid(
                f"Invalid '{param}': string too long. Expected a string with maximum length {_NAME_LONGEST}, but got a "
                f"string with length {len(name)} instead.",
                param=param,
                code="string_above_max_length",
            )
        )
    if not _NAME.fullmatch(name):
        raise Refused(
            invalid(
                f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern "
                "'^[a-zA-Z0-9_-]+$'.",
                param=param,
                code="invalid_value",
            )
        )


def _check_model_limits(body: JsonObject) -> None:
    if not models.gpt_reasons(body["model"]):
        return
    if body.get("max_tokens") is not None:
        raise Refused(
            invalid(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                param="max_tokens",
                code="unsupported_parameter",
            )
        )
    if body.get("temperature") not in {None, 1} and body.get("reasoning_effort") != "none":
        raise Refused(
            invalid(
                f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. "
                "Only the default (1) value is supported.",
                param="temperature",
                code="unsupported_value",
            )
        )


def _check_response_format(body: JsonObject) -> None:
    wanted = body.get("response_format")
    if wanted is None:
        return
    if not isinstance(wanted, dict):
        raise wrong_type("response_format", "an object", wanted)
    if wanted.get("type") not in ("text", "json_object", "json_schema"):
        raise Refused(
            invalid(
                f"Invalid value: '{wanted.get('type')}'. Supported values are: 'json_object', 'json_schema', and 'text'.",
                param="response_format.type",
                code="invalid_value",
            )
        )
    if wanted["type"] == "json_schema":
        holder = wanted.get("json_schema")
        check_name("response_format.json_schema.name", holder.get("name") if isinstance(holder, dict) else None)
    if wanted["type"] == "json_object" and "json" not in json.dumps(body["messages"]).lower():
        raise Refused(
            invalid(
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
                param="messages",
            )
        )


def _check_strictly(body: JsonObject) -> None:
    for name in body:
        if name not in _KNOWN:
            raise Refused(invalid(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter"))
    model, effort = body["model"], body.get("reasoning_effort")
    version = models.gpt_version(model)
    active = effort != "none" if version >= (5, 5) else effort not in (None, "none")
    if body.get("tools") and version >= (5, 4) and active:
        raise Refused(
            invalid(
                f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. "
                "Please use /v1/responses instead, or set reasoning_effort to 'none'.",
                param="reasoning_effort",
            )
        )
