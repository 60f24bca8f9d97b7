"""Refuse what a model does not take with the Responses API: sampling while it reasons, efforts, verbosity. Pure.

Tools while it reasons are welcome here, unlike with Chat Completions.
"""

from korproxy_mock import models
from korproxy_mock.formats import JsonObject, Refused
from korproxy_mock.openai_refusals import listed, refuse, unsupported

_SAMPLING = ("temperature", "top_p", "top_logprobs")
_FIRST_REASONING = (5, 0)


def check_model(body: JsonObject) -> None:
    """Raise ``Refused`` for the first parameter that the model does not take."""
    model = body.get("model") or ""
    reasoning, verbosity = body.get("reasoning") or {}, (body.get("text") or {}).get("verbosity")
    efforts = models.responses_efforts(model)
    if efforts == ():
        for name in ("effort", "summary"):
            if reasoning.get(name) is not None:
                raise unsupported(f"reasoning.{name}")
    effort = reasoning.get("effort")
    if effort is not None and efforts is not None and effort not in efforts:
        raise _wrong_value("reasoning.effort", effort, model, efforts)
    hosted = [each["type"] for each in body.get("tools") or () if isinstance(each, dict)]
    searches = [each for each in hosted if isinstance(each, str) and each.startswith("web_search")]
    if effort == "minimal" and searches:
        raise refuse(f"The following tools cannot be used with reasoning.effort 'minimal': {searches[0]}.", param="tools")
    old = (0, 0) < models.gpt_version(model) < _FIRST_REASONING
    if old and verbosity not in {None, "medium"}:
        raise _wrong_value("text.verbosity", verbosity, model, ("medium",))
    if not models.gpt_reasons(model) or effort == "none":
        return
    for name in _SAMPLING:
        value = body.get(name)
        if value is not None and value != (0 if name == "top_logprobs" else 1):
            raise unsupported(name)


def _wrong_value(param: str, value: object, model: str, allowed: tuple[str, ...]) -> Refused:
    return refuse(
        f"Unsupported value: '{value}' is not supported with the '{model}' model. Supported values are: {listed(allowed)}.",
        param=param,
        code="unsupported_value",
    )
