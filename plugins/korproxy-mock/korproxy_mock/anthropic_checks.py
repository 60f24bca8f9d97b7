"""Refuse Messages requests as Anthropic refuses them: the first fault found, in Anthropic's words. Pure."""

import re

from korproxy_mock import models
from korproxy_mock.anthropic_errors import invalid
from korproxy_mock.anthropic_message_checks import check_messages, check_text
from korproxy_mock.formats import JsonObject

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_LEAST_BUDGET = 1024
_MOST_CACHE_MARKS = 4
_KNOWN = frozenset({
    "cache_control", "container", "context_management", "diagnostics", "inference_geo", "max_tokens", "mcp_servers",
    "messages", "metadata", "model", "output_config", "service_tier", "speed", "stop_sequences", "stream", "system",
    "temperature", "thinking", "tool_choice", "tools", "top_k", "top_p", "user_profile_id",
})  # fmt: skip
_KNOWN_COUNT = frozenset({
    "cache_control", "context_management", "mcp_servers", "messages", "model", "output_config", "speed", "system",
    "thinking", "tool_choice", "tools",
})  # fmt: skip


def check(body: JsonObject) -> None:
    """Raise ``Refused`` for the first fault of a request for a message."""
    _check_fields(body, _KNOWN, ("model", "max_tokens", "messages"))
    _check_integer("max_tokens", body["max_tokens"])
    if not isinstance(body.get("stream", False), bool | None):
        raise invalid("stream: Input should be a valid boolean")
    _check_sampling(body)
    for at, sequence in enumerate(body.get("stop_sequences") or []):
        if not isinstance(sequence, str) or not sequence.strip():
            raise invalid(f"stop_sequences.{at}: each stop sequence must contain non-whitespace")
    _check_rest(body)


def check_count(body: JsonObject) -> None:
    """Raise ``Refused`` for the first fault of a request to count tokens."""
    _check_fields(body, _KNOWN_COUNT, ("model", "messages"))
    _check_rest(body)


def _check_rest(body: JsonObject) -> None:
    _check_system(body.get("system"))
    _check_tools(body)
    _check_thinking(body)
    check_messages(body["messages"], body["model"])
    if (marks := _cache_marks(body)) > _MOST_CACHE_MARKS:
        raise invalid(f"A maximum of {_MOST_CACHE_MARKS} blocks with cache_control may be provided. Found {marks}.")


def _check_fields(body: JsonObject, known: frozenset[str], required: tuple[str, ...]) -> None:
    for name in required:
        if name not in body:
            raise invalid(f"{name}: Field required")
    for name in body:
        if name not in known:
            raise invalid(f"{name}: Extra inputs are not permitted")
    if not isinstance(body["model"], str):
        raise invalid("model: Input should be a valid string")
    if not body["model"]:
        raise invalid("model: String should have at least 1 character")
    if not isinstance(body["messages"], list):
        raise invalid("messages: Input should be a valid list")
    for name in ("thinking", "tool_choice", "output_config", "metadata"):
        if not isinstance(body.get(name), dict | None):
            raise invalid(f"{name}: Input should be an object")
    for name in ("tools", "stop_sequences"):
        if not isinstance(body.get(name), list | None):
            raise invalid(f"{name}: Input should be a valid list")


def _check_integer(place: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(f"{place}: Input should be a valid integer")
    if value < 0:
        raise invalid(f"{place}: Input should be greater than or equal to 0")


def _check_sampling(body: JsonObject) -> None:
    given = [name for name in ("temperature", "top_p", "top_k") if body.get(name) is not None]
    for name in given:
        value = body[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(f"{name}: Input should be a valid number")
        if models.claude_adapts(body["model"]):
            raise invalid(f"`{name}` is deprecated for this model.")
        if name != "top_k" and not 0 <= value <= 1:
            raise invalid(f"{name}: range: 0..1")
    if {"temperature", "top_p"} <= set(given) and models.claude(body["model"])[1] >= (4, 5):
        raise invalid("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")


def _check_system(system: object) -> None:
    if not isinstance(system, str | list | None):
        raise invalid("system: Input should be a valid string or list")
    for at, block in enumerate(system if isinstance(system, list) else []):
        if not isinstance(block, dict) or block.get("type") != "text":
            raise invalid(f"system.{at}.type: Input should be 'text'")
        check_text("system", f"system.{at}", block)


def _check_tools(body: JsonObject) -> None:
    tools = body.get("tools") or []
    for at, tool in enumerate(tools):
        _check_tool(at, tool)
    names = [tool["name"] for tool in tools]
    if len(set(names)) != len(names):
        raise invalid("tools: Tool names must be unique.")
    choice = body.get("tool_choice")
    if choice is None:
        return
    if choice.get("type") not in ("auto", "any", "tool", "none"):
        raise invalid(
            f"tool_choice: Input tag '{choice.get('type')}' found using 'type' does not match any of the expected tags: "
            "'any', 'auto', 'none', 'tool'"
        )
    if not tools:
        raise invalid("tool_choice: tool_choice may only be specified while providing tools.")
    if choice["type"] == "tool" and choice.get("name") not in names:
        raise invalid(f"Tool '{choice.get('name')}' not found in provided tools")


def _check_tool(at: int, tool: object) -> None:
    if not isinstance(tool, dict):
        raise invalid(f"tools.{at}: Input should be an object")
    place = f"tools.{at}.{tool.get('type') or 'custom'}"
    name = tool.get("name")
    if name is None:
        raise invalid(f"{place}.name: Field required")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid(f"{place}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
    if tool.get("type") not in (None, "custom"):
        return  # Anthropic's own tools have no schema
    schema = tool.get("input_schema")
    if not isinstance(schema, dict):
        raise invalid(f"{place}.input_schema: " + ("Field required" if schema is None else "Input should be an object"))
    if schema.get("type") != "object":
        why = "Input should be 'object'" if "type" in schema else "Field required"
        raise invalid(f"{place}.input_schema.type: {why}")
    if {"oneOf", "anyOf", "allOf"} & schema.keys():
        raise invalid(f"{place}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level")


def _check_thinking(body: JsonObject) -> None:
    thinking = body.get("thinking")
    if thinking is None:
        return
    kind, model = thinking.get("type"), body["model"]
    if kind not in ("adaptive", "enabled", "disabled", "between_tools"):
        raise invalid(
            f"thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'adaptive', "
            "'between_tools', 'disabled', 'enabled'"
        )
    always = models.claude_always_thinks(model)
    if (kind == "enabled" and (always or models.claude_adapts(model))) or (kind == "disabled" and always):
        raise invalid(
            f'"thinking.type.{kind}" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.'
        )
    if kind == "adaptive" and (0, 0) < models.claude(model)[1] < (4, 6):
        raise invalid("adaptive thinking is not supported on this model")
    if kind == "enabled":
        _check_budget(body, thinking)


def _check_budget(body: JsonObject, thinking: JsonObject) -> None:
    if "budget_tokens" not in thinking:
        raise invalid("thinking.enabled.budget_tokens: Field required")
    budget = thinking["budget_tokens"]
    _check_integer("thinking.enabled.budget_tokens", budget)
    if budget < _LEAST_BUDGET:
        raise invalid(f"thinking.enabled.budget_tokens: Input should be greater than or equal to {_LEAST_BUDGET}")
    if budget >= body.get("max_tokens", budget + 1):
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")
    if body.get("temperature") not in {None, 1}:
        raise invalid("`temperature` may only be set to 1 when thinking is enabled.")
    if body.get("top_k") is not None:
        raise invalid("`top_k` must be unset when thinking is enabled.")


def _cache_marks(body: JsonObject) -> int:
    """Count the cache breakpoints on tools, system and message blocks."""
    marked = 0
    rest: list[object] = [body.get("tools"), body.get("system"), body["messages"]]
    while rest:
        each = rest.pop()
        if isinstance(each, list):
            rest.extend(each)
        elif isinstance(each, dict):
            marked += bool(each.get("cache_control"))
            rest.append(each.get("content"))
    return marked
