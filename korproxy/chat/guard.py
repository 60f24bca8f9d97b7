"""Holds a translated answer to the rules that every client counts on, before a byte of it is written.

One beginning, one end, nothing behind it; every call begun once, its arguments JSON; tool use as the reason for the end if and
only if a call was told, and whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from korproxy.chat.answer import Answer, Ending
from korproxy.chat.arguments import is_object
from korproxy.chat.citing import TextCount, fit_citation, fit_citations
from korproxy.chat.events import (
    CallDelta,
    CallEnded,
    CallStarted,
    Cited,
    Ended,
    Event,
    Failed,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    UsageSeen,
)
from korproxy.chat.parts import Part, Reasoning, Refusal, Text, ToolCall

LONGEST = 64 * 1024**2  # characters of the arguments of one answer's calls
_CUT = frozenset({"length", "refusal", "context"})  # an answer that ends like this may end inside a call
_NO_OBJECT = "the arguments of a tool call are not a JSON object"


class BrokenStream(Exception):
    """A provider's stream breaks a rule that cannot be mended. The text says which, without content."""


@attrs.define
class StreamGuard:
    """Watches the events of one stream.

    What can be mended without inventing anything is: a missing or repeated beginning, empty deltas, a call that begins twice,
    calls left open at the end, no arguments at all (``{}``), a reason that does not match the calls, anything behind the end; a
    citation of no text is left out, and a position outside of its text.
    Where the limit of tokens, a refusal or a full context ends an answer inside its last call, that call stays as it came.

    It holds the arguments of open calls, and nothing else of the content.
    """

    _over: bool = attrs.field(default=False, init=False)
    _begun: bool = attrs.field(default=False, init=False)
    _calls: dict[int, _Arguments] = attrs.field(factory=dict, init=False, repr=False)
    _length: int = attrs.field(default=0, init=False)
    _torn: bool = attrs.field(default=False, init=False)
    _count: TextCount = attrs.field(factory=TextCount, init=False)

    @property
    def over(self) -> bool:
        """Whether ``Ended`` or ``Failed`` was let through."""
        return self._over

    def passes(self, event: Event) -> bool:
        """Take *event* and say yes, if it may be written as it is, and nothing else with it: so it is with nearly all.

        No: nothing was taken, and ``check`` has to be asked.
        """
        if self._over or self._torn or not self._begun:
            return False
        if isinstance(event, (TextDelta, ReasoningDelta)):
            if event.text:
                self._count.see(event)
            return event.text != ""
        if not isinstance(event, CallDelta):
            return isinstance(event, UsageSeen)
        call = self._calls.get(event.key)
        length = self._length + len(event.json)
        if call is None or call.ended or not event.json or length > LONGEST:
            return False
        self._length = length
        call.pieces.append(event.json)
        return True

    def check(self, event: Event) -> Sequence[Event]:
        """Return what may be written in place of *event*, in order.

        Raises:
            BrokenStream: The client must be told that this went wrong. A ``Failed`` is still let through then.
        """
        if self._over:
            return ()
        allowed = self._allowed(event)
        for each in allowed:
            self._count.see(each)
        if not allowed or self._begun:
            return allowed
        self._begun = True
        return allowed if isinstance(event, Started) else (Started(), *allowed)

    def _allowed(self, event: Event) -> Sequence[Event]:
        match event:
            case TextDelta(text="") | ReasoningDelta(text="") | RefusalDelta(text=""):
                return ()
            case Started() if self._begun:
                return ()
            case Failed():
                self._over = True
            case Ended():
                return self._end(event.ending)
            case UsageSeen():
                pass
            case Cited(citation=citation):
                length = self._count.length
                return () if length is None else (Cited(fit_citation(citation, length)),)
            case _ if self._torn:
                raise BrokenStream(_NO_OBJECT)
            case CallStarted() | CallDelta() | CallEnded():
                return self._of_call(event)
        return (event,)

    def _of_call(self, event: CallStarted | CallDelta | CallEnded) -> Sequence[Event]:
        match event:
            case CallStarted():
                return self._start(event)
            case CallDelta():
                return self._extend(event)
            case CallEnded():
                return self._close(event.key)

    def _start(self, event: CallStarted) -> Sequence[Event]:
        if event.key in self._calls:
            return ()
        self._calls[event.key] = _Arguments(freeform=event.freeform)
        return (event,)

    def _extend(self, event: CallDelta) -> Sequence[Event]:
        call = self._known(event.key)
        if not event.json:
            return ()
        if call.ended:
            raise BrokenStream("arguments of a tool call came after its end")
        self._length += len(event.json)
        if self._length > LONGEST:
            raise BrokenStream(f"the arguments of its tool calls are longer than {LONGEST} characters")
        call.pieces.append(event.json)
        return (event,)

    def _close(self, key: int) -> Sequence[Event]:
        call = self._known(key)
        if call.ended:
            raise BrokenStream("a tool call ended twice")
        if call.absent or call.whole:
            return self._finish(key)
        self._torn = True  # Messages says where a call ends before it says that the limit of tokens has cut it off
        return ()

    def _finish(self, key: int) -> Sequence[Event]:
        call = self._calls[key]
        filled: list[Event] = [CallDelta(key, "{}")] if call.absent else []
        if not filled and not call.whole:
            raise BrokenStream(_NO_OBJECT)
        call.ended = True
        call.pieces.clear()
        return (*filled, CallEnded(key))

    def _end(self, ending: Ending) -> Sequence[Event]:
        told = bool(self._calls)
        keys = [key for key, call in self._calls.items() if not call.ended]
        is_cut = bool(keys) and ending.reason in _CUT and self._calls[keys[-1]].may_go_on
        closed = [each for key in (keys[:-1] if is_cut else keys) for each in self._finish(key)]
        if is_cut:
            closed.append(CallEnded(keys[-1]))
        self._calls.clear()
        self._over = True
        return (*closed, Ended(_settled(ending, told=told, is_cut=is_cut)))

    def _known(self, key: int) -> _Arguments:
        if key not in self._calls:
            raise BrokenStream("something was said of a tool call that has not begun")
        return self._calls[key]


@attrs.define
class _Arguments:
    """The arguments of one call, as far as they have come."""

    freeform: bool
    ended: bool = False
    pieces: list[str] = attrs.field(factory=list, repr=False)

    @property
    def absent(self) -> bool:
        return not self.freeform and all(each.isspace() for each in self.pieces)

    @property
    def whole(self) -> bool:
        return self.freeform or is_object("".join(self.pieces))

    @property
    def may_go_on(self) -> bool:
        return self.freeform or not self.whole


def settle(answer: Answer) -> Answer:
    """Return a whole *answer* by the same rules: a reason that matches the calls, ``{}`` for no arguments, no empty texts.

    Arguments that are no JSON stay as they are: nothing is written yet, and a writer knows best what its format can say. Where
    the answer was cut off, a last call without complete arguments (or of bare text, with nothing behind it) stays as it came.
    """
    calls = [each for each in answer.parts if isinstance(each, ToolCall)]
    last = calls[-1] if calls else None
    is_cut = last is not None and answer.ending.reason in _CUT and _may_go_on(last, is_last=answer.parts[-1] is last)
    torn = last if is_cut else None
    parts = tuple(each if each is torn else _filled(each) for each in answer.parts if not _says_nothing(each))
    ending = _settled(answer.ending, told=bool(calls), is_cut=is_cut)
    return Answer(id=answer.id, model=answer.model, parts=parts, ending=ending, usage=answer.usage)


def _settled(ending: Ending, *, told: bool, is_cut: bool) -> Ending:
    """Return *ending* with the reason that a client has to see."""
    if is_cut or ending.reason == "refusal":
        return ending
    if not told:
        return attrs.evolve(ending, reason="end") if ending.reason == "tools" else ending
    return ending if ending.reason == "tools" else attrs.evolve(ending, reason="tools", stop_sequence=None)


def _may_go_on(call: ToolCall, *, is_last: bool) -> bool:
    return is_last if call.freeform else not is_object(call.arguments)


def _filled(part: Part) -> Part:
    if isinstance(part, ToolCall) and not part.freeform and not part.arguments.strip():
        return attrs.evolve(part, arguments="{}")
    return fit_citations(part) if isinstance(part, Text) else part


def _says_nothing(part: Part) -> bool:
    if isinstance(part, Reasoning):
        return not part.text and part.seal is None
    return isinstance(part, (Text, Refusal)) and not part.text
