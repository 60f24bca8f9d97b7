"""What each client format demands of a stream, checked on the bytes, by nothing of KorProxy's own.

Sources: the vendors' references and the stream code of their SDKs. A checker returns what is wrong, in words; empty: nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

_CUT_SHORT = {"length", "content_filter", "max_tokens", "refusal", "model_context_window_exceeded"}  # perhaps inside a call
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
    "redacted_thinking": set[str](),
}


def sse(stream: bytes) -> Iterator[tuple[str, str]]:
    """Yield name and data of each server-sent event in *stream*, which ends with a whole one. Comments are skipped."""
    text = stream.decode()
    assert not text or text.endswith("\n\n"), "the stream ends inside an event"
    for block in text.split("\n\n")[:-1]:
        fields = [line.partition(":") for line in block.split("\n") if not line.startswith(":")]
        name = "".join(value.removeprefix(" ") for key, _, value in fields if key == "event")
        data = [value.removeprefix(" ") for key, _, value in fields if key == "data"]
        if data:
            yield name, "\n".join(data)


@attrs.define
class _Chat:
    """One ``chat.completion.chunk`` stream."""

    faults: list[str] = attrs.field(factory=list)
    head: tuple[object, ...] | None = None
    names: dict[int, str] = attrs.field(factory=dict)
    arguments: dict[int, str] = attrs.field(factory=dict)
    custom: set[int] = attrs.field(factory=set)
    finish: list[str] = attrs.field(factory=list)
    usages: int = 0
    failed: bool = False

    def chunk(self, chunk: dict[str, Any]) -> None:
        """Take one data object."""
        self.expect(not self.failed, "something follows the error")
        if "error" in chunk:
            self.failed = True
            self.expect(not self.finish, "an error follows the finish reason")
            self.expect(isinstance(chunk["error"].get("message"), str), "an error without message")
            return
        head = (chunk.get("id"), chunk.get("created"), chunk.get("model"))
        self.expect(chunk.get("object") == "chat.completion.chunk", "object is not chat.completion.chunk")
        self.expect(head == (self.head or head) and None not in head, "id, created and model change or are absent")
        if chunk.get("usage") is not None:
            self.usage(chunk)
        for choice in chunk["choices"]:
            self.choice(choice)
        self.head = head

    def usage(self, chunk: dict[str, Any]) -> None:
        self.usages += 1
        usage = chunk["usage"]
        self.expect(bool(self.finish) and not chunk["choices"], "usage is not on a chunk of its own behind the finish reason")
        total = usage["prompt_tokens"] + usage["completion_tokens"]
        self.expect(usage["total_tokens"] == total, "the total is not the sum")

    def choice(self, choice: dict[str, Any]) -> None:
        delta = choice["delta"]
        self.expect(choice["index"] == 0, "a second choice")
        self.expect(not self.finish, "a choice follows the finish reason")
        self.expect(("role" in delta) == (self.head is None), "role is not on the first chunk alone")
        self.expect(delta.get("role", "assistant") == "assistant", "another role")
        for call in delta.get("tool_calls") or ():
            self.call(call)
        if choice.get("finish_reason") is not None:
            self.finish.append(choice["finish_reason"])

    def call(self, call: dict[str, Any]) -> None:
        index = call["index"]
        if index not in self.names:
            self.expect(index == len(self.names), f"call {index} follows call {len(self.names) - 1}")
            self.expect(bool(call.get("id")), "a call without id")
            kind = str(call.get("type"))
            self.expect(kind in {"function", "custom"}, "a call without type")
            self.names[index] = call.get(kind, {}).get("name", "")
            self.arguments[index] = ""
            self.expect(bool(self.names[index]), "a call without name")
            if kind == "custom":
                self.custom.add(index)
        else:
            again = call.keys() & {"id", "type"} or "name" in call.get("function", {}) or "name" in call.get("custom", {})
            self.expect(not again, "id, type or name of a call is repeated")
        table, key = ("custom", "input") if index in self.custom else ("function", "arguments")
        self.arguments[index] += call.get(table, {}).get(key, "")

    def end(self, *, done: bool, wants_usage: bool) -> None:
        if self.failed:
            return
        self.expect(done, "no [DONE]")
        self.expect(self.head is not None, "no chunk at all")
        self.expect(len(self.finish) == 1, f"{len(self.finish)} finish reasons")
        reason = self.finish[0] if self.finish else ""
        self.expect(self.usages <= wants_usage, "usage that was not asked for, or more than once")
        is_cut = reason in _CUT_SHORT  # then one call may be, too: the one that was open
        bad = [n for n, text in self.arguments.items() if n not in self.custom and not _is_json(text, dict)]
        self.expect(len(bad) <= is_cut, f"arguments of {bad} are no JSON object")
        self.expect(is_cut or (reason == "tool_calls") == bool(self.names), f"{reason} with {len(self.names)} calls")

    def expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault)


def chat_faults(stream: bytes, *, wants_usage: bool) -> list[str]:
    """Return what a client of Chat Completions would trip over. *wants_usage*: it sent ``include_usage``."""
    chat = _Chat()
    events = list(sse(stream))
    chat.expect(not any(name for name, _ in events), "a Chat event has a name")
    ends = [number for number, (_, data) in enumerate(events) if data == "[DONE]"]
    chat.expect(ends in ([], [len(events) - 1]), "[DONE] is not the last event")
    for _, data in events:
        if data != "[DONE]":
            chat.chunk(json.loads(data))
    chat.end(done=bool(ends), wants_usage=wants_usage)
    return chat.faults


@attrs.define
class _Messages:
    """One Messages stream."""

    faults: list[str] = attrs.field(factory=list)
    started: bool = False
    over: str = ""
    open: dict[str, Any] | None = None
    index: int = -1
    text: str = ""
    ids: list[str] = attrs.field(factory=list)
    calls: list[tuple[int, bool]] = attrs.field(factory=list)  # index of each, and whether its input is an object
    reason: str | None = None

    def event(self, name: str, event: dict[str, Any]) -> None:
        """Take one named event."""
        self.expect(name == event.get("type"), f"event {name!r} holds {event.get('type')!r}")
        if name == "ping":
            return
        self.expect(not self.over, f"{name} follows {self.over}")
        self.expect(name in {"message_start", "error"} or self.started, f"{name} in front of message_start")
        take = getattr(self, f"on_{name}", None)
        self.expect(take is not None, f"an event {name!r}")
        if take:
            take(event)

    def on_message_start(self, event: Mapping[str, Any]) -> None:
        message = event["message"]
        self.expect(not self.started, "a second message_start")
        plain = (message["type"], message["role"], message["content"], message["stop_reason"], message["stop_sequence"])
        self.expect(plain == ("message", "assistant", [], None, None), "message_start is not empty")
        self.expect(bool(message["id"]) and isinstance(message["model"], str), "message_start without id or model")
        self.expect({"input_tokens", "output_tokens"} <= message["usage"].keys(), "message_start without usage")
        self.started = True

    def on_content_block_start(self, event: Mapping[str, Any]) -> None:
        self.expect(self.open is None, "a block begins in another one")
        self.expect(self.reason is None, "a block follows message_delta")
        self.expect(event["index"] == self.index + 1, f"block {event['index']} follows block {self.index}")
        self.open, self.index, self.text = event["content_block"], event["index"], ""
        block = event["content_block"]
        self.expect(block["type"] in _DELTAS, f"a block {block['type']!r}")
        if block["type"] == "tool_use":
            self.expect(block["input"] == {} and bool(block["name"]), "a tool_use with input, or without name")
            is_good = _ID.fullmatch(block["id"]) is not None and block["id"] not in self.ids
            self.expect(is_good, f"a tool_use {block['id']!r} after {self.ids}")
            self.ids.append(block["id"])
        if block["type"] == "thinking":
            self.expect((block["thinking"], block["signature"]) == ("", ""), "a thinking block does not begin empty")

    def on_content_block_delta(self, event: Mapping[str, Any]) -> None:
        delta = event["delta"]
        block = self.open or {"type": "text"}
        self.expect(self.open is not None and event["index"] == self.index, "a delta of a block that is not open")
        self.expect(delta["type"] in _DELTAS.get(block["type"], set()), f"{delta['type']} in {block['type']}")
        self.expect(block.get("sealed") is None, "something follows the signature")
        if delta["type"] == "signature_delta":
            block["sealed"] = delta["signature"]
        else:
            self.text += delta.get("text") or delta.get("thinking") or delta.get("partial_json") or ""

    def on_content_block_stop(self, event: Mapping[str, Any]) -> None:
        self.expect(self.open is not None and event["index"] == self.index, "a stop of a block that is not open")
        kind = (self.open or {}).get("type")
        self.expect(kind != "text" or bool(self.text), "an empty text block")
        if kind == "tool_use":
            self.calls.append((self.index, not self.text or _is_json(self.text, dict)))
        self.open = None

    def on_message_delta(self, event: Mapping[str, Any]) -> None:
        self.expect(self.open is None, "message_delta in a block")
        self.expect(self.reason is None, "a second message_delta")
        self.expect(isinstance(event["usage"].get("output_tokens"), int), "message_delta without output_tokens")
        self.reason = event["delta"].get("stop_reason") or ""
        is_cut = self.reason in _CUT_SHORT  # then one call may be, too: the one that was open
        bad = [index for index, is_whole in self.calls if not is_whole]
        self.expect(len(bad) <= is_cut, f"input of blocks {bad} is no JSON object")
        has_calls = bool(self.ids)
        self.expect(is_cut or (self.reason == "tool_use") == has_calls, f"{self.reason!r} with {len(self.ids)} tool_use blocks")

    def on_message_stop(self, _: Mapping[str, Any]) -> None:
        self.expect(bool(self.reason), "message_stop without stop_reason")
        self.over = "message_stop"

    def on_error(self, event: Mapping[str, Any]) -> None:
        self.expect(self.reason is None, "an error follows message_delta")
        self.expect({"type", "message"} <= event["error"].keys(), "an error without type or message")
        self.over = "error"

    def expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault)


def messages_faults(stream: bytes) -> list[str]:
    """Return what a client of Anthropic Messages would trip over."""
    messages = _Messages()
    for name, data in sse(stream):
        messages.event(name, json.loads(data))
    messages.expect(bool(messages.over), "neither message_stop nor error")
    return messages.faults


def _is_json(text: str, kind: type = object) -> bool:
    try:
        return isinstance(json.loads(text), kind)
    except ValueError:
        return False
