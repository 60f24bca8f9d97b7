"""The passage of an answer from a provider's format into a client's. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import ceil

import attrs

from korproxy.chat.answer import Answer, ProviderError
from korproxy.chat.calls import rename_answer, rename_event
from korproxy.chat.events import CallStarted, Event, Failed, ReasoningEnded, Started, UsageSeen
from korproxy.chat.folding import answer_of, events_of
from korproxy.chat.guard import BrokenStream, StreamGuard, settle
from korproxy.chat.parts import Seal
from korproxy.chat.wire import AnswerIsError, Unreadable
from korproxy.contracts import StreamReader, StreamWriter
from korproxy.errors.exceptions import KorproxyError, ProviderLost
from korproxy.gateway.crossing import Crossing
from korproxy.gateway.frames import FrameCutter
from korproxy.gateway.inflate import CannotInflate, Inflater
from korproxy.gateway.passage import Sent, cut_off
from korproxy.models.calls import RawHeaders
from korproxy.models.outcome import Usage

LONGEST = 64 * 1024**2  # bytes of one event, or of an answer that is read whole; a picture that a model made may be large
_ABOUT_BODY = frozenset({b"content-type", b"content-length", b"content-encoding"})
_EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
_JSON = (b"content-type", b"application/json")


def looks_like_events(first: bytes) -> bool:
    """Whether an answer that begins with *first* is server-sent events, whatever its header says."""
    return first.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"data:", b"event:", b"id:", b": ", b":\n"))


def about_whole(passed: RawHeaders, length: int | None, error: ProviderError | None = None) -> RawHeaders:
    """Return *passed* without what describes the provider's body, and with what describes ours, a whole one.

    Args:
        length: Of our body; None: not known yet.
        error: What our body tells, where it is no answer.
    """
    kept = [each for each in passed if each[0] not in _ABOUT_BODY]
    known = [] if length is None else [(b"content-length", str(length).encode())]
    return [*kept, *_wait(error, kept), _JSON, *known]


def unusable(provider: str, what: str) -> ProviderLost:
    """Return the error of an answer that does not follow its format: *what* is wrong with it."""
    text = f"The answer of {provider} cannot be used, because it does not follow its format: {what}."
    return ProviderLost("KP-PROV-116", text, provider=provider)


def _wait(error: ProviderError | None, headers: RawHeaders) -> RawHeaders:
    """Return ``retry-after`` where only the body of *error* says how long to wait, and not the provider's own *headers*."""
    if error is None or error.retry_after is None or any(name == b"retry-after" for name, _ in headers):
        return ()
    return [(b"retry-after", str(max(1, ceil(error.retry_after))).encode())]


@attrs.define(kw_only=True)
class Translated:
    """An answer on its way through the neutral model.

    Attributes:
        events: Whether the provider sends server-sent events.
        late_error: Writes an error of ours in the client's format as the last event of a stream; is told what came before it.
        watch: Is told every event of the answer, in the client's names.
        note: Is told the seals in it.
        spends: Whether tokens that the answer tells of were spent; of a count they were not.
        inflater: Unpacks what comes.
        status: Set where the provider broke off before it had said anything: its error can then be a real status.
    """

    provider: str
    crossing: Crossing
    events: bool
    late_error: Callable[[KorproxyError, bytes], bytes]
    watch: Callable[[Event], None]
    note: Callable[[Sequence[Seal]], None]
    spends: bool = True
    inflater: Inflater = attrs.field(factory=lambda: Inflater("", longest=LONGEST))
    usage: Usage = attrs.field(factory=Usage)
    failed: bool = False
    broken: ProviderLost | None = None
    status: int | None = None
    _pieces: list[bytes] = attrs.field(factory=list, repr=False)  # of an answer that is read whole
    _size: int = 0
    _cutter: FrameCutter = attrs.field(factory=lambda: FrameCutter(longest=LONGEST))
    _guard: StreamGuard = attrs.field(factory=StreamGuard)
    _told: list[Event] = attrs.field(factory=list, repr=False)
    _begun: bool = False
    _sent: Sent = attrs.field(factory=Sent)
    _length: int | None = None
    _refusal: ProviderError | None = None
    _reader: StreamReader = attrs.field(init=False, repr=False)  # only of ``events``
    _writer: StreamWriter = attrs.field(init=False, repr=False)  # only where the client has asked for a stream
    _streams: bool = attrs.field(init=False)  # whether the client has asked for a stream

    def __attrs_post_init__(self) -> None:
        self._streams = self.crossing.asked.stream
        if self.events:
            self._reader = self.crossing.away.stream_reader()
        if self._streams:
            self._writer = self.crossing.back.stream_writer(self.crossing.asked)

    @property
    def is_stream(self) -> bool:
        """See ``Passage``."""
        return self.crossing.asked.stream and self.status is None

    @property
    def final(self) -> bool:
        """See ``Passage``."""
        return self.events and self._guard.over

    def headers(self, passed: RawHeaders) -> RawHeaders:
        """Return *passed* without what describes the provider's body, and with what describes ours."""
        if self.is_stream:
            kept = [each for each in passed if each[0] not in _ABOUT_BODY]
            return [*kept, _EVENTS, (b"cache-control", b"no-cache")]
        return about_whole(passed, self._length, self._refusal)

    def feed(self, chunk: bytes) -> bytes:
        """Return what *chunk* says, in the client's format, as far as it can be said now."""
        try:
            chunk = self.inflater.feed(chunk)
        except CannotInflate as exc:
            self.broken = self._unusable(str(exc))
            return b""
        if not self.events:
            self._pieces.append(chunk)
            self._size += len(chunk)
            if self._size > LONGEST:
                self.broken = self._unusable(f"an answer of more than {LONGEST} bytes")
            return b""
        whole = self._cutter.feed(chunk)
        if self._cutter.torn:
            self.broken = self._unusable(f"an event of more than {LONGEST} bytes")
            return b""
        said = self._write(partial(self._reader.feed, whole)) if whole else b""
        self._sent.see(said)
        return said

    def end(self) -> bytes:
        """Return the rest: of a plain answer all of it."""
        if not self.events:
            return self._document()
        said = b""
        if tail := self._cutter.tail:
            said = self._write(partial(self._reader.feed, tail))
            if self.broken is not None:  # half an event is no mistake of the provider's: the line was cut
                raise cut_off(self.provider)
        said += self._write(self._reader.finish)
        if self.broken is not None:
            raise self.broken
        if self.status is not None:
            return said
        if not self._guard.over:
            raise cut_off(self.provider)
        return said if self.crossing.asked.stream else said + self._folded()

    def as_event(self) -> bytes:
        """See ``Passage``."""
        return b"" if self._refusal is None else self._writer.write(Failed(self._refusal))

    def last_words(self, exc: KorproxyError) -> bytes:
        """See ``Passage``."""
        return self.late_error(exc, self._sent.behind) if self.is_stream else b""

    def _write(self, read: Callable[[], Sequence[Event]]) -> bytes:
        said: list[bytes] = []
        try:
            for event in read():
                if self._guard.passes(event):
                    if isinstance(event, UsageSeen) and self.spends:
                        self.usage = event.usage
                    self.watch(event)
                    said.append(self._passed(event))
                else:
                    said.extend(self._written(event))
        except (Unreadable, BrokenStream) as exc:
            self.broken = self._unusable(str(exc))
        return b"".join(said)

    def _written(self, event: Event) -> Iterator[bytes]:
        if isinstance(event, Failed) and not self._begun and self.status is None:
            yield self._refuse(event.error)
        for each in self._guard.check(rename_event(event, self.crossing.written.names)):
            self._note(each)
            yield self._passed(each)

    def _passed(self, event: Event) -> bytes:
        """Return *event*, which has passed the guard, in the client's format; what cannot be written yet is kept."""
        if not self._streams:
            self._told.append(event)
            return b""
        if self.status is not None:
            return b""
        return self._writer.write(event) if self._begun else self._say(event)

    def _say(self, event: Event) -> bytes:
        """Return *event* in the client's format. A beginning waits for what follows: an error then can still be a status."""
        if isinstance(event, (Started, UsageSeen)):
            self._told.append(event)
            return b""
        self._begun = True
        held, self._told = self._told, []
        return b"".join(map(self._writer.write, [*held, event]))

    def _note(self, event: Event) -> None:
        if isinstance(event, UsageSeen) and self.spends:
            self.usage = event.usage
        if isinstance(event, (ReasoningEnded, CallStarted)) and event.seal is not None:
            self.note((event.seal,))
        self.failed = self.failed or isinstance(event, Failed)
        self.watch(event)

    def _refuse(self, error: ProviderError) -> bytes:
        """The provider's error is all it said, and nothing is sent yet: the client gets it as a status."""
        self._refusal = error
        self.status, body = self.crossing.back.write_error(error)
        self._length = len(body)
        return body

    def _folded(self) -> bytes:
        answer = answer_of(self._told)
        if answer is None:
            raise cut_off(self.provider)
        return self._whole(answer)

    def _document(self) -> bytes:
        try:
            answer = settle(rename_answer(self.crossing.away.read_answer(b"".join(self._pieces)), self.crossing.written.names))
            for event in events_of(answer):
                self._note(event)
            if not self.crossing.asked.stream:
                return self._whole(answer)
            guard = StreamGuard()
            return b"".join(self._writer.write(each) for event in events_of(answer) for each in guard.check(event))
        except AnswerIsError as exc:
            self._note(Failed(exc.error))
            return self._refuse(exc.error)
        except (Unreadable, BrokenStream) as exc:
            raise self._unusable(str(exc)) from None

    def _whole(self, answer: Answer) -> bytes:
        body = self.crossing.back.write_answer(answer, self.crossing.asked)
        self._length = len(body)
        return body

    def _unusable(self, what: str) -> ProviderLost:
        return unusable(self.provider, what)


@attrs.define(kw_only=True)
class Refused:
    """A provider's own error, in the client's words. The rest of what it says is not waited for.

    Attributes:
        crossing: None where the client's format has no streams.
    """

    crossing: Crossing | None
    error: ProviderError
    status: int
    body: bytes = attrs.field(repr=False)
    usage: Usage = attrs.field(factory=Usage)
    is_stream: bool = False
    final: bool = True
    failed: bool = False
    broken: ProviderLost | None = None

    def headers(self, passed: RawHeaders) -> RawHeaders:
        """Return *passed* with what describes the new body, and how long to wait where only the old one said it."""
        return about_whole(passed, len(self.body), self.error)

    def feed(self, chunk: bytes) -> bytes:
        """Return nothing."""
        del chunk
        return b""

    def end(self) -> bytes:
        """Return the whole body."""
        return self.body

    def last_words(self, exc: KorproxyError) -> bytes:
        """See ``Passage``."""
        del exc
        return b""

    def as_event(self) -> bytes:
        """Return the error as the only event of a stream whose head is gone already."""
        if self.crossing is None:
            return b""
        writer = self.crossing.back.stream_writer(self.crossing.asked)
        return writer.write(Failed(self.error))
