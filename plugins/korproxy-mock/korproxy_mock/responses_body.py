"""The response object: what was asked for, repeated, and what came of it. Pure."""

from typing import Any

import attrs

from korproxy_mock import models, openai_errors
from korproxy_mock.answer import Answer
from korproxy_mock.formats import Call, JsonObject, Problem
from korproxy_mock.openai_api import CREATED
from korproxy_mock.script import Script

_ECHOED: JsonObject = {  # what the response repeats, and what it says where the request does not
    "background": False, "instructions": None, "max_output_tokens": None, "max_tool_calls": None,
    "parallel_tool_calls": True, "previous_response_id": None, "prompt_cache_key": None, "prompt_cache_retention": None,
    "safety_identifier": None, "store": True, "temperature": 1.0, "tool_choice": "auto", "top_logprobs": 0, "top_p": 1.0,
    "truncation": "disabled", "user": None,
}  # fmt: skip
_INCOMPLETE = {"length": "max_output_tokens", "refusal": "content_filter"}
_COMPLETE = ("end", "tool", "stop_sequence", "null")
_TOO_LONG = "Your input exceeds the context window of this model. Please adjust your input and try again."


@attrs.frozen(kw_only=True)
class Outcome:
    """How a response ended: ``reason`` why it is incomplete, ``error`` why it failed."""

    status: str
    reason: str | None = None
    error: JsonObject | None = None

    @property
    def item_status(self) -> str:
        """The status of the last item."""
        return "completed" if self.status == "completed" else "incomplete"


def outcome(call: Call, answer: Answer, script: Script) -> Outcome:
    """Tell how *answer* ends: what is no way to be complete is a reason to be incomplete, as it stands."""
    if answer.stop == "failed":
        return Outcome(status="failed", error=failure(scripted(call, attrs.evolve(script, status=script.status or 500))))
    if answer.stop in _COMPLETE or answer.refusal is not None:
        return Outcome(status="completed")
    return Outcome(status="incomplete", reason=_INCOMPLETE.get(answer.stop, answer.stop))


def scripted(call: Call, script: Script) -> Problem:
    """Say the error that a script asks for; a conversation that is too long has other words here than in Chat Completions."""
    said = openai_errors.scripted(call.model, script)
    if script.kind != "context-length":
        return said
    return attrs.evolve(said, message=script.message or _TOO_LONG, param=script.param or "input")


def failure(problem: Problem) -> JsonObject:
    """Say *problem* as ``response.error``, which always has a code."""
    return {"code": problem.code or "server_error", "message": problem.message}


def response_id(call: Call) -> str:
    """Return the id of this call's response."""
    return f"resp_mock{call.number:08d}"


def begun(call: Call, **fields: Any) -> JsonObject:
    """Write a response that has only begun; *fields* are put over it."""
    body = call.body
    echoed = {name: default if body.get(name) is None else body[name] for name, default in _ECHOED.items()}
    response: JsonObject = {
        "id": response_id(call),
        "object": "response",
        "created_at": CREATED + call.number,
        "status": "in_progress",
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": call.model,
        "output": [],
        **echoed,
        "reasoning": _reasoning(call),
        "service_tier": "default" if body.get("service_tier") in (None, "auto") else body["service_tier"],
        "text": _text(body.get("text")),
        "tools": [_tool(each) for each in body.get("tools") or []],
        "usage": None,
        "metadata": body.get("metadata") or {},
    }
    return {**response, **fields}


def ended(call: Call, end: Outcome, output: list[JsonObject], usage: JsonObject | None) -> JsonObject:
    """Write the response as it is at its end."""
    complete = end.status == "completed"
    return begun(
        call,
        status=end.status,
        completed_at=CREATED + call.number + 1 if complete else None,
        error=end.error,
        incomplete_details={"reason": end.reason} if end.reason else None,
        output=output,
        usage=usage,
    )


def usage_of(answer: Answer) -> JsonObject:
    """Write the token counts: the input includes what was cached, the output what was thought."""
    usage = answer.usage
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": answer.thinking_tokens},
        "total_tokens": usage.input + usage.output,
    }


def _reasoning(call: Call) -> JsonObject:
    given = call.body.get("reasoning") or {}
    usual = "medium" if models.gpt_reasons(call.model) else None
    return {"effort": usual, "summary": None, **{name: value for name, value in given.items() if value is not None}}


def _text(given: JsonObject | None) -> JsonObject:
    said = {name: value for name, value in (given or {}).items() if value is not None}
    return {"format": {"type": "text"}, "verbosity": "medium", **said}


def _tool(tool: JsonObject) -> JsonObject:
    """Repeat a tool with what OpenAI fills in."""
    if tool.get("type") == "function":
        return {"description": None, "parameters": None, "strict": False, **tool}
    return {"format": {"type": "text"}, **tool} if tool.get("type") == "custom" else tool
