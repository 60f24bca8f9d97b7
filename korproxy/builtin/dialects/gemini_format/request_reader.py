"""A client's request, read.

Facts: ai.google.dev/api/generate-content and ``GenerateContentConfig`` of google-genai 3.4.
"""

from __future__ import annotations

from typing import Any

from korproxy.api import BadRequest, chat, read_json
from korproxy.builtin.dialects.gemini_format.addresses import model_and_method
from korproxy.builtin.dialects.gemini_format.content_reader import read_contents, read_system
from korproxy.builtin.dialects.gemini_format.fields import spelled
from korproxy.builtin.dialects.gemini_format.options_reader import read_options
from korproxy.builtin.dialects.gemini_format.rejoining import rejoined
from korproxy.builtin.dialects.gemini_format.tools_reader import read_choice, read_tools

_LOST = {
    "safetySettings": "only Gemini lets its filters be set",
    "labels": "only Google Cloud has labels",
    "model": "the address names the model",
}
_REFUSED = {
    "cachedContent": "A part of the conversation lies in Google's cache. Send it whole, or use a Gemini provider.",
    "continuationToken": "Only Gemini can go on with an answer that it broke off. Use a Gemini provider.",
}


def read_request(path: str, body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
    """Read *body*, which was sent to *path*.

    Raises:
        BadRequest: It is no object with ``contents`` (KP-SYS-509), or *path* names no model (KP-SYS-519).
        CannotCarry: It asks for something that only Gemini has, and without which it would mean something else.
    """
    value, text = read_object(body)
    return read_fields(path, chat.Fields(value, "", report), text)


def read_fields(path: str, top: chat.Fields, text: bytes) -> tuple[chat.Conversation, chat.Asked]:
    """Read the request *top*, which is written as *text*; as above."""
    model, method = model_and_method(path)
    if not isinstance(top.get("contents"), (list, dict)):
        raise BadRequest("KP-SYS-509", "The body is no request: `contents` must be a list of turns.")
    for key, why in _REFUSED.items():
        if top.get(spelled(top, key)) is not None:
            raise chat.CannotCarry(top.pointer(spelled(top, key)), why)
    turns = (*read_system(top), *rejoined(tuple(read_contents(top, text))))
    tools, choice = tuple(read_tools(top)), read_choice(top)
    options = read_options(top)
    for key, why in _LOST.items():
        top.lost(spelled(top, key), why)
    top.close()
    asked = chat.Asked(model=model, stream=method == "streamGenerateContent", usage=True)
    return chat.Conversation(turns=turns, tools=tools, choice=choice, options=options), asked


def read_object(body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the object in *body*, and the text of it that can be read.

    Raises:
        BadRequest: It is none (KP-SYS-509).
    """
    try:
        value, text = read_json(body)
    except ValueError as exc:
        raise BadRequest("KP-SYS-509", f"The body is not a JSON object: {exc}.") from None
    if not isinstance(value, dict):
        raise BadRequest("KP-SYS-509", "The body is JSON, but not an object.")
    return value, text
