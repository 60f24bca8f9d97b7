"""What Gemini's format demands of a streamed answer, checked on the bytes, by nothing of KorProxy's own.

Sources: ai.google.dev/api/generate-content, the types of Google's SDK, and what Gemini CLI takes for an invalid stream.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from tests.fakes.stream_checks import sse

_MEMBERS = {"candidates", "usageMetadata", "modelVersion", "responseId"}
_CANDIDATE = {"content", "finishReason", "finishMessage", "groundingMetadata", "index"}
_DATA = {"text", "inlineData", "fileData", "functionCall"}
_ABOUT = {"thought", "thoughtSignature"}
_REASONS = {
    *("STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_OTHER", "IMAGE_RECITATION", "NO_IMAGE", "MODEL_ARMOR"),
    *("ESCALATION", "PUP_LIMITED_DISABLED"),
}


def gemini_faults(stream: bytes) -> list[str]:
    """Return what a client of ``:streamGenerateContent?alt=sse`` would trip over."""
    events = list(sse(stream.replace(b"\r\n", b"\n")))
    named = ["an event has a name"] if any(name for name, _ in events) else []
    if any(data.strip() == "[DONE]" for _, data in events):
        return [*named, "[DONE]"]
    return [*named, *document_faults(json.loads(data) for _, data in events)]


def gemini_array_faults(stream: bytes) -> list[str]:
    """Return what a client of ``:streamGenerateContent`` without ``alt=sse`` would trip over: it gets one JSON array."""
    documents = json.loads(stream)
    return document_faults(documents) if isinstance(documents, list) else ["no array"]


def document_faults(documents: Iterable[Any]) -> list[str]:
    """Return what is wrong with the elements of a stream, however they are framed."""
    gemini = _Gemini()
    for each in documents:
        gemini.document(each)
    gemini.end()
    return gemini.faults


@attrs.define
class _Gemini:
    """One stream of ``GenerateContentResponse``."""

    faults: list[str] = attrs.field(factory=list)
    head: tuple[object, ...] | None = None
    ids: list[str] = attrs.field(factory=list)
    reasons: list[str] = attrs.field(factory=list)
    failed: bool = False
    text: str = ""
    usage: Mapping[str, Any] | None = None

    def document(self, document: dict[str, Any]) -> None:
        """Take one response, or the error."""
        self.expect(not self.failed, "something follows the error")
        self.expect(not self.reasons, "something follows the finish reason")
        if "error" in document:
            self.failed = True
            self.error(document)
            return
        self.expect(document.keys() <= _MEMBERS, f"members {document.keys() - _MEMBERS}")
        head = (document.get("modelVersion"), document.get("responseId"))
        self.expect(bool(head[0]) and head == (self.head or head), "modelVersion and responseId change, or there is no model")
        self.head = head
        self.usage = document.get("usageMetadata")
        candidates = document.get("candidates")
        self.expect(isinstance(candidates, list) and len(candidates) == 1, "not one candidate")
        for each in candidates or ():
            self.candidate(each)

    def error(self, document: dict[str, Any]) -> None:
        error = document["error"]
        good = isinstance(error.get("code"), int) and 400 <= error["code"] < 600
        self.expect(
            good and isinstance(error.get("message"), str) and bool(error.get("status")), "an error without its members"
        )
        self.expect(document.keys() == {"error"}, "an error beside something else")

    def candidate(self, candidate: dict[str, Any]) -> None:
        self.expect(candidate.get("index", 0) == 0, "a second candidate")
        self.expect(candidate.keys() <= _CANDIDATE, f"members {candidate.keys() - _CANDIDATE} of a candidate")
        content, reason = candidate.get("content"), candidate.get("finishReason")
        pages = candidate.get("groundingMetadata", {}).get("groundingChunks", [{"web": {"uri": "none"}}])
        self.expect(bool(pages) and all(each["web"]["uri"] for each in pages), "grounding without a page")
        self.expect(reason is not None or "groundingMetadata" not in candidate, "grounding in front of the end")
        if reason is not None:
            self.expect(reason in _REASONS, f"the finish reason {reason!r}")
            self.reasons.append(reason)
        if content is None:
            self.expect(reason is not None, "a candidate that says nothing")
            return
        self.expect(content.get("role") == "model", "the role is not model")
        self.expect(bool(content.get("parts")), "a content without parts")
        for part in content.get("parts") or ():
            self.part(part, at_end=reason is not None)
        if "groundingMetadata" in candidate:
            self.grounding(candidate["groundingMetadata"], [each.get("text", "") for each in content.get("parts") or ()])

    def part(self, part: dict[str, Any], *, at_end: bool) -> None:
        self.expect(len(part.keys() & _DATA) == 1 and part.keys() <= _DATA | _ABOUT, f"a part of {sorted(part)}")
        signature = part.get("thoughtSignature")
        self.expect(signature is None or _is_base64(signature), "a signature that is no base64")
        self.expect(isinstance(part.get("thought", False), bool), "thought is no boolean")
        if "text" in part:
            self.text += "" if part.get("thought") else part["text"]
            says = isinstance(part["text"], str) and (part["text"] or signature or at_end)
            self.expect(bool(says), "a text that says nothing")
        if "functionCall" in part:
            self.call(part["functionCall"])

    def grounding(self, said: dict[str, Any], texts: list[str]) -> None:
        """Take what is cited. Places count in bytes: of a part in a whole answer, of all text in a stream."""
        pages = said.get("groundingChunks", [])
        for support in said.get("groundingSupports", []):
            segment = support["segment"]
            about = (self.text, *texts[segment.get("partIndex", 0) :][:1])
            pieces = [each.encode()[segment.get("startIndex", 0) : segment["endIndex"]] for each in about]
            self.expect(segment.get("text", "").encode() in pieces, "a citation of something that was not said")
            indices = support["groundingChunkIndices"]
            self.expect(bool(indices) and all(0 <= each < len(pages) for each in indices), "a citation of no page")

    def call(self, call: dict[str, Any]) -> None:
        self.expect(bool(call.get("name")), "a call without a name")
        self.expect(isinstance(call.get("args"), dict), "a call whose args are no object")
        self.expect(bool(call.get("id")), "a call without an id")
        self.expect(call.keys() <= {"id", "name", "args"}, "a call in pieces")

    def end(self) -> None:
        if self.failed:
            self.expect(not self.reasons, "an error and a finish reason")
            return
        self.expect(len(self.reasons) == 1, f"{len(self.reasons)} finish reasons")
        usage = self.usage or {}
        counts = [usage.get(each, 0) for each in ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")]
        self.expect(isinstance(usage.get("totalTokenCount"), int), "no usage in the last event")
        self.expect(sum(counts) == usage.get("totalTokenCount"), "the total is not the sum")

    def expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault)


def _is_base64(text: Any) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, TypeError):
        return False
