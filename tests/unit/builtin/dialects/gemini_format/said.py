"""Answers as Gemini says them: chunks, events of a stream, and what a reader tells of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.stream_reader import GeminiStreamReader

HEAD = {"responseId": "abc", "modelVersion": "gemini-3-pro"}
STARTED = chat.Started(id="abc", model="gemini-3-pro")


def answer(*parts: dict[str, Any], reason: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a response with *parts*."""
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": list(parts)}}
    return {"candidates": [candidate | ({"finishReason": reason} if reason else {})], **HEAD, **more}


def call(name: str = "read", **more: Any) -> dict[str, Any]:
    """Return a part that calls a tool."""
    signature = {key: more.pop(key) for key in ("thoughtSignature",) if key in more}
    return {"functionCall": {"name": name, **more}, **signature}


def wire(*chunks: object) -> bytes:
    """Return *chunks* as Gemini streams them."""
    return b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in chunks)


def told(*chunks: object) -> Sequence[chat.Event]:
    """Return what a reader tells of a stream of *chunks*, from its beginning to its end."""
    reader = GeminiStreamReader()
    return [*reader.feed(wire(*chunks)), *reader.finish()]


def inner(events: Sequence[chat.Event]) -> list[chat.Event]:
    """Return *events* without their beginning and their end."""
    return [each for each in events if not isinstance(each, (chat.Started, chat.Ended, chat.UsageSeen))]
