"""Refuse legacy completions as OpenAI refuses them: the first fault found, in OpenAI's words. Pure."""

from collections.abc import Mapping

from korproxy_mock import models
from korproxy_mock.formats import Call, JsonObject, Problem, Refused
from korproxy_mock.openai_checks import check_ranges, check_stop
from korproxy_mock.openai_errors import INVALID, model_not_found
from korproxy_mock.openai_refusals import check_known, refuse, wrong_type

_COUNTS: Mapping[str, tuple[int | None, int | None]] = {
    "n": (1, 128), "best_of": (1, 20), "max_tokens": (0, None), "logprobs": (0, 5), "seed": (None, None),
}  # fmt: skip
_KNOWN = frozenset({
    "best_of", "echo", "frequency_penalty", "logit_bias", "logprobs", "max_tokens", "model", "n", "presence_penalty", "prompt",
    "seed", "stop", "stream", "stream_options", "suffix", "temperature", "top_p", "user",
})  # fmt: skip


def check(call: Call) -> None:
    """Raise ``Refused`` for the first fault. ``strict`` refuses unknown parameters, too."""
    body = call.body
    _check_model(body)
    _check_prompt(body.get("prompt"))
    for name in ("stream", "echo"):
        if not isinstance(body.get(name), bool | None):
            raise wrong_type(name, "a boolean", body[name])
    if not isinstance(body.get("suffix"), str | None):
        raise wrong_type("suffix", "a string", body["suffix"])
    check_ranges(body, _COUNTS)
    check_stop(body.get("stop"))
    if body.get("stream_options") is not None and not body.get("stream"):
        raise refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options")
    if not isinstance(body.get("stream_options"), dict | None):
        raise wrong_type("stream_options", "an object", body["stream_options"])
    best = body.get("best_of")
    if best is not None and best < (body.get("n") or 1):
        raise refuse("You requested that the server return more choices than it will generate (HINT: best_of must be >= n).")
    if call.strict:
        check_known("", body, _KNOWN)


def _check_model(body: JsonObject) -> None:
    model = body.get("model")
    if not model:
        raise refuse("you must provide a model parameter")
    if not isinstance(model, str):
        raise wrong_type("model", "a string", model)
    if model == models.UNKNOWN:
        raise Refused(model_not_found(model))
    if "instruct" not in model and (models.gpt_version(model) > (0, 0) or models.gpt_reasons(model)):
        message = (
            "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?"
        )
        raise Refused(Problem(status=404, message=message, kind=INVALID, param="model"))


def _check_prompt(prompt: object) -> None:
    """Take a text, tokens, a list of either, or nothing."""
    if prompt is None:
        return
    several = prompt if isinstance(prompt, list) and prompt and isinstance(prompt[0], str | list) else [prompt]
    for each in several:
        tokens = isinstance(each, list) and bool(each) and all(type(token) is int for token in each)
        if not tokens and not isinstance(each, str):
            raise refuse(
                "'$.prompt' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
            )
