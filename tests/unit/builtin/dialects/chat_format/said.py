"""Requests, answers and streams of the Chat format, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from korproxy.api import Abilities, chat, sse_events
from korproxy.builtin.dialects.chat_format.request_reader import read_request
from korproxy.builtin.dialects.chat_format.request_writer import write_request
from korproxy.builtin.dialects.chat_format.stream_reader import ChatStreamReader
from korproxy.builtin.dialects.chat_format.stream_writer import ChatStreamWriter

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKJSVFT0YK"
PLAIN = Abilities()
OPENAI = Abilities(
    family="openai",
    output=128_000,
    sampling="none",
    reasoning="effort",
    efforts=("none", "low", "medium", "high", "xhigh"),
    completion_tokens=True,
)
DEEPSEEK = Abilities(family="deepseek", reasoning="effort", efforts=("low", "high", "max"), reasoning_back=True)
QWEN = Abilities(family="qwen", reasoning="switch", forced_tools="calm")
ASKED = chat.Asked(model="gpt-x", stream=True, created=1_790_000_000)


def user(*parts: chat.Part, at: str = "") -> chat.Turn:
    """Return a turn of the user."""
    return chat.Turn(role="user", parts=parts, at=at)


def assistant(*parts: chat.Part, at: str = "") -> chat.Turn:
    """Return a turn of the assistant."""
    return chat.Turn(role="assistant", parts=parts, at=at)


def system(*parts: chat.Part, at: str = "") -> chat.Turn:
    """Return a turn of system text."""
    return chat.Turn(role="system", parts=parts, at=at)


def text(words: str, at: str = "", **more: Any) -> chat.Text:
    """Return a text."""
    return chat.Text(text=words, at=at, **more)


def image(at: str = "", **more: Any) -> chat.Image:
    """Return a picture that is sent along."""
    return chat.Image(blob=chat.Blob(media_type="image/png", data=PNG), at=at, **more)


def call(id: str = "call_1", name: str = "read", arguments: str = "{}", **more: Any) -> chat.ToolCall:  # noqa: A002
    """Return a call of a tool."""
    return chat.ToolCall(id=id, name=name, arguments=arguments, **more)


def result(call_id: str = "call_1", *parts: chat.Text | chat.Image | chat.Document, **more: Any) -> chat.ToolResult:
    """Return what a tool gave."""
    return chat.ToolResult(call_id=call_id, parts=parts or (text("done"),), **more)


def asking(*turns: chat.Turn, tools: Iterable[chat.Tool | chat.HostedTool] = (), choice: Any = None, **said: Any) -> Any:
    """Return a conversation; its options stand at ``/NAME``."""
    options = chat.Options(**said, pointers={name: f"/{name}" for name in said})
    return chat.Conversation(turns=turns or (user(text("Hi")),), tools=tuple(tools), choice=choice, options=options)


def read(**body: Any) -> tuple[chat.Conversation, list[tuple[str, str]]]:
    """Return a request read, and pointer and fate of each note on it."""
    report = chat.Report()
    conversation, _ = read_request(json.dumps({"model": "gpt-x", "messages": [], **body}).encode(), report)
    return conversation, [(each.pointer, each.fate) for each in report.notes]


def asked(**body: Any) -> chat.Asked:
    """Return what is remembered of a request for its answer."""
    return read_request(json.dumps({"model": "gpt-x", "messages": [], **body}).encode(), chat.Report())[1]


def write(
    conversation: chat.Conversation, abilities: Abilities = PLAIN, *, stream: bool = False
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the request that is written for *conversation*, and pointer and fate of each note on it."""
    report = chat.Report()
    written = write_request(conversation, chat.Target(model="m", stream=stream, abilities=abilities), report)
    return json.loads(written.body), [(each.pointer, each.fate) for each in report.notes]


def messages(*turns: chat.Turn, abilities: Abilities = PLAIN) -> list[dict[str, Any]]:
    """Return the messages that are written for *turns*."""
    found: list[dict[str, Any]] = write(asking(*turns), abilities)[0]["messages"]
    return found


def data(said: object) -> bytes:
    """Return one event of a stream."""
    return b"data: " + json.dumps(said).encode() + b"\n\n"


def chunk(delta: dict[str, Any] | None = None, finish: object = None, **more: Any) -> bytes:
    """Return one chunk of a stream; its choice has the index 0. Without *delta* it has no choices."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return data({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more})


def fragment(index: int | None = 0, arguments: str | None = None, name: str | None = None, **more: Any) -> dict[str, Any]:
    """Return one of ``tool_calls`` of a delta; what is None is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {**({} if index is None else {"index": index}), **more, "function": function}


def calling(*fragments: dict[str, Any], **more: Any) -> bytes:
    """Return a chunk with *fragments* of calls."""
    return chunk({"tool_calls": list(fragments), **more})


ROLE = chunk({"role": "assistant", "content": ""})
DONE = b"data: [DONE]\n\n"
STARTED = chat.Started(id="c1", model="m")


def heard(*chunks: bytes, done: bool = True) -> list[chat.Event]:
    """Return what a reader makes of *chunks*; *done*: up to the last byte."""
    reader = ChatStreamReader()
    return [each for chunk in chunks for each in reader.feed(chunk)] + (list(reader.finish()) if done else [])


def guarded(events: Iterable[chat.Event]) -> list[chat.Event]:
    """Return what a guard lets through."""
    guard = chat.StreamGuard()
    return [each for event in events for each in guard.check(event)]


def ended(reason: chat.Reason = "end") -> chat.Ended:
    """Return the end of a stream."""
    return chat.Ended(chat.Ending(reason=reason))


def told(events: Iterable[chat.Event], asked: chat.Asked = ASKED) -> list[bytes]:
    """Return what a writer makes of each of *events*."""
    writer = ChatStreamWriter(asked)
    return [writer.write(each) for each in events]


def shown(chunks: Iterable[bytes]) -> list[Any]:
    """Return the data of all events in *chunks*; ``[DONE]`` as it is."""
    found = sse_events(b"".join(chunks))
    return [data.decode() if data == b"[DONE]" else json.loads(data) for _, data in found]


def deltas(chunks: Iterable[bytes]) -> list[dict[str, Any]]:
    """Return all deltas in *chunks*."""
    return [choice["delta"] for each in shown(chunks) if isinstance(each, dict) for choice in each.get("choices", ())]
