"""A provider's stream, read.

Each event is a whole ``GenerateContentResponse`` with more parts. There is no last event: the stream ends where the connection
does, and it was whole if a reason for the end was given, which need not be in the last chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from korproxy.api import Usage, chat, sse_events
from korproxy.builtin.dialects.gemini_format.chunks import Candidate, Chunk, read_chunks
from korproxy.builtin.dialects.gemini_format.endings import read_block, read_finish
from korproxy.builtin.dialects.gemini_format.errors import read_late_error
from korproxy.builtin.dialects.gemini_format.grounding import GroundingReader, byte_length
from korproxy.builtin.dialects.gemini_format.parts_reader import PartsReader
from korproxy.builtin.dialects.gemini_format.usage import read_usage
from korproxy.builtin.dialects.gemini_format.usual_chunks import UsualChunk, usual_chunk


@attrs.define
class GeminiStreamReader:
    """Reads one stream."""

    _parts: PartsReader = attrs.field(factory=PartsReader, init=False, repr=False)
    _grounding: GroundingReader = attrs.field(factory=GroundingReader, init=False, repr=False)
    _usage: Usage = attrs.field(factory=Usage, init=False)
    _ending: chat.Ending | None = attrs.field(default=None, init=False)
    _begun: bool = attrs.field(default=False, init=False)
    _over: bool = attrs.field(default=False, init=False)

    def feed(self, events: bytes) -> Sequence[chat.Event]:
        """Read whole events; an error that comes bare, or in a list, is one, too."""
        told: list[chat.Event] = []
        bare = events.lstrip()[:1] in {b"{", b"["}
        for data in [events] if bare else [data for _, data in sse_events(events)]:
            if self._over:
                break
            usual = usual_chunk(data) if self._begun else None
            if usual is not None and self._parts.goes_on(usual):
                told += self._usual(usual)
            elif data.strip() not in {b"", b"[DONE]"}:  # which some servers in between add
                told += self.read(read_chunks(data))
        return told

    def _usual(self, chunk: UsualChunk) -> Sequence[chat.Event]:
        """Return what *chunk* says, as nearly all do; its part goes on with what was told before."""
        said = self._parts.more(chunk.part)
        self._grounding.see(said)
        return (*self._count(chunk.usage or None), said)

    def read(self, chunks: Sequence[Chunk]) -> Iterator[chat.Event]:
        """Yield what *chunks* say."""
        for chunk in chunks:
            if not self._over:
                yield from self._chunk(chunk)

    def finish(self) -> Sequence[chat.Event]:
        """Return the end, if there was a reason for one."""
        if self._over or self._ending is None:
            return ()
        self._over = True
        ending = self._ending
        if ending.reason == "end" and self._parts.calls:
            ending = attrs.evolve(ending, reason="tools")
        return [*self._parts.close(), chat.Ended(ending)]

    def _chunk(self, chunk: Chunk) -> Iterator[chat.Event]:
        if chunk.error:
            yield from self._fail(read_late_error(chunk.error))
            return
        yield from self._begin(chunk)
        yield from self._count(chunk.usage)  # in front of the parts: Messages says the tokens of the input with its first event
        candidate = chunk.candidate
        if candidate is not None:
            yield from self._content(candidate)
        finish = None if candidate is None else read_finish(candidate.reason, candidate.message)
        if isinstance(finish, chat.ProviderError):
            yield from self._fail(finish)
        else:
            self._ending = finish or read_block(chunk.feedback) or self._ending

    def _count(self, said: object) -> Sequence[chat.Event]:
        usage = read_usage(said)
        if usage is None or usage == self._usage:
            return ()
        self._usage = usage
        return (chat.UsageSeen(usage),)

    def _content(self, candidate: Candidate) -> Iterator[chat.Event]:
        """Yield the parts, and what the text rests on: behind the text of this chunk, else right behind what came before."""
        told: list[chat.Event] = []
        begins, length, texts = [], self._grounding.length, 0
        for part in (candidate.content.parts or ()) if candidate.content is not None else ():
            begins.append(length)
            for event in self._parts.read(part):
                told.append(event)
                if isinstance(event, chat.TextDelta):
                    length += byte_length(event.text)
                    texts = len(told)
        yield from self._see(told[:texts])
        yield from self._grounding.read(candidate.grounding, begins)
        yield from self._see(told[texts:])

    def _see(self, told: Sequence[chat.Event]) -> Sequence[chat.Event]:
        for event in told:
            self._grounding.see(event)
        return told

    def _begin(self, chunk: Chunk) -> Iterator[chat.Event]:
        if isinstance(chunk.id, str):
            self._parts.id = self._parts.id or chunk.id
        if not self._begun:
            self._begun = True
            yield chat.Started(id=self._parts.id, model=chunk.model if isinstance(chunk.model, str) else "")

    def _fail(self, error: chat.ProviderError) -> Iterator[chat.Event]:
        self._over = True
        yield chat.Failed(error)
