"""Write answers as Gemini does: whole, and as the chunks of a stream. Pure."""

import json
from collections.abc import Iterator

from korproxy_mock import models
from korproxy_mock.answer import Answer, cut
from korproxy_mock.directives import DirectiveError
from korproxy_mock.formats import Call, Event, JsonObject
from korproxy_mock.gemini_shape import camel, canonical
from korproxy_mock.gemini_signatures import call_signature, text_signature
from korproxy_mock.prompt import tokens_in
from korproxy_mock.script import Script, ToolCall
from korproxy_mock.searching import grounding
from korproxy_mock.wire import Raw, dumps

_FINISH = {
    "end": "STOP", "tool": "STOP", "stop_sequence": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY", "null": None,
}  # fmt: skip
_BLOCKED = "blocked"
_RATING = {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}
_FIELDS = (
    "candidates", "content", "finish_reason", "finish_message", "safety_ratings", "function_call", "thought_signature",
    "usage_metadata", "prompt_token_count", "cached_content_token_count", "candidates_token_count", "thoughts_token_count",
    "total_token_count", "prompt_tokens_details", "token_count", "model_version", "response_id", "prompt_feedback",
    "block_reason",
    "grounding_metadata", "grounding_chunks", "grounding_supports", "grounding_chunk_indices", "start_index", "end_index",
    "web_search_queries", "search_entry_point", "rendered_content",
)  # fmt: skip
_SNAKE = {camel(each): each for each in _FIELDS}


def whole(call: Call, answer: Answer, script: Script) -> str:
    """Write a ``GenerateContentResponse``, indented like Google's."""
    if blocked := _blocked(answer):
        body = _with_usage(call, answer, script, blocked, share=0.0)
    else:
        config = _config(call)
        parts = _parts(call, answer, script, config, merged=True)
        said = {"candidates": _candidates(answer, parts, _FINISH.get(answer.stop, answer.stop), config)}
        body = _with_usage(call, answer, script, said, share=1.0)
    return dumps(_spelt(body, script), indent=2) + "\n"


def chunks(call: Call, answer: Answer, script: Script) -> Iterator[Event]:
    """Write the chunks: each a response of its own with the next parts; the last one tells why it ends."""
    if blocked := _blocked(answer):
        body = _with_usage(call, answer, script, blocked, share=0.0)
        yield Event(data=dumps(_spelt(body, script)), terminal=True)
        return
    config = _config(call)
    parts = _parts(call, answer, script, config, merged=False)
    groups = [[each] for each in parts] or [[]]
    for number, group in enumerate(groups, 1):
        last = number == len(groups)
        ends = last or ("finish-early" in script.quirks and number == 1)
        finish = _FINISH.get(answer.stop, answer.stop) if ends else None
        said: JsonObject = {"candidates": _candidates(answer, group, finish, config)}
        if last or "usage-on-finish" not in script.quirks:
            body = _with_usage(call, answer, script, said, share=number / len(groups))
        else:
            body = {**said, **_identity(call)}
        yield Event(data=dumps(_spelt(body, script)), terminal=last)


def _blocked(answer: Answer) -> JsonObject | None:
    """Return the feedback of a blocked prompt: ``stop=blocked``, or ``stop=blocked:REASON``."""
    said, _, reason = answer.stop.partition(":")
    return {"promptFeedback": {"blockReason": reason or "SAFETY"}} if said == _BLOCKED else None


def _config(call: Call) -> JsonObject:
    return canonical("GenerateContentRequest", call.body).get("generation_config") or {}


def _parts(call: Call, answer: Answer, script: Script, config: JsonObject, *, merged: bool) -> list[JsonObject]:
    """Go through the parts in their order: thoughts if they are wanted, text, calls."""
    signs = models.gemini(call.model) >= models.GEMINI_SIGNS
    parts: list[JsonObject] = []
    if answer.thinking and (config.get("thinking_config") or {}).get("include_thoughts"):
        pieces = (answer.thinking,) if merged else cut(answer.thinking)
        parts += [{"text": piece, "thought": True} for piece in pieces]
    if answer.pieces:
        parts += [{"text": piece} for piece in ((answer.text,) if merged else answer.pieces)]
    for at, tool in enumerate(answer.calls):
        parts.append(_function_call(call, at, tool, signed=signs and not at, named=signs and "no-ids" not in script.quirks))
    signature = {"thoughtSignature": text_signature(answer.text)} if signs and not answer.calls else {}
    if "empty-end" in script.quirks or (answer.thinking is not None and answer.pieces and signature and not merged):
        parts.append({"text": "", **signature})
    elif answer.thinking is not None and answer.pieces and parts:
        parts[-1].update(signature)
    return parts


def _function_call(call: Call, at: int, tool: ToolCall, *, signed: bool, named: bool) -> JsonObject:
    try:
        arguments = json.loads(tool.arguments or "{}")
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise DirectiveError(f"mock: Gemini's function arguments are an object, not args={tool.arguments}")
    identity = {"id": f"mock{call.number:08d}{at:02d}"} if named else {}
    part: JsonObject = {"functionCall": {**identity, "name": tool.name, "args": Raw(tool.arguments or "{}")}}
    if signed:
        part["thoughtSignature"] = call_signature(tool.name, arguments)
    return part


def _candidates(answer: Answer, parts: list[JsonObject], finish: str | None, config: JsonObject) -> list[JsonObject]:
    candidate: JsonObject = {}
    refused = answer.refusal is not None or answer.stop == "refusal"
    if parts or not refused:  # what was refused has no content at all, other candidates may have one without parts
        candidate["content"] = {**({"parts": parts} if parts else {}), "role": "model"}
    if finish is not None:
        candidate["finishReason"] = "SAFETY" if refused else finish
        candidate |= grounding(answer)
    if refused and finish is not None:
        candidate["safetyRatings"] = [_RATING]
        candidate.update({"finishMessage": answer.refusal} if answer.refusal else {})
    return [{**candidate, "index": index} for index in range(config.get("candidate_count") or 1)]


def _identity(call: Call) -> JsonObject:
    return {"modelVersion": call.model, "responseId": f"mock{call.number:016d}"}


def _with_usage(call: Call, answer: Answer, script: Script, said: JsonObject, *, share: float) -> JsonObject:
    """Add who answers, and the tokens up to now: *share* of them all."""
    if script.no_usage:
        return {**said, **_identity(call)}
    usage = answer.usage
    thoughts = tokens_in(answer.thinking or "")
    # scripted counts stand in the vendor's own fields; else what was thought is part of the output
    spoken = usage.output if script.usage else max(0, usage.output - thoughts)
    spoken, thoughts = -int(-spoken * share // 1), -int(-thoughts * share // 1)
    counts: JsonObject = {"promptTokenCount": usage.input}
    if usage.cache_read:
        counts["cachedContentTokenCount"] = usage.cache_read
    if share:
        counts["candidatesTokenCount"] = spoken
    if thoughts:
        counts["thoughtsTokenCount"] = thoughts
    counts["totalTokenCount"] = usage.input + spoken + thoughts
    counts["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": usage.input}]
    return {**said, "usageMetadata": counts, **_identity(call)}


def _spelt(value: JsonObject, script: Script) -> object:
    """Spell the names like some servers do, if the script asks for it."""
    return _snaked(value) if "snake-case" in script.quirks else value


def _snaked(value: object) -> object:
    if isinstance(value, dict):
        return {_SNAKE.get(key, key): _snaked(each) for key, each in value.items()}
    return [_snaked(each) for each in value] if isinstance(value, list) else value
