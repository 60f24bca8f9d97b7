"""A provider's stream, read into events.

Facts: ``ChatCompletionChunk`` and ``_streaming.py`` of OpenAI's Python SDK 3.54; what other servers do differently is said
where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from korproxy.api import Usage, chat, read_json, sse_events
from korproxy.builtin.dialects.chat_format.annotations import moved, read_annotations
from korproxy.builtin.dialects.chat_format.answer_reader import content_parts
from korproxy.builtin.dialects.chat_format.endings import failure_of, read_ending
from korproxy.builtin.dialects.chat_format.errors import read_late_error
from korproxy.builtin.dialects.chat_format.json_text import inner_object, is_utf8, some_text
from korproxy.builtin.dialects.chat_format.stream_calls import StreamCalls
from korproxy.builtin.dialects.chat_format.stream_reasoning import StreamReasoning
from korproxy.builtin.dialects.chat_format.usage import last_usage
from korproxy.builtin.dialects.chat_format.usual_chunks import Delta, usual_delta, usual_fragment

_BOM = b"\xef\xbb\xbf"


@attrs.define
class ChatStreamReader:
    """Reads one answer; of several choices the one with the index 0.

    The end is told where nothing can follow: after the finish reason, once usage or ``[DONE]`` was there or the stream is over.
    Some servers leave ``[DONE]`` out, some the finish reason; without both the stream was cut, and no end is told.
    """

    _first: bool = attrs.field(default=True, init=False)
    _id: str | None = attrs.field(default=None, init=False)  # of the answer, once its beginning was told
    _usage: Usage | None = attrs.field(default=None, init=False)
    _finish: object = attrs.field(default=None, init=False)  # the finish reason
    _over: bool = attrs.field(default=False, init=False)
    _said: bool = attrs.field(default=False, init=False)  # whether the answer says anything
    _refused: bool = attrs.field(default=False, init=False)
    _thoughts: StreamReasoning = attrs.field(factory=StreamReasoning, init=False)
    _count: chat.TextCount = attrs.field(factory=chat.TextCount, init=False)
    _cited: list[chat.Citation] = attrs.field(factory=list, init=False, repr=False)
    _early: list[chat.Citation] = attrs.field(factory=list, init=False, repr=False)  # that came in front of all text
    _calls: StreamCalls = attrs.field(factory=StreamCalls, init=False)

    def feed(self, events: bytes) -> Sequence[chat.Event]:
        """Take whole server-sent events, return what they say; see ``StreamReader``."""
        if self._first:
            events = events.removeprefix(_BOM)
            self._first = False
        told: list[chat.Event] = []
        readable = is_utf8(events)
        for name, data in sse_events(events):
            if self._over:
                break
            usual = self._usual(data) if readable and self._id is not None and name != b"error" else None
            for event in self._read(name, data) if usual is None else usual:
                self._count.see(event)
                told.append(event)
        return told

    def finish(self) -> Sequence[chat.Event]:
        """Take note that no more bytes will come; return the end, if it was one, and what was held back."""
        if self._over:
            return []
        return list(self._calls.cut() if self._finish is None else self._end())

    def _usual(self, data: bytes) -> Sequence[chat.Event] | None:
        """Return what *data* tells, if it is one of the chunks that nearly all are; None: it has to be read in full."""
        delta = usual_delta(data)
        if delta is None or self._calls.has_whole:
            return None
        thought = delta.reasoning_content or delta.reasoning
        events: Sequence[chat.Event] | None = None
        if thought:
            events = None if delta.content or delta.calls else (self._thoughts.tell(thought),)
        elif not self._thoughts.is_open:
            events = self._said_or_called(delta)
        self._said = self._said or bool(events)
        return events

    def _said_or_called(self, delta: Delta) -> Sequence[chat.Event] | None:
        if delta.content:
            return None if delta.calls else (chat.TextDelta(delta.content),)
        fragment = usual_fragment(delta)
        if fragment is None or fragment.index is None or fragment.function is None:
            return None
        function = fragment.function
        return self._calls.more(fragment.index, fragment.id or "", function.name or "", function.arguments or "")

    def _read(self, name: bytes, data: bytes) -> Iterator[chat.Event]:
        if data.startswith(b"[DONE]"):
            if self._finish is not None or self._said:
                yield from self._end()
            self._over = True
            return
        if not data.strip():
            return
        chunk = _object(data)
        if chunk.get("error") or name == b"error" or chunk.get("object") == "error":
            self._over = True
            yield chat.Failed(read_late_error(chunk))
            return
        yield from self._chunk(chunk)

    def _chunk(self, chunk: Mapping[str, Any]) -> Iterator[chat.Event]:
        choices = chunk.get("choices")
        choice = _first_choice(choices) if isinstance(choices, list) else {}
        if self._id is None and (choice or chunk.get("id")):
            self._id = some_text(chunk.get("id"))
            yield chat.Started(id=self._id, model=some_text(chunk.get("model")))
        # A few servers send the message whole, in place of a delta; some repeat it so in their last event.
        delta = inner_object(choice, "delta") or ({} if self._said else inner_object(choice, "message"))
        yield from self._delta(delta)
        usage = last_usage(chunk)
        if usage is not None and usage != self._usage:
            self._usage = usage
            yield chat.UsageSeen(usage)
        yield from self._finished(choice.get("finish_reason"), has_usage=usage is not None)

    def _finished(self, word: object, *, has_usage: bool) -> Iterator[chat.Event]:
        failure = failure_of(word)
        if failure is not None:
            self._over = True
            yield chat.Failed(failure)
            return
        self._finish = word or self._finish
        if self._finish is not None and has_usage:
            yield from self._end()

    def _delta(self, delta: Mapping[str, Any]) -> Iterator[chat.Event]:
        for event in self._thoughts.take(delta):
            yield from self._calls.close_whole()
            self._said = True
            yield event
        for part in content_parts(delta.get("content")):
            if isinstance(part, chat.Reasoning):
                yield from self._calls.close_whole()
                yield from self._thoughts.say(part.text)
            else:
                yield from self._other()
                yield chat.TextDelta(part.text)
            self._said = True
        if refusal := some_text(delta.get("refusal")):
            yield from self._other()
            self._said = self._refused = True
            yield chat.RefusalDelta(refusal)
        yield from self._cite(delta)
        yield from self._called(delta)

    def _cite(self, delta: Mapping[str, Any]) -> Iterator[chat.Event]:
        """Tell what is cited, each once; some servers say it before the text, or again with each piece of it."""
        for citation in read_annotations(delta.get("annotations")):
            if citation in self._cited:
                continue
            self._cited.append(citation)
            if self._count.length is None:
                self._early.append(citation)
            else:
                yield chat.Cited(moved(citation, -self._count.before))

    def _called(self, delta: Mapping[str, Any]) -> Iterator[chat.Event]:
        calls = delta.get("tool_calls")
        fragments = [each for each in calls if isinstance(each, dict)] if isinstance(calls, list) else []
        old = inner_object(delta, "function_call")  # the form before tools: one call, without an id
        for fragment in [*fragments, {"index": -1, "function": old}] if old else fragments:
            for event in self._calls.take(fragment, self._id or ""):
                yield from self._thoughts.end()
                self._said = True
                yield event

    def _other(self) -> Iterator[chat.Event]:
        """Yield the ends of what was told before, where something else begins."""
        yield from self._thoughts.end()
        yield from self._calls.close_whole()

    def _end(self) -> Iterator[chat.Event]:
        self._over = True
        for citation in self._early if self._count.length is not None else ():
            yield chat.Cited(moved(citation, -self._count.before))
        yield from self._thoughts.end()
        yield from self._calls.finish()
        yield chat.Ended(read_ending(self._finish, refused=self._refused))


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = read_json(data)[0]
    except ValueError as exc:
        raise chat.Unreadable(f"an event that is no JSON: {exc}") from None
    if not isinstance(value, dict):
        raise chat.Unreadable(f"an event with a JSON value of the type {type(value).__name__} in place of an object")
    return value


def _first_choice(choices: Sequence[object]) -> dict[str, Any]:
    return next((each for each in choices if isinstance(each, dict) and each.get("index") in (0, None)), {})
