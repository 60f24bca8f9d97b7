"""A whole answer as the events of a stream, and back: for whoever asked for the one and got the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from korproxy.chat.answer import Answer, Ending
from korproxy.chat.events import (
    CallDelta,
    CallEnded,
    CallStarted,
    Cited,
    Ended,
    Event,
    PartAdded,
    ReasoningDelta,
    ReasoningEnded,
    RefusalDelta,
    Started,
    TextDelta,
    TextEnded,
    UsageSeen,
)
from korproxy.chat.parts import Citation, Document, Image, Part, Reasoning, Refusal, Text, ToolCall
from korproxy.models.outcome import Usage


def events_of(answer: Answer) -> Iterator[Event]:
    """Yield the events that tell *answer*, each part in one piece."""
    yield Started(id=answer.id, model=answer.model)
    calls = 0
    for part in answer.parts:
        yield from _told(part, calls)
        calls += isinstance(part, ToolCall)
    yield UsageSeen(answer.usage)
    yield Ended(answer.ending)


def _told(part: Part, key: int) -> Iterator[Event]:
    match part:
        case Text(text=text, citations=citations):
            yield TextDelta(text)
            yield from map(Cited, citations)
            yield TextEnded()
        case Reasoning(text=text, seal=seal, redacted=redacted):
            if text:
                yield ReasoningDelta(text)
            yield ReasoningEnded(seal=seal, redacted=redacted)
        case Refusal(text=text):
            yield RefusalDelta(text)
        case ToolCall():
            yield CallStarted(key=key, id=part.id, name=part.name, freeform=part.freeform, seal=part.seal)
            yield CallDelta(key, part.arguments)
            yield CallEnded(key)
        case Image() | Document():
            yield PartAdded(part)
        case _:  # no answer has results of tools or sound in it
            return


def answer_of(events: Iterable[Event]) -> Answer | None:
    """Return the answer that *events* tell, which have passed the guard; None where they do not end well."""
    parts: list[Part | _Open] = []
    calls: dict[int, _Open] = {}
    started, usage, ending = Started(), Usage(), None
    for event in events:
        match event:
            case Started():
                started = event
            case TextDelta(text=text) | ReasoningDelta(text=text) | RefusalDelta(text=text):
                _open(parts, type(event)).pieces.append(text)
            case TextEnded():
                _close(parts)
            case Cited(citation=citation):
                _cite(parts, citation)
            case ReasoningEnded(seal=seal, redacted=redacted):
                parts.append(Reasoning(text=_take(parts), seal=seal, redacted=redacted))
            case CallStarted(key=key):
                calls[key] = _Open(event)
                parts.append(calls[key])
            case CallDelta(key=key, json=json):
                calls[key].pieces.append(json)
            case PartAdded(part=part):
                parts.append(part)
            case UsageSeen(usage=seen):
                usage = seen
            case Ended(ending=found):
                ending = found
            case _:
                pass
    return None if ending is None else _answer(started, parts, ending, usage)


class _Open:
    """A part that still grows."""

    def __init__(self, kind: type[Event] | CallStarted) -> None:
        self.kind = kind
        self.pieces: list[str] = []
        self.citations: list[Citation] = []
        self.closed = False

    def part(self) -> Part:
        text = "".join(self.pieces)
        if isinstance(self.kind, CallStarted):
            call = self.kind
            return ToolCall(id=call.id, name=call.name, arguments=text, freeform=call.freeform, seal=call.seal)
        if self.kind is TextDelta:
            return Text(text=text, citations=tuple(self.citations))
        return Reasoning(text=text) if self.kind is ReasoningDelta else Refusal(text=text)


def _open(parts: list[Part | _Open], kind: type[Event]) -> _Open:
    last = parts[-1] if parts else None
    if isinstance(last, _Open) and last.kind is kind and not last.closed:
        return last
    parts.append(new := _Open(kind))
    return new


def _cite(parts: list[Part | _Open], citation: Citation) -> None:
    """Add *citation* to the text that is open; without one it is about nothing."""
    last = parts[-1] if parts else None
    if isinstance(last, _Open) and last.kind is TextDelta and not last.closed:
        last.citations.append(citation)


def _close(parts: list[Part | _Open]) -> None:
    if parts and isinstance(last := parts[-1], _Open):
        last.closed = True


def _take(parts: list[Part | _Open]) -> str:
    """Remove the reasoning that is open at the end, return its text."""
    last = parts[-1] if parts else None
    if isinstance(last, _Open) and last.kind is ReasoningDelta:
        parts.pop()
        return "".join(last.pieces)
    return ""


def _answer(started: Started, parts: list[Part | _Open], ending: Ending, usage: Usage) -> Answer:
    whole = tuple(each.part() if isinstance(each, _Open) else each for each in parts)
    return Answer(id=started.id, model=started.model, parts=whole, ending=ending, usage=usage)
