"""A client's request, read.

Facts: ``MessageCreateParams`` of Anthropic's Python SDK 2.14, and what Claude Code documents that it sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import attrs
import msgspec

from korproxy.api import BadRequest, chat, read_json
from korproxy.builtin.dialects.messages_format.json_text import blocks_of, input_of, messages_of
from korproxy.builtin.dialects.messages_format.read_options import read_options
from korproxy.builtin.dialects.messages_format.read_parts import read_cache_mark, read_parts, read_texts
from korproxy.builtin.dialects.messages_format.read_tools import read_choice, read_tools

_LOST = {
    "container": "only Anthropic keeps containers",
    "context_management": "only Anthropic edits the conversation itself",
    "diagnostics": "only Anthropic compares its caches",
    "inference_geo": "only Anthropic can be told where to run",
    "mcp_servers": "only Anthropic connects to MCP servers itself",
    "speed": "only Anthropic has speeds",
    "user_profile_id": "only Anthropic has user profiles",
    "workspace_id": "only Anthropic has workspaces",
}
_ROLES: dict[str | None, chat.Role] = {"user": "user", "assistant": "assistant", "system": "system"}


def read_request(body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
    """Read *body*.

    Raises:
        BadRequest: It is no object (KP-SYS-509), has no messages (KP-SYS-509) or no model (KP-SYS-519), or the conversation
            shall be held where it is answered (KP-PROV-119).
        CannotCarry: It has a tool that only Anthropic's models can call, or a role that nobody knows.
    """
    top, text = _request(body, report)
    model = top.text("model")
    if not model:
        raise BadRequest("KP-SYS-519", "The request names no model: `model` must be a non-empty string.")
    if top.get("thread") is not None:
        # An answer would be taken for a promise: the SDK's next request brings only what is new.
        raise BadRequest("KP-PROV-119", "This model is not reached in Anthropic's format, and no other has `thread`.")
    turns = _with_last_marked(top, (*_system(top), *_turns(top, text)))
    choice, parallel = read_choice(top)
    options = read_options(top, parallel)
    tools = read_tools(top)
    for key, why in _LOST.items():
        top.lost(key, why)
    stream = top.flag("stream") or False
    top.close()
    return chat.Conversation(turns=turns, tools=tools, choice=choice, options=options), chat.Asked(model=model, stream=stream)


def _request(body: bytes, report: chat.Report) -> tuple[chat.Fields, bytes]:
    try:
        value, text = read_json(body)
    except ValueError as exc:
        raise BadRequest("KP-SYS-509", f"The body is not a JSON object: {exc}.") from None
    if not isinstance(value, dict):
        raise BadRequest("KP-SYS-509", "The body is JSON, but not an object.")
    if not isinstance(value.get("messages"), list):
        raise BadRequest("KP-SYS-509", "The body is no request: `messages` must be a list of messages.")
    return chat.Fields(value, "", report), text


def _system(top: chat.Fields) -> Iterator[chat.Turn]:
    parts = read_texts(top, "system")
    if parts:
        yield chat.Turn(role="system", parts=parts, at=top.pointer("system"))


def _turns(top: chat.Fields, text: bytes) -> Iterator[chat.Turn]:
    inputs = _Inputs(text)
    for message in top.tables("messages"):
        said = message.text("role")
        role = _ROLES.get(said)
        if role is None:
            what = f"the role {said[:50]!r}" if said else "a message without a role"
            raise chat.CannotCarry(message.pointer("role"), f"{what} is none that a conversation can have")
        parts = read_texts(message, "content") if role == "system" else read_parts(message, "content", inputs.at)
        message.close()
        yield chat.Turn(role=role, parts=parts, at=message.at)


def _with_last_marked(top: chat.Fields, turns: tuple[chat.Turn, ...]) -> tuple[chat.Turn, ...]:
    """Return *turns* with the request's own ``cache_control`` where it stands for one: at the last block that can have it."""
    mark = read_cache_mark(top)
    if mark is None:
        return turns
    for at in reversed(range(len(turns))):
        parts = turns[at].parts
        for index in reversed(range(len(parts))):
            part = parts[index]
            if isinstance(part, (chat.Text, chat.Image, chat.Document, chat.ToolCall, chat.ToolResult)):
                marked = part if part.cache else attrs.evolve(part, cache=mark)
                turn = attrs.evolve(turns[at], parts=(*parts[:index], marked, *parts[index + 1 :]))
                return (*turns[:at], turn, *turns[at + 1 :])
    top.report.lost(mark.at, "there is nothing that could be cached")
    return turns


@attrs.define(slots=False)
class _Inputs:
    """The inputs of tool calls as they are written in *text*."""

    text: bytes = attrs.field(repr=False)
    _read: dict[str, list[msgspec.Raw]] = attrs.field(factory=dict, repr=False)

    @cached_property
    def _messages(self) -> list[msgspec.Raw]:
        return list(messages_of(self.text))

    def at(self, pointer: str) -> str:
        """Return the input of the block at *pointer*, ``/messages/3/content/1``, as a text of JSON."""
        _, _, message, _, block = pointer.split("/")
        if message not in self._read:
            self._read[message] = list(blocks_of(self._messages[int(message)]))
        return input_of(self._read[message][int(block)])
