"""A provider's whole answer, read.

Facts: ``Message`` of Anthropic's Python SDK 2.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from korproxy.api import chat, read_json
from korproxy.builtin.dialects.messages_format.citations import read_citations
from korproxy.builtin.dialects.messages_format.endings import read_ending
from korproxy.builtin.dialects.messages_format.errors import read_late_error
from korproxy.builtin.dialects.messages_format.json_text import blocks_of, input_of
from korproxy.builtin.dialects.messages_format.seals import FAMILY
from korproxy.builtin.dialects.messages_format.usage import read_usage


def read_answer(body: bytes) -> chat.Answer:
    """Read *body*. Blocks of tools that the provider ran itself say nothing to others; of citations the pages in the web do.

    Raises:
        Unreadable: It is no message.
        AnswerIsError: It is an error.
    """
    try:
        message, text = read_json(body)
    except ValueError:
        raise chat.Unreadable("the answer is no JSON") from None
    if isinstance(message, dict) and (message.get("type") == "error" or message.get("error")):
        raise chat.AnswerIsError(read_late_error(message.get("error")))
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        raise chat.Unreadable("the answer has no content")
    id_ = _text(message.get("id"))
    return chat.Answer(
        id=id_,
        model=_text(message.get("model")),
        parts=tuple(_parts(content, text, id_)),
        ending=read_ending(message),
        usage=read_usage(message.get("usage")),
    )


def _parts(content: list[Any], text: bytes, id_: str) -> Iterator[chat.Part]:
    calls = 0
    raw = blocks_of(text) if any(isinstance(each, dict) and each.get("type") == "tool_use" for each in content) else []
    for number, block in enumerate(content):
        if not isinstance(block, dict):
            continue
        if block.get("type") == "tool_use":
            yield _call(block, raw[number], made_up_id(id_, calls))
            calls += 1
        elif (part := _part(block)) is not None:
            yield part


def _call(block: dict[str, Any], raw: msgspec.Raw, id_: str) -> chat.ToolCall:
    name = _text(block.get("name"))
    if not name:
        raise chat.Unreadable("a call of a tool has no name")
    return chat.ToolCall(id=_text(block.get("id")) or id_, name=name, arguments=input_of(raw))


def made_up_id(answer: str, number: int) -> str:
    """Return an id for a call without one, the *number*-th of the answer with this id: the same one every time."""
    return chat.fit_id(f"toolu_{answer or 'x'}_{number}")


def _part(block: dict[str, Any]) -> chat.Part | None:
    match block.get("type"):
        case "text":
            text = _text(block.get("text"))
            return chat.Text(text=text, citations=tuple(read_citations(block.get("citations")))) if text else None
        case "thinking":
            thinking, seal = _text(block.get("thinking")), sealed(block.get("signature"))
            return chat.Reasoning(text=thinking, seal=seal) if thinking or seal else None
        case "redacted_thinking":
            data = sealed(block.get("data"))
            return chat.Reasoning(seal=data, redacted=True) if data else None
        case _:
            return None


def sealed(signature: object) -> chat.Seal | None:
    """Return a provider's own *signature*, whatever it says, as a seal; None where there is none."""
    return chat.Seal(family=FAMILY, data=signature) if isinstance(signature, str) and signature else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
