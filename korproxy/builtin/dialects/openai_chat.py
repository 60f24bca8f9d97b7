"""OpenAI Chat Completions, as clients speak it.

Facts: OpenAI's API reference and the type definitions of its Python SDK 3.54 (``openai/types/chat``, ``openai/_streaming.py``);
what other servers do differently is said where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

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
    full_message,
    hookimpl,
    json_bytes,
    peek_model,
    replace_text,
    sse_events,
)
from korproxy.builtin.dialects.chat_format.translator import ChatTranslator
from korproxy.builtin.dialects.chat_format.usage import read_usage

_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
}

# Most events hold ``"usage":null``, ``"finish_reason":null`` and no index but 0; only others are worth a decode.
_USAGE = re.compile(rb'"usage"\s*+(?!:\s*+null)')
_FINISH = re.compile(rb'"finish_reason"\s*+(?!:\s*+null)')
_INDEX = re.compile(rb'"index"\s*+(?!:\s*+0)')


class _Choice(msgspec.Struct):
    index: Any = None
    finish_reason: Any = None
    usage: Any = None


class _Answer(msgspec.Struct):
    """A chunk of a stream, or a whole answer: of both only this is read."""

    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


_answers = msgspec.json.Decoder(_Answer)


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``/v1/chat/completions``."""
    del settings
    yield OpenAIChat()


@attrs.frozen
class OpenAIChat:
    """The format of ``POST /v1/chat/completions``."""

    name: str = "openai-chat"
    paths: Sequence[str] = ("/v1/chat/completions",)
    kind: Kind = "chat"
    listed: frozenset[Kind] = frozenset({"chat", "embedding"})
    translator: Translator | None = attrs.field(factory=ChatTranslator)

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
        return ChatStream() if stream else PlainAnswer(_usage_of_document)

    def error(self, fault: Fault) -> bytes:
        """Return the body the SDK makes its status errors from; ``code`` is the KP code."""
        kind = _TYPES.get(fault.status) or ("server_error" if fault.status >= 500 else "invalid_request_error")
        error = {"message": full_message(fault), "type": kind, "param": None, "code": fault.code or None}
        return json_bytes({"error": error})

    def late_error(self, fault: Fault) -> bytes:
        """Return an event with a top-level ``error``: the SDK raises APIError on it. No ``[DONE]``: this was not the end."""
        return b"data: " + self.error(fault) + b"\n\n"

    def lists_models(self, path: str, query: bytes, headers: Headers) -> bool:
        """Whether it may be one of its clients: whoever is of no other format gets this one."""
        del query, headers
        return path == "/v1/models"

    def model_list(self, models: Sequence[Model]) -> bytes:
        """Return the answer of ``GET /v1/models``."""
        return json_bytes({"object": "list", "data": [_described(each) for each in models]})

    def model_entry(self, model: Model) -> bytes:
        """Return the answer of ``GET /v1/models/ID``."""
        return json_bytes(_described(model))


def _described(model: Model) -> dict[str, Any]:
    return {"id": model.id, "object": "model", "created": model.created, "owned_by": model.owner}


@attrs.define
class ChatStream:
    """Looks at a passing stream.

    It ended well once ``[DONE]``, the provider's own error or the finish reason of every choice was there. Many servers leave
    ``[DONE]`` out; the SDK hangs up on it and on an error, so nobody reads what may follow these two.
    """

    usage: Usage = attrs.field(factory=Usage, init=False)
    final: bool = attrs.field(default=False, init=False)
    failed: bool = attrs.field(default=False, init=False)
    _begun: set[object] = attrs.field(factory=set, init=False, repr=False)
    _finished: set[object] = attrs.field(factory=set, init=False, repr=False)

    @property
    def ended(self) -> bool:
        """Whether the end of the stream, or of every choice that has begun, was seen."""
        return self.final or (bool(self._finished) and self._begun <= self._finished)

    def feed(self, chunk: bytes) -> None:
        """Take whole events."""
        if self._is_news(chunk):
            for _, data in sse_events(chunk):
                if self._is_news(data):
                    self._read(data)

    def finish(self) -> None:
        """Do nothing: a stream says itself when it ends."""

    def _is_news(self, text: bytes) -> bool:
        """Whether *text* is worth a decode; of a choice with index 0 only its first event tells that it is there."""
        return not self._begun or _says_something(text)

    def _read(self, data: bytes) -> None:
        if data.startswith(b"[DONE]"):
            self.final = True
            return
        try:
            answer = _answers.decode(data)
        except (ValueError, RecursionError):
            return  # it passes all the same: what to make of it is the client's affair
        self.usage = _usage(answer) or self.usage
        if answer.error:
            self.final = self.failed = True
        for choice in answer.choices or ():
            index = choice.index if isinstance(choice.index, int) else 0
            self._begun.add(index)
            if choice.finish_reason:
                self._finished.add(index)


def _says_something(text: bytes) -> bool:
    """Whether *text* is worth a decode. Most events are not, and this is asked of each: one search costs 0.2 us."""
    if b"[DONE]" in text or b'"error"' in text:
        return True
    return _USAGE.search(text) is not None or _FINISH.search(text) is not None or _INDEX.search(text) is not None


def _usage_of_document(body: bytes) -> Usage:
    try:
        return _usage(_answers.decode(body)) or Usage()
    except (ValueError, RecursionError):
        return Usage()


def _usage(answer: _Answer) -> Usage | None:
    """Return the tokens, None where the answer does not say.

    Several servers send usage with every chunk, counted up, and Moonshot inside the choice; so the last one is right, and they
    are never added up.
    """
    found = (answer.usage, *(each.usage for each in answer.choices or ()))
    return next((usage for said in found if (usage := read_usage(said)) is not None), None)
