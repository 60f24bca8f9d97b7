"""A Gemini server's stream, written from neutral events: what the reader of that format has to make sense of."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import Any

import attrs
import msgspec

from korproxy.api import chat

FINISH: dict[chat.Reason, str] = {
    "end": "STOP",
    "stop_sequence": "STOP",
    "tools": "STOP",
    "length": "MAX_TOKENS",
    "context": "MAX_TOKENS",
    "refusal": "SAFETY",
    "pause": "STOP",
}


def gemini_stream(events: Iterable[chat.Event], *, end: bytes = b"\r\n") -> bytes:
    """Return the server-sent events that tell *events*, one each; what Gemini has no words for is left out."""
    writer = _Writer()
    chunks = [chunk for event in events for chunk in writer.chunks(event)]
    return b"".join(b"data: " + msgspec.json.encode(chunk) + end + end for chunk in chunks)


@attrs.define
class _Writer:
    head: dict[str, Any] = attrs.field(factory=dict)
    calls: dict[int, chat.CallStarted] = attrs.field(factory=dict)
    arguments: dict[int, str] = attrs.field(factory=dict)
    ended: set[int] = attrs.field(factory=set)

    def chunks(self, event: chat.Event) -> list[dict[str, Any]]:
        """Return what tells *event*; nothing where it only adds to what a later one tells."""
        match event:
            case chat.Started(id=id, model=model):
                self.head = {"responseId": id, "modelVersion": model}
            case chat.CallStarted(key=key):
                self.calls[key], self.arguments[key] = event, ""
            case chat.CallDelta(key=key, json=json):
                self.arguments[key] += json
            case chat.Ended(ending=ending):
                return [self._candidate([{"text": ""}], finishReason=FINISH[ending.reason])]
            case chat.UsageSeen(usage=usage):
                return [{**self.head, "usageMetadata": _usage(usage)}]
            case chat.Failed(error=error):
                return [{"error": {"code": error.status, "message": error.message, "status": error.type or "UNKNOWN"}}]
            case _ if parts := self._parts(event):
                return [self._candidate(parts)]
        return []

    def _parts(self, event: chat.Event) -> list[dict[str, Any]]:
        match event:
            case chat.TextDelta(text=text):
                return [{"text": text}]
            case chat.ReasoningDelta(text=text):
                return [{"text": text, "thought": True}]
            case chat.ReasoningEnded(seal=chat.Seal(data=data)):
                return [{"text": "", "thought": True, "thoughtSignature": data}]
            case chat.CallEnded(key=key):
                self.ended.add(key)
                return [self._call(self.calls.pop(each)) for each in self._next_in_turn()]
            case chat.PartAdded(part=chat.Image(blob=blob)) if blob.data:
                return [{"inlineData": {"mimeType": blob.media_type, "data": blob.data}}]
            case _:
                return []

    def _next_in_turn(self) -> list[int]:
        """Gemini's calls come whole, one after the other: one that ended early waits for those that began before it."""
        return list(takewhile(self.ended.__contains__, self.calls))

    def _call(self, call: chat.CallStarted) -> dict[str, Any]:
        arguments = chat.as_object(self.arguments[call.key], freeform=call.freeform)
        told = {"functionCall": {"id": call.id, "name": call.name, "args": arguments}}
        return told if call.seal is None else {**told, "thoughtSignature": call.seal.data}

    def _candidate(self, parts: list[dict[str, Any]], **more: str) -> dict[str, Any]:
        return {**self.head, "candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, **more}]}


def _usage(usage: Any) -> dict[str, int]:
    known = {
        "promptTokenCount": (usage.tokens_in, usage.cache_read, usage.cache_write),
        "cachedContentTokenCount": (usage.cache_read,),
        "thoughtsTokenCount": (usage.reasoning,),
    }
    counts = {name: sum(each or 0 for each in given) for name, given in known.items() if any(given)}
    if usage.tokens_out is not None:
        counts["candidatesTokenCount"] = usage.tokens_out - (usage.reasoning or 0)
    return counts
