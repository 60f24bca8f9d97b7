"""A provider's whole answer, read.

Facts: ``Message`` of Anthropic's Python SDK 2.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.endings import read_ending
from korproxy.builtin.dialects.messages_format.json_text import blocks_of, input_of, read_json
from korproxy.builtin.dialects.messages_format.seals import FAMILY
from korproxy.builtin.dialects.messages_format.usage import read_usage


def read_answer(body: bytes) -> chat.Answer:
    """Read *body*. Blocks of tools that the provider ran itself say nothing to others, and citations neither.

    Raises:
        Unreadable: It is no message.
    """
    try:
        message, text = read_json(body)
    except (ValueError, RecursionError):
        raise chat.Unreadable("the answer is no JSON") from None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        raise chat.Unreadable("the answer has no content")
    return chat.Answer(
        id=_text(message.get("id")),
        model=_text(message.get("model")),
        parts=tuple(_parts(content, text)),
        ending=read_ending(message),
        usage=read_usage(message.get("usage")),
    )


def _parts(content: list[Any], text: bytes) -> Iterator[chat.Part]:
    for number, block in enumerate(content):
        if isinstance(block, dict):
            raw = blocks_of(text)[number] if block.get("type") == "tool_use" else None
            part = _part(block, raw)
            if part is not None:
                yield part


def _part(block: dict[str, Any], raw: msgspec.Raw | None) -> chat.Part | None:
    if raw is not None:
        return chat.ToolCall(id=_text(block.get("id")), name=_text(block.get("name")), arguments=input_of(raw))
    match block.get("type"):
        case "text":
            text = _text(block.get("text"))
            return chat.Text(text=text) if text else None
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
