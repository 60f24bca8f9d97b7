"""Sealed reasoning of answers with tool calls, for clients that do not send it back.

Vendors refuse a conversation, or think worse, where the seals of the last answers are missing; several formats have no place
for them. What stood in front of a call is found again by the call's id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from korproxy.chat.answer import Answer
from korproxy.chat.calls import fit_id
from korproxy.chat.conversation import Conversation, Turn
from korproxy.chat.events import CallDelta, CallEnded, CallStarted, Event, ReasoningDelta, ReasoningEnded, TextDelta
from korproxy.chat.parts import Part, Reasoning, Seal, ToolCall

ENTRIES = 10_000
CHARACTERS = 16 * 1024**2
SECONDS = 6 * 3600.0


@attrs.define
class _Kept:
    reasoning: tuple[Reasoning, ...] = attrs.field(repr=False)
    seal: Seal | None
    size: int
    at: float


@attrs.define(kw_only=True)
class ReasoningMemory:
    """Remembers by call id. What was neither noted nor used for the longest time goes first.

    ``now`` is any clock in seconds that does not go back. ``scope`` keeps apart whose calls they are: ids that servers count
    from 0 come back in everybody's conversations, and nobody's reasoning may reach anybody else.

    Attributes:
        longest: Seconds that an unused entry is kept.
    """

    entries: int = ENTRIES
    characters: int = CHARACTERS
    longest: float = SECONDS
    _kept: dict[tuple[str, str], _Kept] = attrs.field(factory=dict, init=False, repr=False)
    _size: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._kept)

    def note(self, call_id: str, reasoning: Sequence[Reasoning], seal: Seal | None, now: float, *, scope: str = "") -> None:
        """Remember the sealed ones of *reasoning*, which stood in front of the call in its answer, and the call's *seal*."""
        sealed = tuple(each for each in reasoning if each.seal is not None)
        if not call_id or (seal is None and not sealed):
            return
        key = (scope, fit_id(call_id))  # clients may have been given the fitted one
        marks = [each.seal for each in sealed] + [seal]
        size = sum(len(each) for each in key)
        size += sum(len(each.text) for each in sealed) + sum(len(each.data) for each in marks if each is not None)
        self._forget(key)
        if size <= self.characters:  # else it alone would push out everything
            self._kept[key] = _Kept(sealed, seal, size, now)
            self._size += size
        self._shrink(now)

    def note_answer(self, answer: Answer, now: float, *, scope: str = "") -> None:
        """Remember all of a whole *answer* that is worth it."""
        before: list[Reasoning] = []
        for part in answer.parts:
            if isinstance(part, Reasoning):
                before.append(part)
            elif isinstance(part, ToolCall):
                self.note(part.id, before, part.seal, now, scope=scope)

    def watcher(self, now: float, *, scope: str = "") -> Callable[[Event], None]:
        """Return what wants to be told every event of one streamed answer that began at *now*."""
        return Remembering(memory=self, now=now, scope=scope).see

    def restore(self, conversation: Conversation, own: Callable[[Seal], bool], now: float, *, scope: str = "") -> Conversation:
        """Return *conversation* with what is remembered of seals that are *own*, for a provider that reads them.

        Assistant turns that hold calls with a remembered id, and no reasoning with a seal that is *own*, get theirs back, in
        front of their calls: at the place of unsealed reasoning of the same text, else as the first thing in the turn. Calls
        without a seal get theirs back.
        """
        self._shrink(now)
        if not self._kept:
            return conversation
        turns = tuple(
            self._restored(turn, own, now, scope) if turn.role == "assistant" else turn for turn in conversation.turns
        )
        same = all(new is old for new, old in zip(turns, conversation.turns, strict=True))
        return conversation if same else attrs.evolve(conversation, turns=turns)

    def _restored(self, turn: Turn, own: Callable[[Seal], bool], now: float, scope: str) -> Turn:
        calls = {at: each for at, each in enumerate(turn.parts) if isinstance(each, ToolCall)}
        found = {at: kept for at, each in calls.items() if (kept := self._use((scope, fit_id(each.id)), now)) is not None}
        if not found:
            return turn
        parts = [_sealed_again(each, found[at], own) if at in found else each for at, each in enumerate(turn.parts)]
        if not any(isinstance(each, Reasoning) and _is(own, each.seal) for each in parts):
            mine = {at: [each for each in kept.reasoning if _is(own, each.seal)] for at, kept in found.items()}
            parts = _with_reasoning(parts, mine)
        same = len(parts) == len(turn.parts) and all(new is old for new, old in zip(parts, turn.parts, strict=True))
        return turn if same else attrs.evolve(turn, parts=tuple(parts))

    def _use(self, key: tuple[str, str], now: float) -> _Kept | None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            kept.at = now
            self._kept[key] = kept  # now the last to go
        return kept

    def _forget(self, key: tuple[str, str]) -> None:
        kept = self._kept.pop(key, None)
        self._size -= 0 if kept is None else kept.size

    def _shrink(self, now: float) -> None:
        while self._kept:
            oldest = next(iter(self._kept))
            is_old = now - self._kept[oldest].at > self.longest
            if not (is_old or len(self._kept) > self.entries or self._size > self.characters):
                break
            self._forget(oldest)


@attrs.define(kw_only=True)
class Remembering:
    """Watches the events of one streamed answer, and notes each call at its end."""

    memory: ReasoningMemory
    now: float
    scope: str = ""
    _text: list[str] = attrs.field(factory=list, init=False, repr=False)
    _before: list[Reasoning] = attrs.field(factory=list, init=False, repr=False)
    _calls: dict[int, tuple[CallStarted, int]] = attrs.field(factory=dict, init=False, repr=False)

    def see(self, event: Event) -> None:
        """Take note of *event*."""
        match event:
            case CallDelta():
                pass
            case TextDelta():
                self._text.clear()  # what was thought has no end of its own, and so no seal
            case ReasoningDelta(text=text):
                self._text.append(text)
            case ReasoningEnded(seal=seal, redacted=redacted):
                self._before.append(Reasoning(text="".join(self._text), seal=seal, redacted=redacted))
                self._text.clear()
            case CallStarted():
                self._text.clear()
                self._calls[event.key] = (event, len(self._before))
            case CallEnded(key=key) if key in self._calls:
                call, count = self._calls.pop(key)
                self.memory.note(call.id, self._before[:count], call.seal, self.now, scope=self.scope)
            case _:
                pass


def _is(own: Callable[[Seal], bool], seal: Seal | None) -> bool:
    return seal is not None and own(seal)


def _sealed_again(call: Part, kept: _Kept, own: Callable[[Seal], bool]) -> Part:
    if isinstance(call, ToolCall) and call.seal is None and _is(own, kept.seal):
        return attrs.evolve(call, seal=kept.seal)
    return call


def _with_reasoning(parts: Sequence[Part], mine: Mapping[int, Sequence[Reasoning]]) -> list[Part]:
    """Return *parts* with the reasoning of *mine*, each once; its keys are the places of the calls behind it."""
    unsealed = {at: _bare(each.text) for at, each in enumerate(parts) if isinstance(each, Reasoning) and each.seal is None}
    placed: list[Reasoning] = []
    at_place: dict[int, list[Part]] = {}
    gone: set[int] = set()
    for call_at, remembered in mine.items():
        group = [each for each in remembered if each not in placed]
        if not group:
            continue
        texts = {_bare(each.text) for each in group} | {_bare("".join(each.text for each in group))}
        same = [at for at, text in unsealed.items() if at not in gone and text in texts]
        at_place.setdefault(same[0] if same else call_at if placed else 0, []).extend(group)
        gone.update(same)
        placed += group
    return [new for at, part in enumerate(parts) for new in (*at_place.get(at, ()), *(() if at in gone else (part,)))]


def _bare(text: str) -> str:
    """Return *text* without space, which formats put between pieces of reasoning, or take away."""
    return "".join(text.split())
