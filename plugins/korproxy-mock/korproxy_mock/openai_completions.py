"""OpenAI's legacy completions, as a provider speaks them. Pure."""

import json
from collections.abc import Iterator

from korproxy_mock.answer import Answer, cut
from korproxy_mock.formats import Call, Event, JsonObject, Route
from korproxy_mock.openai_api import CREATED, OpenAIApi, compact
from korproxy_mock.openai_completion_checks import check
from korproxy_mock.prompt import Prompt, weigh
from korproxy_mock.record import Received
from korproxy_mock.script import Script

_DONE = Event(data="[DONE]", terminal=True)
_FINISH = {"end": "stop", "tool": "stop", "stop_sequence": "stop", "refusal": "content_filter", "null": None}
_MAX_TOKENS = 16  # what OpenAI takes where the request does not say
_LOGPROB = -0.1


class OpenAICompletions(OpenAIApi):
    """``POST /v1/completions``, with or without the ``/v1``; Chat Completions must have had its turn before."""

    name = "openai-completions"

    def route(self, received: Received) -> Route | None:
        """Match by the end of the path; anything may stand in front."""
        path = received.path.rstrip("/")
        if received.method != "POST" or not path.endswith("/completions"):
            return None
        return Route(action="chat", provider=path.removesuffix("/completions").removesuffix("/v1").strip("/"))

    def check(self, call: Call) -> None:
        """Refuse what OpenAI refuses."""
        check(call)

    def read(self, call: Call) -> Prompt:
        """Read the last prompt; directives stand in that."""
        given, most = _prompts(call.body), call.body.get("max_tokens")
        tokens = max(1, weigh([given, call.body.get("suffix")]) // 4)
        return Prompt(text=given[-1], max_tokens=_MAX_TOKENS if most is None else most, tokens=tokens)

    def plain(self, call: Call) -> object:
        """Answer nothing: every path is a conversation."""
        raise AssertionError(call.route.action)

    def answer(self, call: Call, answer: Answer, script: Script) -> str:
        """Write a ``text_completion``, indented like OpenAI's."""
        choices = [
            _choice(call, index, _echoed(call, prompt) + answer.text, _finish(answer))
            for index, prompt in enumerate(_choices(call))
        ]
        body = {**_base(call), "choices": choices}
        if not script.no_usage:
            body["usage"] = _usage(call, answer)
        return json.dumps(body, ensure_ascii=False, indent=2)

    def events(self, call: Call, answer: Answer, script: Script) -> Iterator[Event]:
        """Stream ``text_completion`` objects, then ``[DONE]``."""
        base, prompts = _base(call), _choices(call)
        wanted = bool((call.body.get("stream_options") or {}).get("include_usage")) and not script.no_usage
        usage, always = _usage(call, answer), script.usage_in_every_chunk
        extra: JsonObject = {"usage": usage} if always else {"usage": None} if wanted else {}
        for index, prompt in enumerate(prompts):
            if echo := _echoed(call, prompt):
                yield _chunk(base, [_choice(call, index, echo, None)], extra)
        for piece in answer.pieces:
            for index in range(len(prompts)):
                yield _chunk(base, [_choice(call, index, piece, None)], extra)
        for index in range(len(prompts)):
            yield _chunk(base, [_choice(call, index, "", _finish(answer))], extra)
        if wanted and not always:
            yield _chunk(base, [], {"usage": usage})
        yield _DONE


def _base(call: Call) -> JsonObject:
    return {
        "id": f"cmpl-mock{call.number:08d}",
        "object": "text_completion",
        "created": CREATED + call.number,
        "model": call.model,
        "system_fingerprint": "fp_mock",
    }


def _prompts(body: JsonObject) -> list[str]:
    """Return the prompts as texts; of one in tokens nothing is known but the tokens."""
    given = body.get("prompt")
    if given is None or isinstance(given, str):
        return [given or ""]
    several = given if given and not isinstance(given[0], int) else [given]
    return [each if isinstance(each, str) else " ".join(map(str, each)) for each in several]


def _choices(call: Call) -> list[str]:
    """Return the prompt of each choice: all of the first prompt's before those of the second."""
    return [prompt for prompt in _prompts(call.body) for _ in range(int(call.body.get("n") or 1))]


def _echoed(call: Call, prompt: str) -> str:
    return prompt if call.body.get("echo") else ""


def _finish(answer: Answer) -> str | None:
    return _FINISH.get(answer.stop, answer.stop)


def _choice(call: Call, index: int, text: str, finish: str | None) -> JsonObject:
    return {"text": text, "index": index, "logprobs": _logprobs(call, text), "finish_reason": finish}


def _logprobs(call: Call, text: str) -> JsonObject | None:
    """Give every piece the same probability, where the request wants to see them."""
    if call.body.get("logprobs") is None or not text:
        return None
    tokens = cut(text)
    return {
        "text_offset": [sum(map(len, tokens[:at])) for at in range(len(tokens))],
        "token_logprobs": [_LOGPROB for _ in tokens],
        "tokens": list(tokens),
        "top_logprobs": [{token: _LOGPROB} for token in tokens] if call.body["logprobs"] else None,
    }


def _chunk(base: JsonObject, choices: list[JsonObject], extra: JsonObject) -> Event:
    return Event(data=compact({**base, "choices": choices, **extra}))


def _usage(call: Call, answer: Answer) -> JsonObject:
    spent, said = answer.usage.input, answer.usage.output * len(_choices(call))
    return {"prompt_tokens": spent, "completion_tokens": said, "total_tokens": spent + said}
