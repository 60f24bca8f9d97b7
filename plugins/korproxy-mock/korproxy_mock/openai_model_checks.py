"""Refuse what a model of OpenAI's does not take: limits by their old name, sampling while it reasons, efforts. Pure."""

from korproxy_mock import models
from korproxy_mock.formats import JsonObject, Refused
from korproxy_mock.openai_errors import tools_need_responses
from korproxy_mock.openai_refusals import listed, refuse, unsupported

_SAMPLING = ("top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs")


def check_model(body: JsonObject) -> None:
    """Raise ``Refused`` for the first parameter that the model does not take."""
    model = body["model"]
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        raise refuse("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", param="max_tokens")
    _check_effort(model, body.get("reasoning_effort"))
    if not models.gpt_reasons(model):
        return
    if body.get("max_tokens") is not None:
        raise refuse(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        )
    if body.get("stop") is not None:
        raise unsupported("stop")
    if body.get("reasoning_effort") == "none":
        return
    if body.get("temperature") not in {None, 1}:
        raise refuse(
            f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. "
            "Only the default (1) value is supported.",
            param="temperature",
            code="unsupported_value",
        )
    for name in _SAMPLING:
        if body.get(name):  # a penalty of 0 and no logprobs are what it does anyway
            raise unsupported(name)


def check_tools_while_reasoning(body: JsonObject) -> None:
    """Raise ``Refused`` for tools of a model that takes them with the Responses API only, as long as it reasons."""
    model, effort = body["model"], body.get("reasoning_effort")
    version = models.gpt_version(model)
    active = effort != "none" if version >= (5, 5) else effort not in (None, "none")
    if body.get("tools") and version >= (5, 4) and active:
        raise Refused(tools_need_responses(model))


def check_reasoning_sent_back(body: JsonObject) -> None:
    """Raise ``Refused`` where DeepSeek misses the reasoning in front of the calls that its thinking mode made."""
    thinking = body.get("thinking")
    off = isinstance(thinking, dict) and thinking.get("type") == "disabled"
    if not models.deepseek_wants_reasoning(body["model"]) or off:
        return
    for message in body["messages"]:
        if message.get("tool_calls") and not isinstance(message.get("reasoning_content"), str):
            raise refuse("The `reasoning_content` in the thinking mode must be passed back to the API.")


def _check_effort(model: str, effort: object) -> None:
    allowed = models.gpt_efforts(model)
    if effort is None or allowed is None:
        return
    if not allowed:
        raise refuse("Unrecognized request argument supplied: reasoning_effort")
    if effort not in allowed:
        raise refuse(
            f"Unsupported value: 'reasoning_effort' does not support '{effort}' with this model. "
            f"Supported values are: {listed(allowed)}.",
            param="reasoning_effort",
            code="unsupported_value",
        )
