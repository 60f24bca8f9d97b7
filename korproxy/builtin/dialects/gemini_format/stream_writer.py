"""A streamed answer, written for a client: each event a ``GenerateContentResponse`` with more parts, and no ``[DONE]``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from korproxy.api import Usage, chat, json_bytes
from korproxy.builtin.dialects.gemini_format.answer_writer import about, call_part, is_torn, media_part, response, seal_part
from korproxy.builtin.dialects.gemini_format.errors import write_error
from korproxy.builtin.dialects.gemini_format.grounding import StreamGrounding

# Google's SDKs know no comments: google-genai takes one for JSON, the one for Go for an unknown field. All of them pass over an
# event that is empty.
_NOTHING = b"\r\n\r\n"
# google-genai before 3.4 ends a line here, too (``str.splitlines``). In JSON they can only stand inside a text.
_ESCAPED = {"\u0085".encode(): b"\\u0085", "\u2028".encode(): b"\\u2028", "\u2029".encode(): b"\\u2029"}

# What stands around a text in an event, and around a thought: nothing else differs from one to the next.
_BEFORE = b'data: {"candidates":[{"content":{"parts":[{"text":'
_AFTER_TEXT = b'}],"role":"model"},"index":0}]'
_AFTER_THOUGHT = b',"thought":true' + _AFTER_TEXT

# In the last event, as Google sends it: programs print each event's text, and without a part that is None.
_NO_TEXT = {"text": ""}


@attrs.define
class _Call:
    start: chat.CallStarted
    pieces: list[str] = attrs.field(factory=list, repr=False)
    ended: bool = False


@attrs.define
class GeminiStreamWriter:
    """Writes one stream. Calls go out whole, because the format knows no pieces of them, and in the order they began in."""

    asked: chat.Asked
    _id: str = attrs.field(default="", init=False)
    _about: bytes = attrs.field(init=False, repr=False)  # the end of each event
    _grounding: StreamGrounding = attrs.field(factory=StreamGrounding, init=False, repr=False)
    _usage: Usage = attrs.field(factory=Usage, init=False)
    _calls: dict[int, _Call] = attrs.field(factory=dict, init=False, repr=False)  # that have not gone out

    def __attrs_post_init__(self) -> None:
        self._about = _about(self._id, self.asked.model)

    def write(self, event: chat.Event) -> bytes:
        """Return the bytes for *event*; empty where it has to wait for another one."""
        self._grounding.see(event)
        if isinstance(event, (chat.TextDelta, chat.ReasoningDelta)):
            after = _AFTER_TEXT if isinstance(event, chat.TextDelta) else _AFTER_THOUGHT
            return _BEFORE + _safe(json_bytes(event.text)) + after + self._about
        match event:
            case chat.Started(id=id):
                self._id, self._about = id, _about(id, self.asked.model)
            case chat.UsageSeen(usage=usage):
                self._usage = usage
            case chat.CallStarted(key=key):
                self._calls[key] = _Call(event)
            case chat.CallDelta(key=key, json=json):
                self._calls[key].pieces.append(json)
            case chat.CallEnded(key=key):
                self._calls[key].ended = True
                return b"".join(_event(response(self._id, self.asked.model, [part])) for part in self._whole_calls())
            case chat.Ended(ending=ending):
                more = self._grounding.grounding.members()
                return _event(response(self._id, self.asked.model, [_NO_TEXT], ending, self._usage, more=more))
            case chat.Failed(error=error):
                return b"data: " + write_error(error)[1] + b"\r\n\r\n"
            case _:
                return self._part(event)
        return b""

    def keep_alive(self) -> bytes:
        """Return an empty event, which clients pass over."""
        return _NOTHING

    def _whole_calls(self) -> Iterator[dict[str, Any]]:
        """Yield the calls that have ended, up to the first that has not."""
        while self._calls:
            key, call = next(iter(self._calls.items()))
            if not call.ended:
                return
            del self._calls[key]
            arguments = "".join(call.pieces)
            if not is_torn(arguments, freeform=call.start.freeform):
                yield call_part(call.start, arguments)

    def _part(self, event: chat.Event) -> bytes:
        part: dict[str, Any] | None = None
        match event:
            case chat.RefusalDelta(text=text):
                part = {"text": text}
            case chat.ReasoningEnded(seal=chat.Seal() as seal, redacted=redacted):
                part = seal_part(seal, redacted=redacted)
            case chat.PartAdded(part=picture):
                part = media_part(picture)
            case _:  # nothing to say in this format
                pass
        return b"" if part is None else _event(response(self._id, self.asked.model, [part]))


def _event(said: object) -> bytes:
    return b"data: " + _safe(json_bytes(said)) + b"\r\n\r\n"


def _about(id: str, model: str) -> bytes:  # noqa: A002
    return b"," + _safe(json_bytes(about(id, model))[1:]) + b"\r\n\r\n"


def _safe(text: bytes) -> bytes:
    """Return *text*, JSON, without characters that end a line somewhere."""
    if text.isascii():
        return text
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text
