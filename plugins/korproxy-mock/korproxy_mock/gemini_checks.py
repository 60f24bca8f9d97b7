"""Refuse generateContent requests as Gemini refuses them: tools, their choice, the generation's settings. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from korproxy_mock import models
from korproxy_mock.formats import JsonObject
from korproxy_mock.gemini_errors import invalid, violated, wrong
from korproxy_mock.gemini_message_checks import check_contents, content_faults
from korproxy_mock.gemini_schema_checks import schema_faults

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]*")
_NAME_LONGEST, _NAME_LONGEST_ONCE = 128, 64
_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0.0, 2.0), "top_p": (0.0, 1.0), "presence_penalty": (-2.0, 2.0), "frequency_penalty": (-2.0, 2.0),
}  # fmt: skip
_MOST_CANDIDATES = 8
_MOST_STOPS = 5
_JSON = "application/json"
_ENUM = "text/x.enum"
_MEDIA_TYPES = ("text/plain", _JSON, "application/xml", "application/yaml", _ENUM)
_BUILT_IN = (
    "google_search", "google_search_retrieval", "code_execution", "url_context", "computer_use", "file_search", "google_maps",
    "mcp_servers",
)  # fmt: skip


def check(request: JsonObject, model: str) -> None:
    """Raise ``Refused`` for the first fault; those of the validator come together.

    Args:
        request: In canonical form.
        model: Its family decides on some of the rules.
    """
    faults = [*content_faults(request), *_tool_faults(request, model), *_config_faults(request, model)]
    if faults:
        raise violated(faults)
    _check_tools(request, model)
    _check_choice(request)
    _check_config(request, model)
    _check_thinking(request, model)
    check_contents(request, model)


def declarations(request: JsonObject) -> list[JsonObject]:
    """Return the functions that *request* offers."""
    return [each for tool in request.get("tools") or () for each in tool.get("function_declarations") or ()]


def _check_thinking(request: JsonObject, model: str) -> None:
    """Raise ``Refused`` unless thinking is asked for as *model* wants it: by budget up to 2.5, by level since 3."""
    thinking = (request.get("generation_config") or {}).get("thinking_config") or {}
    budget, level = thinking.get("thinking_budget"), thinking.get("thinking_level")
    version = models.gemini(model)
    if budget is not None and level is not None:
        raise invalid("You can only set only one of thinking budget and thinking level.")
    if level is not None and (0, 0) < version < (3, 0):
        raise invalid("Thinking level is not supported for this model.")
    if level is not None and level not in models.gemini_levels(model):
        raise invalid(f"Thinking level {level} is not supported for this model.")
    if budget is not None and version >= (3, 0):
        raise invalid("Thinking budget is not supported for this model. Please use thinking level instead.")
    if budget is not None and version == (2, 5):
        _check_budget(budget, models.gemini_budgets(model), thoughts=bool(thinking.get("include_thoughts")))


def _check_budget(budget: int, allowed: tuple[int, int, bool], *, thoughts: bool) -> None:
    least, most, may_be_off = allowed
    if budget == 0 and not may_be_off:
        raise invalid("Budget 0 is invalid. This model only works in thinking mode.")
    if budget not in {0, -1} and not least <= budget <= most:
        raise invalid(f"The thinking budget {budget} is invalid. Please choose a value between {least} and {most}.")
    if budget == 0 and thoughts:
        raise invalid(
            "Unable to submit request because Thinking_config.include_thoughts is only enabled when thinking is enabled."
        )


def _tool_faults(request: JsonObject, model: str) -> Iterator[tuple[str, str]]:
    allow_empty = not (0, 0) < models.gemini(model) < (2, 5)
    for at, tool in enumerate(request.get("tools") or ()):
        for number, each in enumerate(tool.get("function_declarations") or ()):
            path = f"tools[{at}].function_declarations[{number}]"
            yield from _name_faults(each.get("name") or "", f"{path}.name", model)
            if each.get("parameters") is not None and each.get("parameters_json_schema") is not None:
                yield path, "only one of parameters and parameters_json_schema may be set"
            for field in ("parameters", "response"):
                if each.get(field) is None:
                    continue
                if field == "parameters" and each[field].get("type") != "OBJECT":
                    yield f"{path}.parameters.type", "should be OBJECT"
                yield from schema_faults(each[field], f"{path}.{field}", allow_empty=allow_empty)


def _name_faults(name: str, path: str, model: str) -> Iterator[tuple[str, str]]:
    longest = _NAME_LONGEST_ONCE if (0, 0) < models.gemini(model) < (3, 0) else _NAME_LONGEST
    if len(name) > longest or not _NAME.fullmatch(name):
        why = (
            "Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), "
            f"underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of {longest}."
        )
        yield path, why


def _config_faults(request: JsonObject, model: str) -> Iterator[tuple[str, str]]:
    config = request.get("generation_config") or {}
    path = "generation_config"
    for name, (least, most) in _RANGES.items():
        if config.get(name) is not None and not least <= config[name] <= most:
            yield f"{path}.{name}", f"{name} must be in the range [{least}, {most}]"
    if config.get("max_output_tokens") is not None and config["max_output_tokens"] < 1:
        yield f"{path}.max_output_tokens", "max_output_tokens must be positive"
    if config.get("top_k") is not None and config["top_k"] < 1:
        yield f"{path}.top_k", "top_k must be positive"
    if config.get("candidate_count") is not None and not 1 <= config["candidate_count"] <= _MOST_CANDIDATES:
        yield f"{path}.candidate_count", f"candidate_count must be in the range [1, {_MOST_CANDIDATES}]"
    stops = config.get("stop_sequences") or []
    if len(stops) > _MOST_STOPS:
        yield f"{path}.stop_sequences", f"the number of stop sequences must not exceed {_MOST_STOPS}"
    yield from ((f"{path}.stop_sequences[{at}]", "cannot be empty") for at, each in enumerate(stops) if not each)
    if config.get("response_mime_type") and config["response_mime_type"] not in _MEDIA_TYPES:
        listed = ", ".join(f"`{each}`" for each in _MEDIA_TYPES[:-1])
        yield f"{path}.response_mime_type", f"allowed mimetypes are {listed} and `{_MEDIA_TYPES[-1]}`."
    if config.get("response_schema") is not None:
        allow_empty = not (0, 0) < models.gemini(model) < (2, 5)
        yield from schema_faults(config["response_schema"], f"{path}.response_schema", allow_empty=allow_empty)


def _check_tools(request: JsonObject, model: str) -> None:
    names = [each["name"] for each in declarations(request)]
    for name, count in Counter(names).items():
        if count > 1:
            raise invalid(f"Duplicate function declaration found: {name}")
    if not names or not any(each in tool for tool in request["tools"] for each in _BUILT_IN):
        return
    if (0, 0) < models.gemini(model) < (3, 0):
        raise invalid("Tool use with function calling is unsupported")
    if not (request.get("tool_config") or {}).get("include_server_side_tool_invocations"):
        raise invalid(
            "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling."
        )


def _check_choice(request: JsonObject) -> None:
    config = (request.get("tool_config") or {}).get("function_calling_config")
    if config is None:
        return
    declared = {each["name"] for each in declarations(request)}
    if not declared:
        raise invalid("Function calling config is set without function_declarations.")
    allowed = config.get("allowed_function_names") or []
    if allowed and config.get("mode") not in ("ANY", "VALIDATED"):
        raise wrong(
            "tool_config.function_calling_config.allowed_function_names", "only allowed with the modes ANY and VALIDATED"
        )
    if not declared.issuperset(allowed):
        raise invalid("allowed_function_names should be a subset of the provided function_declarations.")


def _check_config(request: JsonObject, model: str) -> None:
    config = request.get("generation_config") or {}
    version = models.gemini(model)
    if (config.get("candidate_count") or 1) > 1 and version >= (3, 0):
        raise invalid("Multiple candidates is not enabled for this model")
    given = [name for name in ("response_schema", "response_json_schema") if config.get(name) is not None]
    if len(given) > 1:
        raise wrong(f"generation_config.{given[1]}", f"{given[0]} is set already")
    for name in given:
        if config.get("response_mime_type") not in (_JSON, _ENUM):
            raise wrong(f"generation_config.{name}", f"only allowed with response_mime_type {_JSON}")
        if not isinstance(config[name], dict):
            raise wrong(f"generation_config.{name}", "a schema is an object")
    if config.get("logprobs") is not None and not config.get("response_logprobs"):
        raise wrong("generation_config.logprobs", "only allowed with response_logprobs")
    if config.get("response_mime_type") == _JSON and declarations(request) and (0, 0) < version < (3, 0):
        raise invalid(f"Function calling with a response mime type: '{_JSON}' is unsupported")
    for at, each in enumerate(declarations(request)):
        if not isinstance(each.get("parameters_json_schema", {}), dict):
            raise wrong(f"tools.function_declarations[{at}].parameters_json_schema", "a schema is an object")
