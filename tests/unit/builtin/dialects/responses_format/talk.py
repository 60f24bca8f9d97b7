"""Requests of the Responses format, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.responses_format.request_reader import read_request
from korproxy.builtin.dialects.responses_format.request_writer import write_request

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQK"
OPENAI = Abilities(
    family="openai",
    output=128_000,
    sampling="none",
    reasoning="effort",
    efforts=("none", "low", "medium", "high", "xhigh", "max"),
    tools_while_reasoning=False,
    search="tool",
)
PLAIN = Abilities()
SEAL = chat.Seal(family="openai", data="gAAAA")

Notes = list[tuple[str, str]]


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


def thought(words: str = "Hm.", seal: chat.Seal | None = SEAL, **more: Any) -> chat.Reasoning:
    """Return reasoning, sealed by OpenAI."""
    return chat.Reasoning(text=words, seal=seal, **more)


def asking(*turns: chat.Turn, tools: Iterable[chat.Tool | chat.HostedTool] = (), choice: Any = None, **said: Any) -> Any:
    """Return a conversation; its options stand at ``/NAME``."""
    options = chat.Options(**said, pointers={name: f"/{name}" for name in said})
    return chat.Conversation(turns=turns or (user(text("Hi")),), tools=tuple(tools), choice=choice, options=options)


def read(*items: dict[str, Any], **body: Any) -> tuple[chat.Conversation, Notes]:
    """Return a request with *items* as its input, read, and pointer and fate of each note on it."""
    report = chat.Report()
    conversation, _ = read_request(json.dumps({"model": "gpt-x", "input": items, **body}).encode(), report)
    return conversation, [(each.pointer, each.fate) for each in report.notes]


def asked(*items: dict[str, Any], **body: Any) -> chat.Asked:
    """Return what is remembered of a request for its answer."""
    return read_request(json.dumps({"model": "gpt-x", "input": items, **body}).encode(), chat.Report())[1]


def turns(*items: dict[str, Any]) -> tuple[chat.Turn, ...]:
    """Return the turns that *items* are; nothing in them is lost or changed."""
    conversation, notes = read(*items)
    assert notes == []
    return conversation.turns


def write(
    conversation: chat.Conversation, abilities: Abilities = OPENAI, *, stream: bool = False
) -> tuple[dict[str, Any], Notes]:
    """Return the request that is written for *conversation*, and pointer and fate of each note on it."""
    report = chat.Report()
    written = write_request(conversation, chat.Target(model="m", stream=stream, abilities=abilities), report)
    return json.loads(written.body), [(each.pointer, each.fate) for each in report.notes]


def items(*turns: chat.Turn, abilities: Abilities = OPENAI) -> list[dict[str, Any]]:
    """Return the input that is written for *turns*."""
    found: list[dict[str, Any]] = write(asking(*turns), abilities)[0]["input"]
    return found


def message(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    """Return a message as it is written."""
    return {"type": "message", "role": role, "content": list(parts)}


def input_text(words: str) -> dict[str, Any]:
    """Return a text of a user or of the system."""
    return {"type": "input_text", "text": words}


def output_text(words: str) -> dict[str, Any]:
    """Return a text of the model."""
    return {"type": "output_text", "text": words}


def called(call_id: str = "call_1", name: str = "read", arguments: str = "{}", **more: Any) -> dict[str, Any]:
    """Return an item that calls a function."""
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments, **more}


def given(call_id: str = "call_1", output: Any = "done", **more: Any) -> dict[str, Any]:
    """Return an item with what a function gave."""
    return {"type": "function_call_output", "call_id": call_id, "output": output, **more}
