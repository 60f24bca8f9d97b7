"""A streamed answer, written for a client.

Facts: ``ResponseStreamEvent`` of OpenAI's Python SDK 3.57 and how its ``ResponseStreamState`` puts a response together. Codex
keeps only items that are done.
"""

from __future__ import annotations

from collections import deque

import attrs

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.responses_format.endings import incomplete_reason, unsaid
from korproxy.builtin.dialects.responses_format.errors import error_object, failure
from korproxy.builtin.dialects.responses_format.ids import Ids
from korproxy.builtin.dialects.responses_format.open_items import Output
from korproxy.builtin.dialects.responses_format.response_object import ResponseObject
from korproxy.builtin.dialects.responses_format.written_items import Items, picture


@attrs.define
class _Waiting:
    """A call that has to wait for its item, and what is known of it so far."""

    start: chat.CallStarted
    pieces: list[str] = attrs.field(factory=list, repr=False)
    ended: bool = False


@attrs.define
class ResponsesStreamWriter:
    """Writes one stream.

    Only one item is open at a time. While a call is open, whatever is not about it waits: other calls, and text behind them.
    """

    asked: chat.Asked
    _written: _Written | None = attrs.field(default=None, init=False, repr=False)
    _usage: Usage = attrs.field(factory=Usage, init=False)
    _refused: bool = attrs.field(default=False, init=False)
    _call: int | None = attrs.field(default=None, init=False)  # the key of the call whose item is open
    _queue: deque[_Waiting | chat.Event] = attrs.field(factory=deque, init=False, repr=False)
    _waiting: dict[int, _Waiting] = attrs.field(factory=dict, init=False, repr=False)

    def write(self, event: chat.Event) -> bytes:
        """Return the bytes for *event*; empty where it has to wait."""
        said = b""
        if self._written is None:
            self._written = _Written.of(self.asked, event.id if isinstance(event, chat.Started) else "")
            said = self._written.beginning()
        elif self._call is None and isinstance(event, chat.TextDelta):
            return self._written.output.say("output_text", event.text)
        match event:
            case chat.UsageSeen(usage=usage):
                self._usage = usage
            case chat.Failed(error=error):
                said += self._written.failed(error, self._usage)
            case chat.Ended(ending=ending):
                said += self._end(self._written, ending)
            case chat.CallDelta() | chat.CallEnded():
                said += self._more(self._written.output, event)
            case _ if self._call is not None:
                self._wait(event)
            case _:
                said += self._tell(self._written.output, event)
        return said

    def keep_alive(self) -> bytes:
        """Return a comment."""
        return b": keep-alive\n\n"

    def _tell(self, output: Output, event: chat.Event) -> bytes:
        """Write an event while no call is open."""
        said = b""
        match event:
            case chat.TextDelta(text=text):
                said = output.say("output_text", text)
            case chat.RefusalDelta(text=text):
                self._refused = True
                said = output.say("refusal", text)
            case chat.ReasoningDelta(text=text):
                said = output.think(text)
            case chat.TextEnded():
                output.part()
            case chat.Cited(citation=citation):
                said = output.cite(citation)
            case chat.ReasoningEnded(seal=seal, redacted=redacted):
                said = output.seal(seal, redacted=redacted)
            case chat.PartAdded(part=part):
                if text := picture(part):
                    output.part()
                    said = output.say("output_text", text)
                    output.part()
            case chat.CallStarted(key=key):
                self._call = key
                said = output.call(event)
        return said

    def _wait(self, event: chat.Event) -> None:
        if isinstance(event, chat.CallStarted):
            self._waiting[event.key] = _Waiting(event)
            self._queue.append(self._waiting[event.key])
        else:
            self._queue.append(event)

    def _more(self, output: Output, event: chat.CallDelta | chat.CallEnded) -> bytes:
        """Take more of a call: at once if its item is open, else it waits with the others."""
        if event.key == self._call:
            return output.argue(event.json) if isinstance(event, chat.CallDelta) else self._end_call(output)
        call = self._waiting.get(event.key)
        if call is not None and isinstance(event, chat.CallDelta):
            call.pieces.append(event.json)
        elif call is not None:
            call.ended = True
        return b""

    def _end_call(self, output: Output) -> bytes:
        """Close the item of a call, then write what has waited, up to the first call that goes on."""
        said = [output.close()]
        self._call = None
        while self._queue and self._call is None:
            waited = self._queue.popleft()
            if not isinstance(waited, _Waiting):
                said.append(self._tell(output, waited))
                continue
            del self._waiting[waited.start.key]
            said += [self._tell(output, waited.start), output.argue("".join(waited.pieces))]
            if waited.ended:
                said.append(output.close())
                self._call = None
        return b"".join(said)

    def _end(self, written: _Written, ending: chat.Ending) -> bytes:
        said = []
        while self._call is not None:  # only where the answer broke off inside a call
            said.append(self._end_call(written.output))
        incomplete = incomplete_reason(ending, refused=self._refused, output=written.output.done)
        if explanation := unsaid(ending, refused=self._refused):
            said.append(written.output.say("refusal", explanation))
        return b"".join(said) + written.ended(self._usage, incomplete)


@attrs.frozen
class _Written:
    """The response of one stream, and its output so far."""

    response: ResponseObject
    output: Output

    @classmethod
    def of(cls, asked: chat.Asked, answer: str) -> _Written:
        ids = Ids.of(asked, answer)
        return cls(ResponseObject(asked, ids), Output(Items(asked, ids)))

    def beginning(self) -> bytes:
        begun = self.response.begun()
        return self.output.event("response.created", response=begun) + self.output.event("response.in_progress", response=begun)

    def ended(self, usage: Usage, incomplete: str | None) -> bytes:
        said = self.output.close(cut=incomplete is not None)
        response = self.response.ended(self.output.done, usage, incomplete)
        return said + self.output.event(f"response.{response['status']}", response=response)

    def failed(self, error: chat.ProviderError, usage: Usage) -> bytes:
        """Return the two events with which OpenAI breaks off: its SDK raises on the first, Codex reads only the second."""
        inner = {**error_object(error), **failure(error)}
        flat = {key: inner[key] for key in ("code", "message", "param")}
        said = self.output.event("error", **flat, error=inner)
        return said + self.output.event("response.failed", response=self.response.failed(self.output.done, error, usage))
