"""OpenAI Responses, as clients speak it.

Facts: OpenAI's API reference and the type definitions of its Python SDK 3.57 (``openai/types/responses``,
``openai/_streaming.py``); what Codex reads of an error and of a list of models: ``codex-rs/codex-api/src/sse/responses.rs`` and
``codex-rs/protocol/src/openai_models.rs`` of openai/codex.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import attrs
import msgspec

from korproxy.api import (
    Abilities,
    AnswerKeeper,
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
    raw_text,
    read_top_level,
    replace_text,
    sse_events,
    texts_at,
)
from korproxy.builtin.dialects.responses_format.keeper import ResponsesKeeper
from korproxy.builtin.dialects.responses_format.translator import ResponsesTranslator
from korproxy.builtin.dialects.responses_format.usage import read_usage

if TYPE_CHECKING:
    from korproxy.api import chat

_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
}
# What clients of this format look for in ``code``, by the KP code; with the parameter that is wrong.
_OWN_WORDS = {"KP-PROV-118": ("previous_response_not_found", "previous_response_id")}
# Tools that come in an item of the input. Inside of a text the quotes would be escaped.
_ADDED_TOOLS = re.compile(rb'"type"\s*+:\s*+"additional_tools"')
_BEGUN = re.compile(rb'"response"\s*+:\s*+\{\s*+"id"\s*+:\s*+"([\w.:-]{1,200})"')
_CREATED = re.compile(rb'"created_at"\s*+:\s*+(\d{1,15})\b')
_MODEL = re.compile(rb'"model"\s*+:\s*+("(?:[^"\\]|\\.){1,300}")')
_NUMBER = re.compile(rb'"sequence_number"\s*+:\s*+(\d{1,15})')
_PICKED_LAST = 99  # Codex's own priority for models that its catalogue does not know
_CUT_AT = {"mode": "bytes", "limit": 10_000}  # what Codex itself does with the output of tools of such models


# Events that hold an item as it is; ``output_item.added`` may hold a part of it.
_WHOLE = (b"response.output_item.done", b"response.completed", b"response.incomplete")


class _Response(msgspec.Struct):
    """A whole answer, or what an event says of it: only this is read."""

    usage: Any = None


class _Event(msgspec.Struct):
    type: Any = None
    response: _Response | None = None
    error: Any = None


_responses = msgspec.json.Decoder(_Response)
_events = msgspec.json.Decoder(_Event)


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``/v1/responses``."""
    del settings
    yield OpenAIResponses()


@attrs.frozen
class OpenAIResponses:
    """The format of ``POST /v1/responses``."""

    name: str = "openai-responses"
    paths: Sequence[str] = ("/v1/responses",)
    kind: Kind = "chat"
    listed: frozenset[Kind] = frozenset({"chat"})
    translator: Translator | None = attrs.field(factory=ResponsesTranslator)
    keeper: AnswerKeeper = attrs.field(factory=ResponsesKeeper)

    def peek(self, path: str, body: bytes) -> Peek:
        """Read model and stream, what it goes on from, whether to keep the answer (unless ``store`` is false), and about tools.

        These may come in an item of the input, too (``additional_tools``).
        """
        del path
        top = read_top_level(body)
        peek = top.peek()
        added = not peek.tools and b"additional_tools" in body and _ADDED_TOOLS.search(body) is not None
        previous = top.text("previous_response_id") or ""
        return attrs.evolve(peek, tools=peek.tools or added, previous=previous, keeps=not top.is_false("store"))

    def wants_array(self, query: bytes) -> bool:
        """Answer no: streams are events."""
        del query
        return False

    def set_model(self, body: bytes, span: Span, model: str) -> bytes:
        """Return *body* with *model* at *span*."""
        return replace_text(body, span, model)

    def reader(self, *, stream: bool) -> AnswerReader:
        """Return a reader for one answer."""
        return ResponseStream() if stream else PlainAnswer(_usage_of_document, _seals_of_document)

    def error(self, fault: Fault) -> bytes:
        """Return the body the SDK makes its status errors from; ``code`` is the KP code."""
        return json_bytes({"error": _error_object(fault)})

    def late_error(self, fault: Fault, behind: bytes = b"") -> bytes:
        """Return the two events with which OpenAI itself breaks off: ``error`` and ``response.failed``.

        The SDK raises APIError on the first one, where its ``error`` is an object; the second one, with ``error`` inside of the
        response, is the only one that Codex reads. Other programs look for the members of the first one at its top.
        """
        error = _error_object(fault)
        code = fault.code or "server_error"
        said = {"code": code, "message": error["message"], "param": None, "error": error}
        response: dict[str, Any] = {
            "id": begun[1].decode() if (begun := _BEGUN.search(behind)) else "",
            "object": "response",
            "created_at": int(made[1]) if (made := _CREATED.search(behind)) else 0,
            "status": "failed",
            "error": {"code": code, "message": error["message"]},
            "incomplete_details": None,
            "model": raw_text(made_by[1]) if (made_by := _MODEL.search(behind)) else "",
            "output": [],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": None,
        }
        number = _next_number(behind)
        return _event("error", number, said) + _event("response.failed", number + 1, {"response": response})

    def lists_models(self, path: str, query: bytes, headers: Headers) -> bool:
        """Whether it is Codex that asks: it says its ``client_version``. Other clients of the format read the list of Chat."""
        del headers
        if path != "/v1/models":
            return False
        return any(key == "client_version" for key, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))

    def model_list(self, models: Sequence[Model]) -> bytes:
        """Return the answer of ``GET /v1/models`` for Codex."""
        return json_bytes({"models": [_described(each, place) for place, each in enumerate(models)]})

    def model_entry(self, model: Model) -> bytes:
        """Return the answer of ``GET /v1/models/ID``: what the list says of it."""
        return json_bytes(_described(model, 0))


@attrs.define
class ResponseStream:
    """Looks at a passing stream.

    It ended well once the response was completed, incomplete or failed, or the provider's ``error`` was there: on that one the
    SDK hangs up, although OpenAI sends ``response.failed`` right behind it.
    """

    usage: Usage = attrs.field(factory=Usage, init=False)
    ended: bool = attrs.field(default=False, init=False)
    failed: bool = attrs.field(default=False, init=False)
    seals: list[chat.Seal] = attrs.field(factory=list, init=False, repr=False)

    @property
    def final(self) -> bool:
        """The same as ``ended``: what ends a response is its last event, but for the one that says an error once more."""
        return self.ended

    def feed(self, chunk: bytes) -> None:
        """Take whole events."""
        if b"encrypted_content" in chunk:
            for _, data in sse_events(chunk):
                if any(each in data for each in _WHOLE):
                    _add_seals(data, self.seals)
        if not _says_something(chunk):
            return
        for name, data in sse_events(chunk):
            self._note(name)
            if _says_something(data):
                self._read(data)

    def finish(self) -> None:
        """Do nothing: a stream says itself when it ends."""

    def _note(self, name: bytes) -> None:
        self.failed = self.failed or name in {b"error", b"response.failed"}
        self.ended = self.ended or self.failed or name in {b"response.completed", b"response.incomplete"}

    def _read(self, data: bytes) -> None:
        try:
            event = _events.decode(data)
        except (ValueError, RecursionError):
            return  # it passes all the same: what to make of it is the client's affair
        if isinstance(event.type, str):
            self._note(event.type.encode("utf-8", "replace"))
        elif event.error:
            self._note(b"error")  # a server that has only Chat's error
        if event.response is not None:
            self.usage = read_usage(event.response.usage) or self.usage


def _says_something(text: bytes) -> bool:
    """Whether *text* is worth a decode. Most events are not, and this is asked of each: one search costs 0.2 us."""
    return (
        b"response.completed" in text
        or b"response.incomplete" in text
        or b"response.failed" in text
        or b'"error"' in text
        or b"event: error" in text
        or b"event:error" in text
    )


def _add_seals(text: bytes, seals: list[chat.Seal]) -> None:
    for each in texts_at(text, "encrypted_content"):
        add_seal(seals, "openai", each)


def _seals_of_document(body: bytes) -> Sequence[chat.Seal]:
    seals: list[chat.Seal] = []
    _add_seals(body, seals)
    return seals


def _usage_of_document(body: bytes) -> Usage:
    try:
        return read_usage(_responses.decode(body).usage) or Usage()
    except (ValueError, RecursionError):
        return Usage()


def _error_object(fault: Fault) -> dict[str, Any]:
    kind = _TYPES.get(fault.status) or ("server_error" if fault.status >= 500 else "invalid_request_error")
    code, param = _OWN_WORDS.get(fault.cause, (fault.code or None, None))
    return {"message": full_message(fault), "type": kind, "param": param, "code": code}


def _next_number(behind: bytes) -> int:
    """Return the ``sequence_number`` of what comes behind these events: nobody has counted, but the last one says its own."""
    numbers = _NUMBER.findall(behind)
    return int(numbers[-1]) + 1 if numbers else 0


def _event(kind: str, number: int, fields: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json_bytes({"type": kind, "sequence_number": number, **fields}))


def _described(model: Model, place: int) -> dict[str, Any]:
    """Return what Codex is told of *model*, the one at *place* of its list.

    Only what is known: a window that nobody knows is left out, and so are instructions, for which Codex has better words.
    """
    abilities = model.abilities or Abilities()
    window = {} if abilities.window is None else {"context_window": abilities.window, "max_context_window": abilities.window}
    level = {"default_reasoning_level": "medium"} if "medium" in abilities.efforts else {}
    return {
        "slug": model.id,
        "display_name": model.name or model.id,
        "description": None,
        **window,
        **level,
        "supported_reasoning_levels": [{"effort": each, "description": each} for each in abilities.efforts],
        "shell_type": "shell_command",
        "visibility": "list",
        "supported_in_api": True,
        "priority": _PICKED_LAST + place,
        "supports_reasoning_summaries": abilities.reasoning != "none",
        "support_verbosity": False,
        "supports_parallel_tool_calls": abilities.tools,
        "truncation_policy": _CUT_AT,
        "experimental_supported_tools": [],
        "input_modalities": ["text", "image"] if abilities.images else ["text"],
    }
