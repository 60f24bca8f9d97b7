"""A streamed ``GenerateContentResponse``, with ``alt=sse``.

The rules: data events without a name, each a response with the next parts; one id and one model in all; the finish reason in
the last one, with the usage; no ``[DONE]``. An error is a response with ``error``, and the last.
"""

from __future__ import annotations

import attrs

from korproxy_conformance.clients.gemini_answer import FINISHES, HEAD, put_together, read_failure, read_parts, read_usage
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Failure, Usage
from korproxy_conformance.sse import Event
from korproxy_conformance.wrong import Words, Wrong, same


@attrs.define
class GeminiStream:
    """See ``StreamReader``."""

    _first: Place | None = None
    _parts: list[Place] = attrs.field(factory=list)
    _finish: str = ""
    _usage: Usage | None = None
    _failure: Failure | None = None

    def take(self, event: Event) -> None:
        """See ``StreamReader``."""
        same(event.name, "", f"{event.at}, its name")
        self.take_chunk(event.json())

    def take_chunk(self, chunk: Place) -> None:
        """Take the next response: the data of an event, or an element of the array that comes without ``alt=sse``."""
        if self._failure is not None or self._finish:
            raise Wrong(Words("nothing after the end"), chunk.value, chunk.at)
        if chunk.some("error") is not None:
            self._failure = read_failure(chunk)
            return
        if self._first is None:
            self._first = chunk
        for name in HEAD:
            came, first = chunk.some(name), self._first.some(name)
            same(came and came.word(), first and first.value, f"{chunk.at}{name}")
        candidate = chunk["candidates"].only()
        self._parts += read_parts(candidate)
        usage = chunk.some("usageMetadata")
        self._usage = read_usage(usage) if usage else None  # the last response has to have it
        finish = candidate.some("finishReason")
        self._finish = finish.one_of(FINISHES) if finish else ""

    def answer(self) -> Answer:
        """See ``StreamReader``."""
        if self._first is None:
            return Answer(failure=self._failure)
        read = put_together(self._parts, self._first, finish=self._finish, usage=self._usage)
        return attrs.evolve(read, failure=self._failure)
