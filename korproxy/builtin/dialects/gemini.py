"""Gemini's generateContent, as clients speak it.

Facts: Google's API reference (ai.google.dev/api/generate-content) and its SDK google-genai 3.4 (``google/genai/errors.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import attrs
import msgspec

from korproxy.api import (
    AnswerReader,
    Dialect,
    Fault,
    Headers,
    Kind,
    Model,
    Peek,
    PlainAnswer,
    Settings,
    Span,
    Translator,
    Usage,
    add_seal,
    full_message,
    hookimpl,
    json_bytes,
    sse_events,
    texts_at,
)
from korproxy.builtin.dialects.gemini_format.addresses import model_and_method
from korproxy.builtin.dialects.gemini_format.translator import GeminiTranslator
from korproxy.builtin.dialects.gemini_format.usage import read_usage

if TYPE_CHECKING:
    from korproxy.api import chat

_STATUSES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}


class _Candidate(msgspec.Struct):
    reason: Any = msgspec.field(default=None, name="finishReason")
    reason_: Any = msgspec.field(default=None, name="finish_reason")


class _Chunk(msgspec.Struct):
    """A chunk of a stream, or a whole answer: of both only this is read."""

    candidates: list[_Candidate] | None = None
    usage: Any = msgspec.field(default=None, name="usageMetadata")
    usage_: Any = msgspec.field(default=None, name="usage_metadata")
    feedback: Any = msgspec.field(default=None, name="promptFeedback")
    error: Any = None


class _Body(msgspec.Struct):
    tools: list[msgspec.Raw] | None = None


_chunks = msgspec.json.Decoder(_Chunk)
_lists = msgspec.json.Decoder(list[_Chunk])
_bodies = msgspec.json.Decoder(_Body)


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``:generateContent`` and ``:streamGenerateContent``."""
    del settings
    yield Gemini()


@attrs.frozen
class Gemini:
    """The format of ``POST /v1beta/models/MODEL:generateContent``. Model and stream stand in the path, not in the body."""

    name: str = "gemini"
    paths: Sequence[str] = tuple(
        f"{version}/{method}"
        for version in ("/v1beta", "/v1")  # google-genai 3 asks under /v1
        for method in ("models/{model}:generateContent", "models/{model}:streamGenerateContent")
    )
    kind: Kind = "chat"
    listed: frozenset[Kind] = frozenset({"chat", "embedding"})
    translator: Translator = attrs.field(factory=GeminiTranslator)

    def peek(self, path: str, body: bytes) -> Peek:
        """Read model and stream from *path*, and whether there are tools."""
        model, method = model_and_method(path)
        try:
            tools = bool(_bodies.decode(body).tools)
        except (ValueError, RecursionError):
            tools = False
        return Peek(model=model, stream=method == "streamGenerateContent", tools=tools)

    def wants_array(self, query: bytes) -> bool:
        """Whether ``alt=sse`` is missing."""
        return dict(parse_qsl(query.decode("latin-1"))).get("alt") != "sse"

    def set_model(self, body: bytes, span: Span, model: str) -> bytes:
        """Return *body* as it is: another model makes another path."""
        del span, model
        return body

    def reader(self, *, stream: bool) -> AnswerReader:
        """Return a reader for one answer."""
        return GeminiStream() if stream else PlainAnswer(_usage_of_document, _seals_of_document)

    def error(self, fault: Fault) -> bytes:
        """Return the body the SDK makes its status errors from; the KP code is the ``reason`` of its details."""
        word = _STATUSES.get(fault.status) or ("INTERNAL" if fault.status >= 500 else "INVALID_ARGUMENT")
        error: dict[str, Any] = {"code": fault.status, "message": full_message(fault), "status": word}
        if fault.code:
            info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": fault.code, "domain": "korproxy"}
            error["details"] = [info]
        return json_bytes({"error": error})

    def late_error(self, fault: Fault, behind: bytes = b"") -> bytes:
        """Return an event with an ``error``: the SDK raises on it."""
        del behind
        return b"data: " + self.error(fault) + b"\r\n\r\n"

    def lists_models(self, path: str, query: bytes, headers: Headers) -> bool:
        """Whether it is the format's own path, or a key stands where only this format's clients put it."""
        del query
        return path == "/v1beta/models" or headers.get(b"x-goog-api-key") is not None

    def model_list(self, models: Sequence[Model]) -> bytes:
        """Return the answer of ``GET /v1beta/models``, all on one page."""
        return json_bytes({"models": [_described(each) for each in models]})

    def model_entry(self, model: Model) -> bytes:
        """Return the answer of ``GET /v1beta/models/ID``."""
        return json_bytes(_described(model))


@attrs.define
class GeminiStream:
    """Looks at a passing stream.

    It ended well once a reason for the end was there; the provider's own error is the last that comes.
    """

    usage: Usage = attrs.field(factory=Usage, init=False)
    ended: bool = attrs.field(default=False, init=False)
    failed: bool = attrs.field(default=False, init=False)
    seals: list[chat.Seal] = attrs.field(factory=list, init=False, repr=False)

    @property
    def final(self) -> bool:
        """The same as ``failed``: behind a good end usage may follow, and only the connection says that nothing does."""
        return self.failed

    def feed(self, chunk: bytes) -> None:
        """Take whole events."""
        if b"ignature" in chunk:
            _add_seals(chunk, self.seals)
        if not (b'"usage' in chunk or _may_end(chunk)):
            return
        # Nearly every event has usage, counted from the beginning: so the last one that has some is all that is read of them.
        found, may_end = None, _may_end(chunk)
        for _, data in reversed(tuple(sse_events(chunk))):
            if (found is None and b'"usage' in data) or (may_end and _may_end(data)):
                usage = self._read(data)
                found = usage if found is None else found
            elif found is not None and not may_end:
                break
        self.usage = found or self.usage

    def finish(self) -> None:
        """Do nothing: a stream says itself whether it is whole."""

    def _read(self, data: bytes) -> Usage | None:
        """Take note of the end in *data*, and return the last usage there."""
        usage: Usage | None = None
        try:
            found = _lists.decode(data) if data.lstrip().startswith(b"[") else [_chunks.decode(data)]
        except (ValueError, RecursionError):
            return None  # it passes all the same: what to make of it is the client's affair
        for chunk in found:
            usage = read_usage(chunk.usage or chunk.usage_) or usage
            if chunk.error:
                self.ended = self.failed = True
            blocked = isinstance(chunk.feedback, dict) and bool(chunk.feedback.get("blockReason"))
            self.ended = self.ended or blocked or any(each.reason or each.reason_ for each in chunk.candidates or ())
        return usage


def _may_end(text: bytes) -> bool:
    """Whether *text* may say that the stream ends."""
    return b'"finish' in text or b'"error"' in text or b'"promptFeedback"' in text


def _add_seals(text: bytes, seals: list[chat.Seal]) -> None:
    for each in texts_at(text, "thoughtSignature", "thought_signature"):
        add_seal(seals, "google", each)


def _seals_of_document(body: bytes) -> Sequence[chat.Seal]:
    seals: list[chat.Seal] = []
    _add_seals(body, seals)
    return seals


def _usage_of_document(body: bytes) -> Usage:
    try:
        found = _chunks.decode(body)
    except (ValueError, RecursionError):
        return Usage()
    return read_usage(found.usage or found.usage_) or Usage()


def _described(model: Model) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": f"models/{model.id}",
        "displayName": model.name or model.id,
        "supportedGenerationMethods": ["embedContent"] if model.kind == "embedding" else ["generateContent", "countTokens"],
    }
    if model.abilities is not None and model.abilities.window is not None:
        described["inputTokenLimit"] = model.abilities.window
    if model.abilities is not None and model.abilities.output is not None:
        described["outputTokenLimit"] = model.abilities.output
    return described
