"""Anthropic Messages, as clients speak it.

Facts: the type definitions of Anthropic's Python SDK 2.12 (``anthropic/types``, ``anthropic/_streaming.py``,
``anthropic/_error_classes.py``) and the gateway protocol that Claude Code documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

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
    peek_model,
    replace_text,
    sse_events,
)
from korproxy.builtin.dialects.messages_format.translator import MessagesTranslator
from korproxy.builtin.dialects.messages_format.usage import read_usage

if TYPE_CHECKING:
    from korproxy.api import chat

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
# What the SDK looks for in ``details.error_code``, by the KP code: ``anthropic/lib/threads/_thread_state.py``.
_OWN_WORDS = {"KP-PROV-119": "thread_unsupported_request"}


class _Event(msgspec.Struct):
    """An event of a stream, or a whole message: of both only this is read."""

    type: Any = None
    usage: Any = None


class _Start(msgspec.Struct):
    """The first event, which holds the message as far as it is known then."""

    message: _Event | None = None


class _Block(msgspec.Struct):
    """A block of content, or a piece of one: what seals thinking."""

    type: Any = None
    signature: Any = None
    data: Any = None


class _Sealed(msgspec.Struct):
    """An event that ends or holds thinking, or a whole message that may."""

    content: list[_Block] | None = None
    block: _Block | None = msgspec.field(default=None, name="content_block")
    delta: _Block | None = None


_events = msgspec.json.Decoder(_Event)
_sealed = msgspec.json.Decoder(_Sealed)
_starts = msgspec.json.Decoder(_Start)


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``/v1/messages``."""
    del settings
    yield AnthropicMessages()


@attrs.frozen
class AnthropicMessages:
    """The format of ``POST /v1/messages``."""

    name: str = "anthropic-messages"
    paths: Sequence[str] = ("/v1/messages",)
    kind: Kind = "chat"
    listed: frozenset[Kind] = frozenset({"chat"})
    translator: Translator = attrs.field(factory=MessagesTranslator)

    def peek(self, path: str, body: bytes) -> Peek:
        """Read model, stream and whether there are tools."""
        del path
        return peek_model(body)

    def wants_array(self, query: bytes) -> bool:
        """Answer no: streams are events."""
        del query
        return False

    def set_model(self, body: bytes, span: Span, model: str) -> bytes:
        """Return *body* with *model* at *span*."""
        return replace_text(body, span, model)

    def reader(self, *, stream: bool) -> AnswerReader:
        """Return a reader for one answer."""
        return MessageStream() if stream else PlainAnswer(_usage_of_document, _seals_of_document)

    def error(self, fault: Fault) -> bytes:
        """Return the body the SDK makes its status errors from; ``details.error_code`` is the KP code, or the SDK's word."""
        kind = _TYPES.get(fault.status) or ("api_error" if fault.status >= 500 else "invalid_request_error")
        error = {"type": kind, "message": full_message(fault)}
        code = _OWN_WORDS.get(fault.cause) or fault.code
        details = {"details": {"error_code": code}} if code else {}
        return json_bytes({"type": "error", "error": {**error, **details}, "request_id": None})

    def late_error(self, fault: Fault, behind: bytes = b"") -> bytes:
        """Return an ``error`` event: the SDK raises on its name. No ``message_stop``: the message is not whole."""
        del behind
        return b"event: error\ndata: " + self.error(fault) + b"\n\n"

    def lists_models(self, path: str, query: bytes, headers: Headers) -> bool:
        """Whether the header is there that every client of this format sends."""
        del path, query
        return headers.get(b"anthropic-version") is not None

    def model_list(self, models: Sequence[Model]) -> bytes:
        """Return the answer of ``GET /v1/models``, all on one page. Claude Code reads ``id`` and ``display_name``."""
        data = [_described(each) for each in models]
        first, last = (models[0].id, models[-1].id) if models else (None, None)
        return json_bytes({"data": data, "has_more": False, "first_id": first, "last_id": last})

    def model_entry(self, model: Model) -> bytes:
        """Return the answer of ``GET /v1/models/ID``."""
        return json_bytes(_described(model))


@attrs.define
class MessageStream:
    """Looks at a passing stream. It ended well once ``message_stop`` or the provider's own ``error`` was there."""

    usage: Usage = attrs.field(factory=Usage, init=False)
    ended: bool = attrs.field(default=False, init=False)
    failed: bool = attrs.field(default=False, init=False)
    seals: list[chat.Seal] = attrs.field(factory=list, init=False, repr=False)

    @property
    def final(self) -> bool:
        """The same as ``ended``: what ends a message well is its last event."""
        return self.ended

    def feed(self, chunk: bytes) -> None:
        """Take whole events."""
        if not (_says_something(chunk) or _holds_seal(chunk)):
            return
        for name, data in sse_events(chunk):
            self._note(name)
            if _says_something(data):
                self._read(data)
            if _holds_seal(data):
                _add_seals(data, self.seals)

    def finish(self) -> None:
        """Do nothing: a stream says itself when it ends."""

    def _note(self, name: bytes) -> None:
        if name in {b"message_stop", b"error"}:
            self.ended = True
            self.failed = self.failed or name == b"error"

    def _read(self, data: bytes) -> None:
        try:
            event = _events.decode(data)
            if isinstance(event.type, str):
                self._note(event.type.encode())
            start = _starts.decode(data).message if event.type == "message_start" else None
        except (ValueError, RecursionError, TypeError):
            return  # it passes all the same: what to make of it is the client's affair
        for found in (start.usage if start else None, event.usage):
            self.usage = read_usage(found, self.usage)


def _described(model: Model) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": "model",
        "id": model.id,
        "display_name": model.name or model.id,
        "created_at": datetime.fromtimestamp(model.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lifecycle": "active",
    }
    if model.abilities is not None and model.abilities.window is not None:
        described["max_input_tokens"] = model.abilities.window
    if model.abilities is not None and model.abilities.output is not None:
        described["max_tokens"] = model.abilities.output
    return described


def _says_something(text: bytes) -> bool:
    """Whether *text* is worth a decode. Most events are not, and this is asked of each: one search costs 0.2 us."""
    return (
        b'"usage"' in text or b"message_stop" in text or b'"error"' in text or b"event: error" in text or b"event:error" in text
    )


def _holds_seal(text: bytes) -> bool:
    return b"signature" in text or b"redacted_thinking" in text


def _add_seals(text: bytes, seals: list[chat.Seal]) -> None:
    """Add the seals of *text*, an event or a whole message."""
    try:
        found = _sealed.decode(text)
    except (ValueError, RecursionError):
        return
    for each in (*(found.content or ()), found.block, found.delta):
        if each is not None:
            add_seal(seals, "anthropic", each.data if each.type == "redacted_thinking" else each.signature)


def _seals_of_document(body: bytes) -> Sequence[chat.Seal]:
    seals: list[chat.Seal] = []
    if _holds_seal(body):
        _add_seals(body, seals)
    return seals


def _usage_of_document(body: bytes) -> Usage:
    try:
        return read_usage(_events.decode(body).usage)
    except (ValueError, RecursionError):
        return Usage()
