"""Anthropic's Messages API, as a provider speaks it. Pure."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from korproxy_mock import anthropic_errors, models
from korproxy_mock.answer import Answer, cut
from korproxy_mock.anthropic_checks import check, check_count
from korproxy_mock.anthropic_errors import model_not_found, problem
from korproxy_mock.anthropic_models import described
from korproxy_mock.anthropic_read import read_prompt, signature_for
from korproxy_mock.directives import DirectiveError
from korproxy_mock.formats import SSE, Call, Event, Framing, Headers, JsonObject, Problem, Refused, Route
from korproxy_mock.openai_api import thirds
from korproxy_mock.paths import bearer, split_path
from korproxy_mock.prompt import Prompt
from korproxy_mock.record import Received
from korproxy_mock.script import Script
from korproxy_mock.searching import citation, search_blocks
from korproxy_mock.wire import Raw, dumps

_STOP = {"end": "end_turn", "tool": "tool_use", "length": "max_tokens", "null": None}
_PADDING = 16
_PING = '{"type": "ping"}'


class AnthropicMessages:
    """``POST /v1/messages``, ``POST /v1/messages/count_tokens`` and, with Anthropic's headers, ``GET /v1/models``."""

    name = "anthropic-messages"
    retry_in_body = False

    def route(self, received: Received) -> Route | None:
        """Match by the end of the path, and the lists of models by header: OpenAI has the same path."""
        counting = split_path(received, chat="/messages/count_tokens", versioned=True)
        if counting and counting.action == "chat":
            return Route(action="count", provider=counting.provider)
        found = split_path(received, chat="/messages", versioned=True)
        ours = received.header("anthropic-version") is not None or received.header("x-api-key") is not None
        return found if found and (ours or found.action == "chat") else None

    def credential(self, received: Received) -> str | None:
        """Take ``x-api-key``, else the bearer token."""
        return (received.header("x-api-key") or "").strip() or bearer(received)

    def check_key(self, received: Received, accepted: frozenset[str] | None) -> None:
        """Refuse a missing or wrong key with 401, and OAuth tokens without their beta."""
        key = self.credential(received)
        if not key:
            raise Refused(problem(401, "x-api-key header is required"))
        if key.startswith("bad") if accepted is None else key not in accepted:
            raise Refused(problem(401, "invalid x-api-key" if received.header("x-api-key") else "Invalid bearer token"))
        betas = ",".join(value for name, value in received.headers if name.lower() == "anthropic-beta")
        if key.startswith("sk-ant-oat") and "oauth-2025-04-20" not in betas:
            raise Refused(problem(401, "OAuth authentication is currently not supported."))
        if received.header("anthropic-version") is None:
            raise Refused(problem(400, "anthropic-version: header is required"))

    def check(self, call: Call) -> None:
        """Refuse what Anthropic refuses."""
        check(call.body)
        if call.model == models.UNKNOWN:
            raise Refused(model_not_found(call.model))

    def read(self, call: Call) -> Prompt:
        """Read the conversation."""
        return read_prompt(call.body)

    def plain(self, call: Call) -> object:
        """List the models, describe one, or count tokens."""
        if call.model == models.UNKNOWN:
            raise Refused(model_not_found(call.model))
        if call.route.action == "count":
            check_count(call.body)
            return {"input_tokens": read_prompt(call.body).tokens}
        if call.route.action == "model":
            return described(call.model)
        listed = [described(each) for each in models.ANTHROPIC]
        return {"data": listed, "has_more": False, "first_id": listed[0]["id"], "last_id": listed[-1]["id"]}

    def answer(self, call: Call, answer: Answer, script: Script) -> str:
        """Write a message."""
        content = [block for block, _ in _blocks(call, answer)]
        body = {**_message(call, content), **_ending(call, answer)}
        if not script.no_usage:
            body["usage"] = _usage(answer)
        return dumps(body)

    def events(self, call: Call, answer: Answer, script: Script) -> Iterator[Event]:
        """Stream a message: its start, block after block, its end."""
        usage = _usage(answer)
        start = {**_message(call, []), "stop_reason": None, "stop_sequence": None}
        if not script.no_usage:
            start["usage"] = {**usage, "output_tokens": 1}
        yield _event("message_start", message=start)
        for index, (block, deltas) in enumerate(_blocks(call, answer)):
            yield _event("content_block_start", index=index, content_block=_emptied(block))
            if not index:
                yield Event(name="ping", data=_PING)
            for delta in deltas:
                yield _event("content_block_delta", index=index, delta=delta)
            yield _event("content_block_stop", index=index)
            if script.usage_in_every_chunk:
                yield _event("message_delta", delta={"stop_reason": None, "stop_sequence": None}, usage=_so_far(usage))
        ending: JsonObject = {"delta": _ending(call, answer)}
        if not script.no_usage:
            ending["usage"] = _so_far(usage)
        yield _event("message_delta", **ending)
        yield _event("message_stop", terminal=True)

    def problem(self, call: Call, script: Script) -> Problem:
        """Say a scripted error as Anthropic does."""
        return anthropic_errors.scripted(call.model, script)

    def unreadable(self, received: Received, why: str) -> Problem:  # noqa: ARG002
        """Say that the body is no JSON object."""
        return problem(400, f"The request body is not valid JSON: {why}")

    def framing(self, call: Call) -> Framing:  # noqa: ARG002
        """Write server-sent events."""
        return SSE

    def error_body(self, call: Call, problem: Problem) -> str:
        """Write an error object."""
        said: JsonObject = {"type": problem.kind, "message": problem.message}
        if problem.code is not None:
            said["details"] = {"error_code": problem.code}
        body = {"type": "error", "error": said, "request_id": call.request_id}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))

    def error_events(self, call: Call, problem: Problem, script: Script, after: int) -> Iterable[Event]:  # noqa: ARG002
        """Write an ``error`` event; the stream ends after it."""
        return (Event(name="error", data=self.error_body(call, problem)),)

    def headers(self, call: Call) -> Headers:
        """Return Anthropic's headers."""
        return [("request-id", call.request_id), ("anthropic-organization-id", "00000000-0000-4000-8000-00006d6f636b")]

    def limit_headers(self, style: str | None, *, wait: float) -> Headers:
        """Return ``anthropic-ratelimit-*``; ``unified`` is what subscription accounts get instead."""
        reset = datetime.now(UTC) + timedelta(seconds=wait)
        if style == "unified":
            return _unified(str(int(reset.timestamp())))
        headers: Headers = []
        for name, limit in (("requests", 4000), ("tokens", 480_000), ("input-tokens", 400_000), ("output-tokens", 80_000)):
            front = f"anthropic-ratelimit-{name}"
            left = 0 if style else limit - 1
            headers += [(f"{front}-limit", str(limit)), (f"{front}-remaining", str(left))]
            headers.append((f"{front}-reset", reset.strftime("%Y-%m-%dT%H:%M:%SZ")))
        return headers


def _unified(reset: str) -> Headers:
    front = "anthropic-ratelimit-unified"
    return [
        (f"{front}-status", "rejected"),
        (f"{front}-reset", reset),
        (f"{front}-representative-claim", "five_hour"),
        (f"{front}-5h-status", "rejected"),
        (f"{front}-5h-utilization", "1.0"),
        (f"{front}-5h-reset", reset),
        (f"{front}-7d-status", "allowed"),
        (f"{front}-7d-utilization", "0.4"),
        (f"{front}-7d-reset", reset),
        (f"{front}-overage-status", "rejected"),
    ]


def _message(call: Call, content: list[JsonObject]) -> JsonObject:
    identity = f"msg_mock{call.number:016d}"
    return {
        "model": call.model,
        "id": identity,
        "type": "message",
        "role": "assistant",
        "content": content,
    }


def _ending(call: Call, answer: Answer) -> JsonObject:
    sequences = call.body.get("stop_sequences") or ["STOP"]
    ending: JsonObject = {
        "stop_reason": _STOP.get(answer.stop, answer.stop),
        "stop_sequence": sequences[0] if answer.stop == "stop_sequence" else None,
    }
    if answer.refusal is not None or answer.stop == "refusal":
        ending["stop_reason"] = "refusal"
        ending["stop_details"] = {"type": "refusal", "category": "general_harms", "explanation": answer.refusal}
    return ending


def _blocks(call: Call, answer: Answer) -> Iterator[tuple[JsonObject, list[JsonObject]]]:
    """Go through the blocks: each as a whole, and as the deltas that build it up."""
    if answer.thinking is not None:
        signature = signature_for(answer.thinking)
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in cut(answer.thinking)]
        block: JsonObject = {"type": "thinking", "thinking": answer.thinking, "signature": signature}
        yield block, [*deltas, {"type": "signature_delta", "signature": signature}]
    if answer.redacted is not None:
        yield {"type": "redacted_thinking", "data": answer.redacted}, []
    if answer.search is not None:
        asked, found = search_blocks(call, answer)
        parts = ["", *thirds(json.dumps(asked["input"], ensure_ascii=False))]
        yield asked, [{"type": "input_json_delta", "partial_json": part} for part in parts]
        yield found, []
    if answer.pieces:
        said: list[JsonObject] = [{"type": "text_delta", "text": piece} for piece in answer.pieces]
        block = {"type": "text", "text": answer.text}
        if answer.cite is not None:  # what a text rests on comes in front of it
            block["citations"] = [citation(answer.cite)]
            said.insert(0, {"type": "citations_delta", "citation": citation(answer.cite)})
        yield block, said
    for at, tool in enumerate(answer.calls):
        identity = f"toolu_mock{call.number:016d}{at:02d}"
        block = {"type": "tool_use", "id": identity, "name": tool.name, "input": _input(tool.arguments)}
        parts = ["", *thirds(tool.arguments)] if tool.arguments else []
        yield block, [{"type": "input_json_delta", "partial_json": part} for part in parts]


def _input(arguments: str | None) -> object:
    """Take over scripted arguments as they are; streamed ones may be broken, so a broken object is only empty here."""
    try:
        value = json.loads(arguments or "{}")
    except ValueError:
        return {}
    if not isinstance(value, dict):
        raise DirectiveError(f"mock: Anthropic's tool input is an object, not args={arguments}")
    return Raw(arguments or "{}")


def _emptied(block: JsonObject) -> JsonObject:
    """Return *block* as a stream starts it; what has no deltas comes whole."""
    empty: JsonObject = {"citations": [], "text": "", "thinking": "", "signature": "", "input": {}}
    return {name: empty.get(name, value) for name, value in block.items()}


def _usage(answer: Answer) -> JsonObject:
    usage = answer.usage
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": answer.thinking_tokens},
        **({} if answer.search is None else {"server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0}}),
        "service_tier": "standard",
    }


def _so_far(usage: JsonObject) -> JsonObject:
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    return {name: usage[name] for name in names}


def _event(kind: str, *, terminal: bool = False, **fields: Any) -> Event:
    """Write an event; the blanks before the last brace are as Anthropic sends them, of any number."""
    data = json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))
    return Event(name=kind, data=f"{data[:-1]}{' ' * (len(data) % _PADDING)}}}", terminal=terminal)
