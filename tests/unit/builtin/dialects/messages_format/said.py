"""Requests, answers and streams of the Messages format, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from korproxy.api import Abilities, chat, sse_events
from korproxy.builtin.dialects.messages_format.request_reader import read_request
from korproxy.builtin.dialects.messages_format.request_writer import write_request
from korproxy.builtin.dialects.messages_format.stream_reader import MessagesStreamReader
from korproxy.builtin.dialects.messages_format.stream_writer import MessagesStreamWriter

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKJSVFT0YK"
EFFORTS = ("low", "medium", "high", "xhigh", "max")
OLD = Abilities(family="anthropic", output=64_000, sampling="one", reasoning="budget", forced_tools="calm")
NEW = Abilities(
    family="anthropic",
    output=128_000,
    sampling="none",
    reasoning="adaptive",
    efforts=EFFORTS,
    prefill=False,
    system_turns=True,
    forced_tools="calm",
)
ASKED = chat.Asked(model="claude-x", stream=True)


def user(*parts: chat.Part, at: str = "") -> chat.Turn:
    """Return a turn of the user."""
    return chat.Turn(role="user", parts=parts, at=at)


def assistant(*parts: chat.Part, at: str = "") -> chat.Turn:
    """Return a turn of the assistant."""
    return chat.Turn(role="assistant", parts=parts, at=at)


def text(words: str, at: str = "") -> chat.Text:
    """Return a text."""
    return chat.Text(text=words, at=at)


def call(id: str = "toolu_1", name: str = "Read", arguments: str = "{}", **more: Any) -> chat.ToolCall:  # noqa: A002
    """Return a call of a tool."""
    return chat.ToolCall(id=id, name=name, arguments=arguments, **more)


def result(call_id: str = "toolu_1", words: str = "done", **more: Any) -> chat.ToolResult:
    """Return what a tool gave."""
    return chat.ToolResult(call_id=call_id, parts=(text(words),), **more)


def asking(*turns: chat.Turn, **options: Any) -> chat.Conversation:
    """Return a conversation; its options stand at ``/NAME``."""
    pointers = {name: f"/{name}" for name in options}
    said = chat.Options(**options, pointers=pointers)
    return chat.Conversation(turns=turns or (user(text("Hi")),), options=said)


def read(**body: Any) -> tuple[chat.Conversation, list[tuple[str, str]]]:
    """Return a request read, and pointer and fate of each note on it."""
    report = chat.Report()
    whole = {"model": "claude-x", "max_tokens": 100, "messages": [], **body}
    conversation, _ = read_request(json.dumps(whole).encode(), report)
    return conversation, [(each.pointer, each.fate) for each in report.notes]


def write(
    conversation: chat.Conversation, abilities: Abilities = OLD, *, stream: bool = False
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the request that is written for *conversation*, and pointer and fate of each note on it."""
    report = chat.Report()
    written = write_request(conversation, chat.Target(model="claude-y", stream=stream, abilities=abilities), report)
    return json.loads(written.body), [(each.pointer, each.fate) for each in report.notes]


def event(kind: str, **more: Any) -> bytes:
    """Return one event of a stream."""
    return f"event: {kind}\ndata: ".encode() + json.dumps({"type": kind, **more}).encode() + b"\n\n"


def started(**usage: int) -> bytes:
    """Return the first event of a stream."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    return event("message_start", message={**message, **({"usage": usage} if usage else {})})


def block(index: int, content: dict[str, Any], *deltas: dict[str, Any], stop: bool = True) -> bytes:
    """Return the events of one block."""
    said = [event("content_block_start", index=index, content_block=content)]
    said += [event("content_block_delta", index=index, delta=each) for each in deltas]
    return b"".join([*said, *([event("content_block_stop", index=index)] if stop else [])])


def text_block(index: int, *pieces: str) -> bytes:
    """Return the events of a block of text."""
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": each} for each in pieces))


def call_block(index: int, *pieces: str, id: str = "toolu_1", input: Any = None) -> bytes:  # noqa: A002
    """Return the events of a call of ``Read``."""
    content = {"type": "tool_use", "id": id, "name": "Read", "input": input or {}}
    return block(index, content, *({"type": "input_json_delta", "partial_json": each} for each in pieces))


def ended(reason: str = "end_turn", **usage: int) -> bytes:
    """Return the last events of a stream."""
    delta = {"stop_reason": reason, "stop_sequence": None}
    return event("message_delta", delta=delta, **({"usage": usage} if usage else {})) + event("message_stop")


def heard(*chunks: bytes) -> list[chat.Event]:
    """Return what a reader makes of *chunks*."""
    reader = MessagesStreamReader()
    return [each for chunk in chunks for each in reader.feed(chunk)] + list(reader.finish())


def told(events: Iterable[chat.Event], asked: chat.Asked = ASKED) -> list[bytes]:
    """Return what a writer makes of each of *events*."""
    writer = MessagesStreamWriter(asked)
    return [writer.write(each) for each in events]


def shown(chunks: Iterable[bytes]) -> list[dict[str, Any]]:
    """Return the data of all server-sent events in *chunks*; each has its type as its name."""
    found = [(name, json.loads(data)) for name, data in sse_events(b"".join(chunks))]
    assert all(name.decode() == data["type"] for name, data in found)
    return [data for _, data in found]


def outline(chunks: Iterable[bytes]) -> list[str]:
    """Return the events in *chunks* in short: ``+0 text``, ``0 text_delta Hi``, ``-0``, ``end tool_use``."""
    return [_short(each) for each in shown(chunks)]


def _short(data: dict[str, Any]) -> str:
    match data["type"]:
        case "content_block_start":
            return f"+{data['index']} {data['content_block']['type']}"
        case "content_block_delta":
            kind, said = list(data["delta"].values())[:2]
            return f"{data['index']} {kind} {said}"
        case "content_block_stop":
            return f"-{data['index']}"
        case "message_delta":
            return f"end {data['delta']['stop_reason']}"
        case kind:
            return str(kind).removeprefix("message_")


def whole(events: Sequence[chat.Event]) -> list[chat.Event]:
    """Return *events* as a stream that begins and ends."""
    reason: chat.Reason = "tools" if any(isinstance(each, chat.CallStarted) for each in events) else "end"
    return [chat.Started(id="msg_1", model="m"), *events, chat.Ended(chat.Ending(reason=reason))]
