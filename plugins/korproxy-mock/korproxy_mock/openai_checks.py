"""Refuse Chat Completions requests as OpenAI refuses them: the first fault found, in OpenAI's words. Pure."""

import json
from collections.abc import Mapping

from korproxy_mock.formats import JsonObject
from korproxy_mock.openai_message_checks import check_messages, check_messages_strictly
from korproxy_mock.openai_model_checks import check_model, check_reasoning_sent_back, check_tools_while_reasoning
from korproxy_mock.openai_refusals import (
    check_bounds,
    check_choice,
    check_known,
    check_name,
    empty_array,
    missing,
    refuse,
    wrong_type,
)
from korproxy_mock.openai_tool_checks import check_schema, check_tools

_RANGES = {"temperature": (0, 2), "top_p": (0, 1), "frequency_penalty": (-2, 2), "presence_penalty": (-2, 2)}
_COUNTS: Mapping[str, tuple[int | None, int | None]] = {
    "n": (1, 128), "max_tokens": (1, None), "max_completion_tokens": (1, None), "top_logprobs": (0, 20), "seed": (None, None),
}  # fmt: skip
_MOST_STOPS = 4
_CHOICES = {
    "reasoning_effort": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "verbosity": ("low", "medium", "high"),
    "service_tier": ("auto", "default", "flex", "scale", "priority", "fast"),
}
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
        strict: Refuse also what only OpenAI itself refuses and compatible servers take: unknown parameters at any depth, and
            tools for models that take them with the Responses API only.
    """
    _check_top(body)
    check_ranges(body, _COUNTS)
    _check_choices(body)
    check_tools(body)
    check_model(body)
    _check_response_format(body)
    check_messages(body["messages"])
    check_reasoning_sent_back(body)
    if strict:
        check_known("", body, _KNOWN)
        check_messages_strictly(body["messages"])
        _check_tools_strictly(body.get("tools") or [])
        check_tools_while_reasoning(body)


def _check_top(body: JsonObject) -> None:
    if not body.get("model"):
        raise refuse("you must provide a model parameter")
    if not isinstance(body["model"], str):
        raise wrong_type("model", "a string", body["model"])
    if "messages" not in body:
        raise missing("messages")
    if not isinstance(body["messages"], list):
        raise wrong_type("messages", "an array of objects", body["messages"])
    if not body["messages"]:
        raise empty_array("messages")
    for name in ("stream", "logprobs", "store", "parallel_tool_calls"):
        if not isinstance(body.get(name, False), bool | None):
            raise wrong_type(name, "a boolean", body[name])
    if body.get("stream_options") is not None and not body.get("stream"):
        raise refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options")
    if not isinstance(body.get("stream_options"), dict | None):
        raise wrong_type("stream_options", "an object", body["stream_options"])


def check_ranges(body: JsonObject, counts: Mapping[str, tuple[int | None, int | None]]) -> None:
    """Raise ``Refused`` for the first number of the wrong type or out of its range; *counts* are those that must be whole."""
    for name, (least, most) in _RANGES.items():
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(name, "a decimal", value)
        check_bounds(name, "decimal", value, least, most)
    for name, (minimum, maximum) in counts.items():
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(name, "an integer", value)
        check_bounds(name, "integer", value, minimum, maximum)


def _check_choices(body: JsonObject) -> None:
    for name, allowed in _CHOICES.items():
        if body.get(name) is not None:
            check_choice(name, body[name], allowed)
    check_stop(body.get("stop"))
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise refuse("The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", param="top_logprobs")


def check_stop(stop: object) -> None:
    """Raise ``Refused`` unless *stop* is a string or up to four."""
    if not isinstance(stop, str | list | None):
        raise wrong_type("stop", "one of a string or an array of strings", stop)
    if isinstance(stop, list) and len(stop) > _MOST_STOPS:
        raise refuse(
            f"Invalid 'stop': array too long. Expected an array with maximum length {_MOST_STOPS}, but got an array with "
            f"length {len(stop)} instead.",
            param="stop",
            code="array_above_max_length",
        )


def _check_response_format(body: JsonObject) -> None:
    wanted = body.get("response_format")
    if wanted is None:
        return
    if not isinstance(wanted, dict):
        raise wrong_type("response_format", "an object", wanted)
    check_choice("response_format.type", wanted.get("type"), ("json_object", "json_schema", "text"))
    if wanted["type"] == "json_schema":
        holder = wanted.get("json_schema")
        check_name("response_format.json_schema.name", holder.get("name") if isinstance(holder, dict) else None)
        if isinstance(holder, dict) and isinstance(holder.get("schema"), dict) and holder.get("strict") is True:
            check_schema("response_format", f"response_format '{holder['name']}'", holder["schema"], strict=True)
    if wanted["type"] == "json_object" and "json" not in json.dumps(body["messages"]).lower():
        raise refuse(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            param="messages",
        )


def _check_tools_strictly(tools: list[JsonObject]) -> None:
    for at, tool in enumerate(tools):
        check_known(f"tools[{at}].", tool, frozenset({"type", tool["type"]}))
        if tool["type"] == "function":
            known = frozenset({"name", "description", "parameters", "strict"})
            check_known(f"tools[{at}].function.", tool["function"], known)
