"""OpenAI Chat Completions, as clients speak it.

Facts: OpenAI's API reference and the type definitions of its Python SDK 3.54 (``openai/types/chat``, ``openai/_streaming.py``);
what other servers do differently is said where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
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
    texts_at,
)
from korproxy.builtin.dialects.chat_format.translator import ChatTranslator
from korproxy.builtin.dialects.chat_format.usage import read_usage, usual_usage

if TYPE_CHECKING:
    from korproxy.api import chat

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
_BORDER = b"\n\n"
_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")


class _Choice(msgspec.Struct):
    index: Any = None
    finish_reason: Any = None
    usage: Any = None


class _Answer(msgspec.Struct):
    """A chunk of a stream, or a whole answer: of both only this is read."""

    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


class _Detail(msgspec.Struct):
    """One of ``reasoning_details``: whose it is, and what seals it."""

    format: Any = None
    signature: Any = None
    data: Any = None


class _Said(msgspec.Struct):
    reasoning_details: list[_Detail] | None = None


class _SealedChoice(msgspec.Struct):
    delta: _Said | None = None
    message: _Said | None = None


class _Sealed(msgspec.Struct):
    """A chunk or an answer with ``reasoning_details``."""

    choices: list[_SealedChoice] | None = None


_sealed = msgspec.json.Decoder(_Sealed)
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
        return ChatStream() if stream else PlainAnswer(_usage_of_document, _seals_of_document)

    def error(self, fault: Fault) -> bytes:
        """Return the body the SDK makes its status errors from; ``code`` is the KP code."""
        kind = _TYPES.get(fault.status) or ("server_error" if fault.status >= 500 else "invalid_request_error")
        error = {"message": full_message(fault), "type": kind, "param": None, "code": fault.code or None}
        return json_bytes({"error": error})

    def late_error(self, fault: Fault, behind: bytes = b"") -> bytes:
        """Return an event with a top-level ``error``: the SDK raises APIError on it. No ``[DONE]``: this was not the end."""
        del behind
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
    seals: list[chat.Seal] = attrs.field(factory=list, init=False, repr=False)
    _begun: set[object] = attrs.field(factory=set, init=False, repr=False)
    _finished: set[object] = attrs.field(factory=set, init=False, repr=False)

    @property
    def ended(self) -> bool:
        """Whether the end of the stream, or of every choice that has begun, was seen."""
        return self.final or (bool(self._finished) and self._begun <= self._finished)

    def feed(self, chunk: bytes) -> None:
        """Take whole events. Of most nothing is to be learnt, so those that say something are looked for all at once."""
        at = 0
        while not self._begun and at < len(chunk):  # of a choice with index 0 only its first event tells that it is there
            at = self._take(chunk, at, _end_of_event(chunk, at))
        if _says_something(chunk, at):
            if chunk.find(b"\r", at) < 0:
                for begin, end in _events_that_say_something(chunk, at):
                    self._take(chunk, begin, end)
            else:  # other ends of lines than nearly everybody's
                self._take(chunk, at, len(chunk))
        if _holds_seal(chunk):
            for _, data in sse_events(chunk):
                _add_seals(data, self.seals)

    def finish(self) -> None:
        """Do nothing: a stream says itself when it ends."""

    def _take(self, chunk: bytes, begin: int, end: int) -> int:
        for _, data in sse_events(chunk[begin:end]):
            self._read(data)
        return end

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


def _says_something(text: bytes, at: int) -> bool:
    """Whether anything of *text* behind *at* is worth a decode. Of most events nothing is, and each is asked about."""
    if text.find(b"[DONE]", at) >= 0 or text.find(b'"error"', at) >= 0:
        return True
    return (_FINISH.search(text, at) or _USAGE.search(text, at) or _INDEX.search(text, at)) is not None


def _events_that_say_something(events: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield where those stand of *events* behind *at* that are worth a decode; lines end in LF.

    Each clue is looked for on its own, and on from where it was found last: the work is the same however many there are.
    """
    found = [clue(events, at) for clue in _CLUES]
    while (first := min(found)) < len(events):
        border = events.rfind(_BORDER, at, first)
        begin, at = (at if border < 0 else border + len(_BORDER)), _end_of_event(events, first)
        yield begin, at
        found = [where if where >= at else clue(events, at) for where, clue in zip(found, _CLUES, strict=True)]


def _end_of_event(events: bytes, at: int) -> int:
    """Return where the event ends that *at* stands in, its blank line included."""
    border = _BLANK_LINE.search(events, at)
    return len(events) if border is None else border.end()


def _text(wanted: bytes) -> Callable[[bytes, int], int]:
    """Return what finds *wanted* behind a place, and returns the length of the text where it is not there."""

    def find(text: bytes, at: int) -> int:
        where = text.find(wanted, at)
        return len(text) if where < 0 else where

    return find


def _pattern(wanted: re.Pattern[bytes]) -> Callable[[bytes, int], int]:
    def find(text: bytes, at: int) -> int:
        where = wanted.search(text, at)
        return len(text) if where is None else where.start()

    return find


_CLUES = (_text(b"[DONE]"), _text(b'"error"'), _pattern(_USAGE), _pattern(_FINISH), _pattern(_INDEX))


def _holds_seal(text: bytes) -> bool:
    if text.find(b"thought_signature") >= 0:  # ``in`` costs more: see ``chat_format.foreign_reasoning``
        return True
    return text.find(b"reasoning_details") >= 0 and (b'"signature"' in text or b'"data"' in text)


def _add_seals(text: bytes, seals: list[chat.Seal]) -> None:
    """Add the seals of *text*, a chunk or a whole answer."""
    if not _holds_seal(text):
        return
    for mark in texts_at(text, "thought_signature"):
        add_seal(seals, "google", mark)
    try:
        choices = _sealed.decode(text).choices or ()
    except (ValueError, RecursionError):
        return
    for said in (each.delta or each.message for each in choices):
        for detail in (said and said.reasoning_details) or ():
            add_seal(seals, str(detail.format or "").split("-")[0], detail.data or detail.signature)


def _seals_of_document(body: bytes) -> Sequence[chat.Seal]:
    if not _holds_seal(body):
        return ()
    seals: list[chat.Seal] = []
    _add_seals(body, seals)
    return seals


def _usage_of_document(body: bytes) -> Usage:
    usual = usual_usage(body)
    if usual is not None:
        return usual
    try:
        return _usage(_answers.decode(body)) or Usage()
    except (ValueError, RecursionError):
        return Usage()


def _usage(answer: _Answer) -> Usage | None:
    """Return the tokens, None where the answer does not say.

    Several servers send usage with every chunk, counted up, and Moonshot inside the choice; so the last one is right, and they
    are never added up.
    """
    usage = read_usage(answer.usage)
    if usage is None and answer.choices:
        inside = (read_usage(each.usage) for each in answer.choices if each.usage is not None)
        usage = next((each for each in inside if each is not None), None)
    return usage
