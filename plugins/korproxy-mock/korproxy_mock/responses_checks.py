"""Refuse Responses requests as OpenAI refuses them: the first fault found, in OpenAI's words. Pure."""

import json
from collections.abc import Mapping, Sequence

from korproxy_mock.formats import Call, JsonObject
from korproxy_mock.openai_refusals import check_bounds, check_choice, check_length, check_name, missing, refuse, wrong_type
from korproxy_mock.openai_tool_checks import check_schema
from korproxy_mock.responses_conversation import conversation
from korproxy_mock.responses_item_checks import check_items
from korproxy_mock.responses_known import check_known_deeply, check_moved
from korproxy_mock.responses_model_checks import check_model
from korproxy_mock.responses_pair_checks import check_pairs, check_seals, check_stored
from korproxy_mock.responses_tool_checks import check_tools

_FLAGS = ("stream", "store", "parallel_tool_calls", "background")
_RANGES = {"temperature": (0, 2), "top_p": (0, 1)}
_COUNTS: Mapping[str, tuple[int, int | None]] = {
    "max_output_tokens": (16, None), "top_logprobs": (0, 20), "max_tool_calls": (1, None),
}  # fmt: skip
_TEXTS = {"instructions": None, "previous_response_id": 64, "prompt_cache_key": 64, "safety_identifier": 128, "user": 512}
_OBJECTS = ("reasoning", "text", "metadata", "stream_options", "prompt", "prompt_cache_options", "client_metadata")
_CHOICES: Mapping[str, Sequence[str]] = {
    "truncation": ("auto", "disabled"),
    "service_tier": ("auto", "default", "flex", "scale", "priority", "fast", "ultrafast"),
    "prompt_cache_retention": ("in_memory", "24h"),
    "reasoning.effort": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "reasoning.summary": ("auto", "concise", "detailed"),
    "reasoning.generate_summary": ("auto", "concise", "detailed"),
    "reasoning.context": ("auto", "current_turn", "all_turns"),
    "text.verbosity": ("low", "medium", "high"),
}
_INCLUDE = (
    "file_search_call.results", "web_search_call.results", "web_search_call.action.sources", "message.input_image.image_url",
    "computer_call_output.output.image_url", "code_interpreter_call.outputs", "reasoning.encrypted_content",
    "message.output_text.logprobs",
)  # fmt: skip
_MOST_METADATA = 16


def check(call: Call) -> None:
    """Raise ``Refused`` for the first fault. ``strict`` refuses unknown parameters at any depth, too."""
    body = call.body
    check_moved(body)
    if not body.get("model"):
        raise missing("model")
    check_fields(body)
    _check_input(body)
    check_rest(call)


def check_rest(call: Call) -> None:
    """Raise ``Refused`` for the first fault of a request that need not name a model or say anything."""
    body = call.body
    check_moved(body)
    check_fields(body)
    check_tools(body)
    check_model(body)
    _check_format(body)
    check_items(body.get("input"))
    check_stored(call)
    check_pairs(conversation(call))
    check_seals(call)
    if call.strict:
        check_known_deeply(body)


def check_fields(body: JsonObject) -> None:
    """Raise ``Refused`` for the first field of the wrong type, out of its range or none of its choices."""
    if not isinstance(body.get("model"), str | None):
        raise wrong_type("model", "a string", body["model"])
    given = body.get("input")
    if not isinstance(given, str | list | None):
        raise wrong_type("input", "one of a string or an array of input items", given)
    for name in _FLAGS:
        if not isinstance(body.get(name), bool | None):
            raise wrong_type(name, "a boolean", body[name])
    for name in _OBJECTS:
        if not isinstance(body.get(name), dict | None):
            raise wrong_type(name, "an object", body[name])
    for name, most in _TEXTS.items():
        value = body.get(name)
        if not isinstance(value, str | None):
            raise wrong_type(name, "a string", value)
        if most and value is not None:
            check_length(name, value, most)
    _check_numbers(body)
    _check_choices(body)
    _check_stream_options(body)
    _check_metadata(body.get("metadata") or {})


def _check_numbers(body: JsonObject) -> None:
    for name, (least, most) in _RANGES.items():
        value = body.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise wrong_type(name, "a decimal", value)
        if value is not None:
            check_bounds(name, "decimal", value, least, most, short=True)
    for name, (minimum, maximum) in _COUNTS.items():
        value = body.get(name)
        if isinstance(value, bool) or not isinstance(value, int | None):
            raise wrong_type(name, "an integer", value)
        if value is not None:
            check_bounds(name, "integer", value, minimum, maximum, short=True)


def _check_choices(body: JsonObject) -> None:
    for path, allowed in _CHOICES.items():
        holder, _, name = path.rpartition(".")
        value = (body.get(holder) or {} if holder else body).get(name)
        if value is not None:
            check_choice(path, value, allowed)
    include = body.get("include")
    if not isinstance(include, list | None):
        raise wrong_type("include", "an array of strings", include)
    for at, each in enumerate(include or []):
        check_choice(f"include[{at}]", each, _INCLUDE)


def _check_stream_options(body: JsonObject) -> None:
    options = body.get("stream_options")
    if options is None:
        return
    if not body.get("stream"):
        raise refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options")
    if "include_usage" in options:  # a stream always ends with its usage; who asks comes from Chat Completions
        raise refuse(
            "Unknown parameter: 'stream_options.include_usage'.",
            param="stream_options.include_usage",
            code="unknown_parameter",
        )


def _check_metadata(metadata: JsonObject) -> None:
    if len(metadata) > _MOST_METADATA:
        raise refuse(
            f"Invalid 'metadata': too many properties. Expected an object with at most {_MOST_METADATA} properties, but got "
            f"an object with {len(metadata)} properties instead.",
            param="metadata",
            code="object_above_max_properties",
        )
    for name, value in metadata.items():
        if not isinstance(value, str):
            raise wrong_type(f"metadata.{name}", "a string", value)


def _check_input(body: JsonObject) -> None:
    """Raise ``Refused`` unless something is said, here or elsewhere."""
    if not body.get("input") and not any(body.get(name) for name in ("previous_response_id", "prompt", "conversation")):
        raise refuse(
            "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.",
            param="input",
            code="missing_required_parameter",
        )


def _check_format(body: JsonObject) -> None:
    wanted = (body.get("text") or {}).get("format")
    if wanted is None:
        return
    if not isinstance(wanted, dict):
        raise wrong_type("text.format", "an object", wanted)
    check_choice("text.format.type", wanted.get("type"), ("json_object", "json_schema", "text"))
    if wanted["type"] == "json_schema":
        check_name("text.format.name", wanted.get("name"))
        if "schema" not in wanted:
            raise missing("text.format.schema")
        if not isinstance(wanted["schema"], dict):
            raise wrong_type("text.format.schema", "an object", wanted["schema"])
        if wanted.get("strict") is True:
            owner = f"response_format '{wanted['name']}'"
            check_schema("text.format.schema", owner, wanted["schema"], strict=True, code="invalid_json_schema")
    if wanted["type"] == "json_object" and "json" not in json.dumps(body.get("input")).lower():
        raise refuse(
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
            param="input",
        )
