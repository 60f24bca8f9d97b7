"""A streamed answer, written for a client.

Facts: Anthropic's description of its events; its SDKs pass over events without a name, demand ``message_start`` in front of all
but ``ping``, and blocks one after the other, numbered without gaps.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs

from korproxy.api import Usage, chat, json_bytes
from korproxy.builtin.dialects.messages_format.answer_writer import CallIds, opening, picture
from korproxy.builtin.dialects.messages_format.endings import write_ending
from korproxy.builtin.dialects.messages_format.errors import write_error
from korproxy.builtin.dialects.messages_format.seals import signature_of
from korproxy.builtin.dialects.messages_format.usage import newer_usage, write_known_usage, write_usage

_PING = b'event: ping\ndata: {"type":"ping"}\n\n'
_THINKING = {"type": "thinking", "thinking": "", "signature": ""}
_HALF = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
# Escapes: a whole pair; at the very end, what may yet become one (``later``); a half (``half``); any other.
_ESCAPES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<later>\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?|[89abAB](?:[0-9a-fA-F](?:[0-9a-fA-F]"
    r"(?:\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?)?)?)?)?)?)?)?\Z)"
    r"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_Kind: TypeAlias = Literal["text", "refusal", "thinking", "call"]
_DELTAS: Mapping[_Kind, tuple[bytes, bytes]] = {
    "text": (b"text_delta", b"text"),
    "refusal": (b"text_delta", b"text"),
    "thinking": (b"thinking_delta", b"thinking"),
    "call": (b"input_json_delta", b"partial_json"),
}
# What stands in front of each piece of a block, by what that is made of.
_BEFORE: Mapping[_Kind, bytes] = {
    kind: b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%%d,"delta":{"type":"%b","%b":' % words
    for kind, words in _DELTAS.items()
}


@attrs.define
class _Waiting:
    """A call that has to wait for its block, and what is known of it so far."""

    start: chat.CallStarted
    pieces: list[str] = attrs.field(factory=list, repr=False)
    ended: bool = False


@attrs.define
class MessagesStreamWriter:
    """Writes one stream.

    Only one block is open at a time. While a call is open, whatever is not about it waits: other calls, and text behind them.
    The beginning waits for the next event, because it says the tokens of the input where they are known by then.
    """

    asked: chat.Asked
    _started: chat.Started | None = attrs.field(default=None, init=False)
    _begun: bool = attrs.field(default=False, init=False)
    _usage: Usage = attrs.field(factory=Usage, init=False)
    _index: int = attrs.field(default=0, init=False)
    _open: _Kind | None = attrs.field(default=None, init=False)
    _before: bytes = attrs.field(default=b"", init=False, repr=False)  # of each piece of the open block
    _call: _Waiting | None = attrs.field(default=None, init=False)  # the one whose block is open
    _queue: deque[_Waiting | chat.Event] = attrs.field(factory=deque, init=False, repr=False)
    _ids: CallIds = attrs.field(factory=CallIds, init=False, repr=False)
    _waiting: dict[int, _Waiting] = attrs.field(factory=dict, init=False, repr=False)

    def write(self, event: chat.Event) -> bytes:
        """Return the bytes for *event*; empty where it has to wait."""
        if self._call is None and isinstance(event, (chat.TextDelta, chat.ReasoningDelta)):  # as nearly all are
            return self._begin() + self._grow("text" if isinstance(event, chat.TextDelta) else "thinking", event.text)
        said = b""
        match event:
            case chat.Started():
                self._started = event
            case chat.UsageSeen(usage=usage):
                self._usage = newer_usage(self._usage, usage)
            case chat.Failed(error=error):
                said = b"event: error\ndata: " + write_error(error)[1] + b"\n\n"
            case chat.Ended(ending=ending):
                said = self._end(ending)
            case chat.CallDelta() | chat.CallEnded():
                said = self._more(event)
            case _ if self._call is not None:
                self._wait(event)
            case _:
                said = self._begin() + self._tell(event)
        return said

    def keep_alive(self) -> bytes:
        """Return a ``ping``. It may stand in front of everything: SDKs pass over it, and Claude Code's watchdog hears it."""
        return _PING

    def _begin(self) -> bytes:
        """Return the first event, once. Tokens that nobody knows yet are 0; the end of the stream says them again."""
        if self._begun:
            return b""
        self._begun = True
        message = opening(self._started.id if self._started else "", self.asked.model)
        return _event("message_start", message={**message, "usage": write_usage(self._usage)})

    def _tell(self, event: chat.Event) -> bytes:
        """Write an event while no call is open."""
        said = b""
        match event:
            case chat.TextDelta(text=text):  # that has waited, as the one of thinking has
                said = self._grow("text", text)
            case chat.RefusalDelta(text=text):
                said = self._grow("refusal", text)
            case chat.ReasoningDelta(text=text):
                said = self._grow("thinking", text)
            case chat.TextEnded():
                said = self._close() if self._open == "text" else b""
            case chat.ReasoningEnded(seal=seal, redacted=redacted):
                said = self._seal(seal, redacted=redacted)
            case chat.PartAdded(part=part):
                said = self._close() + self._grow("text", picture(part)) + self._close()
            case chat.CallStarted():
                said = self._close() + self._start_call(_Waiting(event))
        return said

    def _grow(self, kind: Literal["text", "refusal", "thinking"], text: str) -> bytes:
        if not text:
            return b""
        if self._open == kind:
            return self._piece(text)
        said = self._close() + self._start(kind, {**_THINKING} if kind == "thinking" else {"type": "text", "text": ""})
        return said + self._piece(text)

    def _seal(self, seal: chat.Seal | None, *, redacted: bool) -> bytes:
        """Close the thinking that is open, or tell thinking whose text is hidden."""
        if redacted:
            block = {"type": "redacted_thinking", "data": signature_of(seal)}
            return b"" if seal is None else self._close() + self._start("text", block) + self._close()
        if self._open == "thinking":
            return self._close(seal)
        if seal is None:
            return b""
        return (
            self._close() + self._start("thinking", {"type": "thinking", "thinking": "", "signature": ""}) + self._close(seal)
        )

    def _start(self, kind: _Kind, block: dict[str, Any]) -> bytes:
        self._open = kind
        self._before = _BEFORE[kind] % self._index
        return _event("content_block_start", index=self._index, content_block=block)

    def _piece(self, text: str) -> bytes:
        """Return a delta that holds more of what the open block is made of: all of it is the same each time but *text*."""
        return self._before + json_bytes(text) + b"}}\n\n"

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", index=self._index, delta=delta)

    def _close(self, seal: chat.Seal | None = None) -> bytes:
        """Close the block that is open. Thinking gets its signature before, empty if need be: SDKs count on one."""
        if self._open is None:
            return b""
        said = self._delta({"type": "signature_delta", "signature": signature_of(seal)}) if self._open == "thinking" else b""
        said += _event("content_block_stop", index=self._index)
        self._open = None
        self._index += 1
        return said

    def _start_call(self, call: _Waiting) -> bytes:
        """Open the block of *call* with what is known of it; a freeform text is an object only when it is complete."""
        self._call = call
        start = {"type": "tool_use", "id": self._ids.fitted(call.start.id), "name": call.start.name, "input": {}}
        return self._start("call", start) + self._arguments(call)

    def _arguments(self, call: _Waiting) -> bytes:
        """Write the pieces of *call* that are there, all but an escape at their end: the next piece tells what it is."""
        if call.start.freeform and not call.ended:
            return b""
        text = "".join(call.pieces)
        call.pieces.clear()
        if call.start.freeform:
            text = bytes(chat.as_object(text, freeform=True)).decode()
        elif "\\" in text:
            text, later = _mended(text, whole=call.ended)
            call.pieces += [later] if later else []
        return self._piece(text) if text else b""

    def _more(self, event: chat.CallDelta | chat.CallEnded) -> bytes:
        """Take more of a call: at once if its block is open, else it waits with the others."""
        call = self._call if self._call is not None and self._call.start.key == event.key else self._waiting.get(event.key)
        if call is None:
            return b""
        if isinstance(event, chat.CallDelta):
            if call is self._call and not call.pieces and not call.start.freeform and "\\" not in event.json:
                return self._piece(event.json) if event.json else b""
            call.pieces.append(event.json)
            return self._arguments(call) if call is self._call else b""
        call.ended = True
        if call is not self._call:
            return b""
        return self._arguments(call) + self._end_call()

    def _wait(self, event: chat.Event) -> None:
        if isinstance(event, chat.CallStarted):
            self._waiting[event.key] = _Waiting(event)
            self._queue.append(self._waiting[event.key])
        else:
            self._queue.append(event)

    def _end_call(self) -> bytes:
        """Close the block of a call, then write what has waited, up to the first call that goes on."""
        said = [self._close()]
        self._call = None
        while self._queue:
            waited = self._queue.popleft()
            if not isinstance(waited, _Waiting):
                said.append(self._tell(waited))
                continue
            del self._waiting[waited.start.key]
            said += [self._close(), self._start_call(waited)]
            if not waited.ended:
                break
            said.append(self._close())
            self._call = None
        return b"".join(said)

    def _end(self, ending: chat.Ending) -> bytes:
        said = [self._begin()]
        while self._call is not None:  # only where the answer broke off inside a call
            said.append(self._end_call())
        said.append(self._close())
        said.append(_event("message_delta", delta=write_ending(ending), usage=write_known_usage(self._usage)))
        said.append(_event("message_stop"))
        return b"".join(said)


def _mended(text: str, *, whole: bool) -> tuple[str, str]:
    """Return *text* with U+FFFD for escaped halves of characters, and its last escape if more of it may follow.

    Anthropic's SDK for Python reads the arguments anew with each piece, and raises ValueError at a half.
    """
    later = ""

    def one(found: re.Match[str]) -> str:
        nonlocal later
        if found["later"] and not whole:
            later = found[0]
            return ""
        return _HALF.sub(r"\\ufffd", found[0]) if found["later"] or found["half"] else found[0]

    return _ESCAPES.sub(one, text), later


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json_bytes({"type": kind, **fields}))
