"""A client's request, read."""

from __future__ import annotations

import attrs

from korproxy.api import BadRequest, chat, read_json
from korproxy.builtin.dialects.chat_format.read_messages import read_messages
from korproxy.builtin.dialects.chat_format.read_options import read_options
from korproxy.builtin.dialects.chat_format.read_tools import read_choice, read_tools


def read_request(body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
    """Read the request in *body*: what the neutral model has no place for is reported.

    Raises:
        BadRequest: It is no JSON object (KP-SYS-509), has no list ``messages`` (KP-SYS-509) or names no model (KP-SYS-519).
        CannotCarry: It asks for several answers, or holds a kind of content that no other format has.
    """
    request = chat.Fields(read_object(body), "", report)
    model = request.text("model")
    if not model:
        raise BadRequest("KP-SYS-519", "The request names no model: `model` must be a non-empty string.")
    if not isinstance(request.get("messages"), list):
        raise BadRequest("KP-SYS-509", "The body is not a request of this format: `messages` must be a list.")
    legacy = bool(request.value.get("functions")) and not request.value.get("tools")
    options = read_options(request)
    conversation = chat.Conversation(
        turns=tuple(read_messages(request)),
        tools=tuple(read_tools(request)),
        choice=read_choice(request),
        # An answer in the form before tools has room for one call.
        options=attrs.evolve(options, parallel=False) if legacy else options,
    )
    stream = request.flag("stream") or False
    asked = chat.Asked(
        model=model,
        stream=stream,
        usage=wants_usage(request, stream=stream),
        freeform=frozenset(each.name for each in conversation.functions if each.freeform),
        legacy=legacy,
    )
    request.close()
    return conversation, asked


def read_object(body: bytes) -> dict[str, object]:
    """Return the object in *body*.

    Raises:
        BadRequest: It is none (KP-SYS-509).
    """
    try:
        value = read_json(body)[0]
    except ValueError as exc:
        raise BadRequest("KP-SYS-509", f"The body is not a JSON object: {exc}.") from None
    if not isinstance(value, dict):
        raise BadRequest("KP-SYS-509", f"The body is not a JSON object but of the type {type(value).__name__}.")
    return value


def wants_usage(request: chat.Fields, *, stream: bool) -> bool:
    """Whether *request* asks for the tokens at the end of its stream."""
    wishes = request.table("stream_options")
    if wishes is None:
        return False
    if not stream:
        wishes.report.lost(wishes.at, "the answer is no stream")
        return False
    usage = wishes.flag("include_usage") or False
    if wishes.flag("include_obfuscation") is not None:
        wishes.report.mapped(wishes.pointer("include_obfuscation"), "KorProxy writes the stream itself, and never pads it")
    wishes.close()
    return usage
