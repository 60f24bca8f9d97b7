"""Refuse Messages requests as Anthropic refuses them: the first fault found, in Anthropic's words. Pure."""

import attrs

from korproxy_mock import models
from korproxy_mock.anthropic_block_checks import check_text
from korproxy_mock.anthropic_errors import invalid, problem
from korproxy_mock.anthropic_message_checks import check_messages
from korproxy_mock.anthropic_tool_checks import check_cache, check_tools
from korproxy_mock.formats import JsonObject, Refused

_NO_THREADS = "thread_unsupported_request"
_LEAST_BUDGET = 1024
_LEAST_TOP_P = 0.95  # while it thinks
_KNOWN = frozenset({
    "cache_control", "container", "context_management", "diagnostics", "inference_geo", "max_tokens", "mcp_servers",
    "messages", "metadata", "model", "output_config", "service_tier", "speed", "stop_sequences", "stream", "system",
    "temperature", "thinking", "thread", "tool_choice", "tools", "top_k", "top_p", "user_profile_id",
})  # fmt: skip
_KNOWN_COUNT = frozenset({
    "cache_control", "context_management", "mcp_servers", "messages", "model", "output_config", "speed", "system",
    "thinking", "tool_choice", "tools",
})  # fmt: skip
_CHOICES = {"service_tier": ("auto", "standard_only"), "speed": ("standard", "fast")}
_OPEN = {"metadata": {"user_id"}, "output_config": {"effort", "format"}}
_THINKING = {
    "adaptive": {"display"}, "enabled": {"budget_tokens", "display"}, "disabled": set[str](), "between_tools": {"display"},
}  # fmt: skip


def check(body: JsonObject) -> None:
    """Raise ``Refused`` for the first fault of a request for a message."""
    _check_fields(body, _KNOWN, ("model", "max_tokens", "messages"))
    if body.get("thread") is not None:  # as to an organisation whose data it must not keep
        raise Refused(attrs.evolve(problem(400, "thread: not available to this organization"), code=_NO_THREADS))
    _check_integer("max_tokens", body["max_tokens"])
    limit, most, model = body["max_tokens"], models.claude_output(body["model"]), body["model"]
    if most and limit > most:
        raise invalid(f"max_tokens: {limit} > {most}, which is the maximum allowed number of output tokens for {model}")
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
    _check_small_fields(body)
    _check_system(body.get("system"))
    check_tools(body)
    _check_thinking(body)
    _check_output(body)
    check_messages(body["messages"], body["model"], must_think=(body.get("thinking") or {}).get("type") == "enabled")
    check_cache(body)


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


def _check_small_fields(body: JsonObject) -> None:
    for name, fields in _OPEN.items():
        for field in body.get(name) or {}:
            if field not in fields:
                raise invalid(f"{name}.{field}: Extra inputs are not permitted")
    for name, allowed in _CHOICES.items():
        if body.get(name) is not None and body[name] not in allowed:
            raise invalid(f"{name}: Input should be {' or '.join(map(repr, allowed))}")


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
    if {"temperature", "top_p"} <= set(given) and models.claude(body["model"])[1] >= (4, 1):
        raise invalid("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")


def _check_system(system: object) -> None:
    if not isinstance(system, str | list | None):
        raise invalid("system: Input should be a valid string or list")
    for at, block in enumerate(system if isinstance(system, list) else []):
        if not isinstance(block, dict) or block.get("type") != "text":
            raise invalid(f"system.{at}.type: Input should be 'text'")
        check_text("system", f"system.{at}", block)


def _check_thinking(body: JsonObject) -> None:
    thinking, model = body.get("thinking"), body["model"]
    always = models.claude_always_thinks(model)
    if thinking is None:
        if always:
            _check_free_choice(body)
        return
    kind = thinking.get("type")
    if not isinstance(kind, str) or kind not in _THINKING:
        raise invalid(
            f"thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'adaptive', "
            "'between_tools', 'disabled', 'enabled'"
        )
    for name in thinking:
        if name not in _THINKING[kind] and name != "type":
            raise invalid(f"thinking.{kind}.{name}: Extra inputs are not permitted")
    if thinking.get("display") not in (None, "summarized", "omitted"):
        raise invalid(f"thinking.{kind}.display: Input should be 'summarized' or 'omitted'")
    if (kind == "enabled" and (always or models.claude_adapts(model))) or (kind == "disabled" and always):
        raise invalid(
            f'"thinking.type.{kind}" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.'
        )
    if kind == "adaptive" and (0, 0) < models.claude(model)[1] < (4, 6):
        raise invalid("adaptive thinking is not supported on this model")
    if kind == "enabled":
        _check_budget(body, thinking)
    if kind in ("enabled", "adaptive"):
        _check_free_choice(body)
        _check_sampling_beside_thinking(body)


def _check_budget(body: JsonObject, thinking: JsonObject) -> None:
    if "budget_tokens" not in thinking:
        raise invalid("thinking.enabled.budget_tokens: Field required")
    budget = thinking["budget_tokens"]
    _check_integer("thinking.enabled.budget_tokens", budget)
    if budget < _LEAST_BUDGET:
        raise invalid(f"thinking.enabled.budget_tokens: Input should be greater than or equal to {_LEAST_BUDGET}")
    if budget >= body.get("max_tokens", budget + 1):
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")


def _check_free_choice(body: JsonObject) -> None:
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")


def _check_sampling_beside_thinking(body: JsonObject) -> None:
    if body.get("temperature") not in {None, 1}:
        raise invalid("`temperature` may only be set to 1 when thinking is enabled.")
    if body.get("top_p") is not None and body["top_p"] < _LEAST_TOP_P:
        raise invalid(f"`top_p` must be greater than or equal to {_LEAST_TOP_P} or unset when thinking is enabled.")
    if body.get("top_k") is not None:
        raise invalid("`top_k` must be unset when thinking is enabled.")


def _check_output(body: JsonObject) -> None:
    config = body.get("output_config") or {}
    effort, allowed = config.get("effort"), models.claude_efforts(body["model"])
    if effort is not None and not allowed:
        raise invalid("This model does not support the effort parameter.")
    if effort is not None and effort not in allowed:
        raise invalid(f"output_config.effort: Input should be {', '.join(map(repr, allowed))}")
    wanted = config.get("format")
    if wanted is None:
        return
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        raise invalid("output_config.format.type: Input should be 'json_schema'")
    if not isinstance(wanted.get("schema"), dict):
        raise invalid(
            "output_config.format.schema: " + ("Field required" if "schema" not in wanted else "Input should be an object")
        )
