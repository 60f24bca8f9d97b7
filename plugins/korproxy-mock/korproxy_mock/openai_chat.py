"""OpenAI's Chat Completions, as a provider speaks it. Pure."""

import json
from collections.abc import Iterator
from itertools import chain

from korproxy_mock import models
from korproxy_mock.answer import Answer, cut
from korproxy_mock.codex_models import codex_models
from korproxy_mock.formats import Call, Event, JsonObject, Refused, Route
from korproxy_mock.openai_api import CREATED, OpenAIApi, compact, in_turn, thirds
from korproxy_mock.openai_checks import check
from korproxy_mock.openai_embeddings import embedded
from korproxy_mock.openai_errors import model_not_found
from korproxy_mock.openai_read import read_prompt
from korproxy_mock.paths import query, split_path
from korproxy_mock.prompt import Prompt
from korproxy_mock.record import Received
from korproxy_mock.script import Script, ToolCall
from korproxy_mock.searching import nested_annotation

_DONE = Event(data="[DONE]", terminal=True)
_FINISH = {
    "end": "stop", "tool": "tool_calls", "stop_sequence": "stop", "refusal": "content_filter", "null": None,
}  # fmt: skip


class OpenAIChat(OpenAIApi):
    """``POST /v1/chat/completions``, ``POST /v1/embeddings`` and ``GET /v1/models``, with or without the ``/v1``."""

    name = "openai-chat"

    def route(self, received: Received) -> Route | None:
        """Match by the end of the path; anything may stand in front."""
        embeds = split_path(received, chat="/embeddings", versioned=False)
        if embeds and embeds.action == "chat":
            return Route(action="embed", provider=embeds.provider)
        return split_path(received, chat="/chat/completions", versioned=False)

    def check(self, call: Call) -> None:
        """Refuse what OpenAI refuses."""
        check(call.body, strict=call.strict)
        if call.model == models.UNKNOWN:
            raise Refused(model_not_found(call.model))

    def read(self, call: Call) -> Prompt:
        """Read the conversation."""
        return read_prompt(call.body)

    def plain(self, call: Call) -> object:
        """Embed, list the models (for Codex in its own shape), or describe one."""
        if call.route.action == "embed":
            return embedded(call)
        if call.route.action == "models":
            if query(call.received, "client_version") is not None:
                return codex_models()
            return {"object": "list", "data": [_model(each) for each in (*models.OPENAI, *models.OPENAI_EMBEDDINGS)]}
        if call.model == models.UNKNOWN:
            raise Refused(model_not_found(call.model))
        return _model(call.model)

    def answer(self, call: Call, answer: Answer, script: Script) -> str:
        """Write a ``chat.completion``, indented like OpenAI's."""
        finish = _finish(call, answer)
        body: JsonObject = {
            **_base(call, "chat.completion"),
            "choices": [
                {"index": index, "message": _message(call, answer, script), "logprobs": None, "finish_reason": finish}
                for index in range(_choices(call))
            ],
            "service_tier": "default",
            "system_fingerprint": "fp_mock",
        }
        if not script.no_usage:
            body["usage"] = _usage(call, answer)
        return json.dumps(body, ensure_ascii=False, indent=2)

    def events(self, call: Call, answer: Answer, script: Script) -> Iterator[Event]:
        """Stream ``chat.completion.chunk`` objects, then ``[DONE]``."""
        base = {**_base(call, "chat.completion.chunk"), "service_tier": "default", "system_fingerprint": "fp_mock"}
        wanted = bool((call.body.get("stream_options") or {}).get("include_usage")) and not script.no_usage
        always = script.usage_in_every_chunk
        usage = _usage(call, answer)
        extra: JsonObject = {"usage": usage} if always else {"usage": None} if wanted else {}
        for delta in _deltas(call, answer, script):
            for index in range(_choices(call)):
                yield _chunk(base, [_choice(index, delta, None)], extra)
        if "usage-on-finish" in script.quirks:
            extra, wanted = {"usage": usage}, False
        for index in range(_choices(call)):
            yield _chunk(base, [_choice(index, {}, _finish(call, answer))], extra)
        if wanted and not always:
            yield _chunk(base, [], {"usage": usage})
        yield _DONE


def _base(call: Call, kind: str) -> JsonObject:
    return {
        "id": f"chatcmpl-mock{call.number:08d}",
        "object": kind,
        "created": CREATED + call.number,
        "model": call.model,
    }


def _choices(call: Call) -> int:
    return int(call.body.get("n") or 1)


def _finish(call: Call, answer: Answer) -> str | None:
    forced = isinstance(call.body.get("tool_choice"), dict)
    if answer.stop == "tool" and forced:
        return "stop"  # what OpenAI says when a function was forced by its name
    return _FINISH.get(answer.stop, answer.stop)


def _call_id(call: Call, index: int) -> str:
    return f"call_mock{call.number:08d}{index:02d}"


def _arguments(tool: ToolCall) -> str:
    return "{}" if tool.arguments is None else tool.arguments


def _thinking(answer: Answer, script: Script) -> tuple[str, str]:
    """Return the field that carries reasoning and the text in front of the content, by the server's habit."""
    tags = f"<think>{answer.thinking}</think>\n" if answer.thinking and "think-tags" in script.quirks else ""
    return ("reasoning" if "reasoning" in script.quirks else "reasoning_content"), tags


def _message(call: Call, answer: Answer, script: Script) -> JsonObject:
    field, tags = _thinking(answer, script)
    message: JsonObject = {
        "role": "assistant",
        "content": tags + answer.text if answer.pieces or tags else None,
        "refusal": answer.refusal,
        "annotations": [] if answer.cite is None else [nested_annotation(answer)],
    }
    if answer.thinking is not None and not tags:
        message[field] = answer.thinking
    if answer.calls:
        message["tool_calls"] = [
            {"id": _call_id(call, at), "type": "function", "function": {"name": each.name, "arguments": _arguments(each)}}
            for at, each in enumerate(answer.calls)
        ]
    return message


def _deltas(call: Call, answer: Answer, script: Script) -> Iterator[JsonObject]:
    field, tags = _thinking(answer, script)
    yield {"role": "assistant", "content": "", "refusal": None}
    if tags:
        yield {"content": tags}
    elif answer.thinking is not None:
        for piece in cut(answer.thinking) or ("",):
            yield {"content": None, field: piece}
    for piece in answer.pieces:
        yield {"content": piece}
    if answer.cite is not None and answer.pieces:
        yield {"annotations": [nested_annotation(answer)]}
    if answer.refusal is not None:
        for piece in cut(answer.refusal):
            yield {"refusal": piece}
    calls = [_call_deltas(call, at, tool, script) for at, tool in enumerate(answer.calls)]
    yield from in_turn(calls) if "interleaved" in script.quirks else chain.from_iterable(calls)


def _call_deltas(call: Call, at: int, tool: ToolCall, script: Script) -> Iterator[JsonObject]:
    for fragment in _fragments(_call_id(call, at), tool, script):
        yield {"tool_calls": [{"index": 0 if "index-zero" in script.quirks else at, **fragment}]}


def _fragments(identity: str, tool: ToolCall, script: Script) -> Iterator[JsonObject]:
    """Cut one call: who it is first, then its arguments; foreign servers repeat the first or send all at once."""
    arguments = _arguments(tool)
    head = {"id": identity, "type": "function"}
    if "whole-calls" in script.quirks:
        yield {**head, "function": {"name": tool.name, "arguments": arguments}}
        return
    yield {**head, "function": {"name": tool.name, "arguments": ""}}
    repeated = "repeat-ids" in script.quirks
    for piece in thirds(arguments):
        named = {"name": tool.name} if repeated else {}
        yield {**(head if repeated else {}), "function": {**named, "arguments": piece}}


def _choice(index: int, delta: JsonObject, finish: str | None) -> JsonObject:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def _chunk(base: JsonObject, choices: list[JsonObject], extra: JsonObject) -> Event:
    return Event(data=compact({**base, "choices": choices, **extra}))


def _usage(call: Call, answer: Answer) -> JsonObject:
    usage = answer.usage
    output = usage.output * _choices(call)
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": output,
        "total_tokens": usage.input + output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": answer.thinking_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "korproxy-mock"}
