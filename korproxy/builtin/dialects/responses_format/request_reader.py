"""A client's request, read.

Facts: ``ResponseCreateParams`` of OpenAI's Python SDK 3.54, and what Codex 0.169 sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from korproxy.api import BadRequest, chat
from korproxy.builtin.dialects.chat_format.request_reader import read_object
from korproxy.builtin.dialects.responses_format.read_choice import read_choice
from korproxy.builtin.dialects.responses_format.read_items import (
    ADDS_TOOLS,
    UPDATES,
    forget_identity,
    read_items,
    read_texts,
    read_turns,
)
from korproxy.builtin.dialects.responses_format.read_options import read_options
from korproxy.builtin.dialects.responses_format.read_tools import declared_tools, named_tools

_IMPOSSIBLE = {
    "background": "no other provider answers in the background. Ask for a stream, or wait for the answer",
    "conversation": "conversations are stored at OpenAI. Send all that was said as `input`",
    "previous_response_id": "the answer that it names is not there. Send all that was said as `input`",
    "prompt": "prompts are stored at OpenAI. Send its text as `instructions`",
}
# What a Response says again of its request.
_REPEATED = (
    "instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls", "previous_response_id",
    "prompt_cache_key", "reasoning", "safety_identifier", "service_tier", "store", "temperature", "text", "tool_choice",
    "tools", "top_logprobs", "top_p", "truncation", "user",
)  # fmt: skip


def read_request(body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
    """Read the request in *body*: what the neutral model has no place for is reported.

    Raises:
        BadRequest: It is no JSON object (KP-SYS-509), has no ``input`` (KP-SYS-509) or names no model (KP-SYS-519).
        CannotCarry: It builds on what is stored at OpenAI, or holds what no other format has.
    """
    request = chat.Fields(read_object(body), "", report)
    model = request.text("model")
    if not model:
        raise BadRequest("KP-SYS-519", "The request names no model: `model` must be a non-empty string.")
    _check(request)
    items = read_items(request)
    adding = [each for each in items if each.get("type") in ADDS_TOOLS]
    tools, names = named_tools([each for holder in (request, *adding) for each in declared_tools(holder)], report)
    updates = [each for each in items if each.get("type") in UPDATES]
    options = read_options(request, updates)
    conversation = chat.Conversation(
        turns=(*read_texts(request), *read_turns(items, names)),
        tools=tuple(tools),
        choice=read_choice(request, names),
        options=options,
    )
    for item in (*adding, *updates):
        _close(item)
    asked = chat.Asked(
        model=model,
        stream=_wants_stream(request),
        usage=True,
        freeform=frozenset(each.name for each in conversation.functions if each.freeform),
        namespaces=names.namespaces,
        repeated=_repeated(request),
    )
    request.close()
    return conversation, asked


def _check(request: chat.Fields) -> None:
    for key, why in _IMPOSSIBLE.items():
        if request.get(key) is not None and not (key == "background" and request.get(key) is False):
            raise chat.CannotCarry(request.pointer(key), f"{why}.")
    if request.get("background") is False:
        request.report.mapped(request.pointer("background"), "goes without saying")
    if not isinstance(request.get("input"), (str, list)):
        raise BadRequest("KP-SYS-509", "The body is not a request of this format: `input` must be a text or a list.")


def _wants_stream(request: chat.Fields) -> bool:
    stream = request.flag("stream") or False
    wishes = request.table("stream_options")
    if wishes is None:
        return stream
    if not stream:
        wishes.report.lost(wishes.at, "the answer is no stream")
        return stream
    if wishes.flag("include_obfuscation") is not None:
        wishes.report.mapped(wishes.pointer("include_obfuscation"), "KorProxy writes the stream itself, and never pads it")
    wishes.close()
    return stream


def _close(item: chat.Fields) -> None:
    """Report what an item holds beside what was taken from it."""
    if item.get("type") == "tool_search_output":
        for key in ("call_id", "execution"):
            item.lost(key, "only OpenAI has this tool")
    if item.get("role") is not None:
        item.report.mapped(item.pointer("role"), "tools are nobody's")
    forget_identity(item)
    item.close()


def _repeated(request: chat.Fields) -> Mapping[str, Any]:
    return {key: request.value[key] for key in _REPEATED if request.value.get(key) is not None}
