"""Calls of tools and their results, in pairs: Chat, Messages and Gemini refuse a call without its result, and the reverse."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

import attrs

from korproxy.chat.conversation import Turn
from korproxy.chat.parts import Part, Text, ToolCall, ToolResult
from korproxy.chat.report import Report
from korproxy.chat.sequence import joined, with_parts

NO_RESULT = "[no result: the call was interrupted]"


def pair_results(turns: Sequence[Turn], report: Report) -> tuple[Turn, ...]:
    """Return *turns* in which every call is answered in the turn right behind its own.

    All results of one assistant turn (neighbouring assistant turns become one where there are calls in them) come into one user
    turn, in the order of the calls, in front of anything else in it. A call without a result gets ``NO_RESULT``; of several
    results for one call the last stays; a result without a call becomes a text of the user. All of that is reported as mapped
    or lost. ``ToolResult.name`` is filled in from the call. Results without an id answer the calls of their name, else of any
    name, in order. Results with an id that no call has answer the last calls of their name that have none, in order: Gemini's
    clients make up an id for a call that came without one, and say it with the result only. Where an id comes back in a later
    turn, its results answer the latest call before them.

    Calls are expected in assistant turns only, results in user turns only.
    """
    if not any(isinstance(part, (ToolCall, ToolResult)) for turn in turns for part in turn.parts):
        return tuple(turns)
    pairing = _Pairing(report=report)
    for turn in turns:
        pairing.take(turn)
    pairing.end_stretch()
    return tuple(_with_neighbours_joined(list(_written(pairing.done, report))))


@attrs.define(eq=False)
class _Rest:
    """A turn that is not the assistant's, and what stands in it in place of results."""

    turn: Turn
    instead: dict[int, tuple[Part, ...]] = attrs.field(factory=dict)

    def left(self) -> tuple[Part, ...]:
        if not self.instead:
            return self.turn.parts
        if len(self.instead) == len(self.turn.parts) and not any(self.instead.values()):
            return ()
        return tuple(each for at, part in enumerate(self.turn.parts) for each in self.instead.get(at, (part,)))


@attrs.define(eq=False)
class _Slot:
    """A call, and what answers it."""

    call: ToolCall
    result: ToolResult | None = None
    home: _Rest | None = None

    def fill(self, result: ToolResult, home: _Rest, at: int) -> None:
        self.result, self.home = result, home
        home.instead[at] = ()

    def written(self, report: Report) -> ToolResult:
        found, call = self.result, self.call
        if found is None:
            report.mapped(call.at, "the call has no result: one that says so is sent")
            return ToolResult(call_id=call.id, name=call.name, parts=(Text(text=NO_RESULT),))
        if found.name == call.name and found.call_id == call.id:
            return found
        # Chat says no names, so this is done for each result of a long history: attrs.evolve would take three times as long.
        return ToolResult(call_id=call.id, name=call.name, parts=found.parts, error=found.error, cache=found.cache, at=found.at)


@attrs.define(eq=False)
class _Open:
    """Calls that wait for results, in their order. There may be thousands, so filled ones are passed by only once."""

    last: _Slot | None = None
    _waiting: deque[_Slot] = attrs.field(factory=deque)

    def add(self, slot: _Slot) -> None:
        self.last = slot
        self._waiting.append(slot)

    def first(self) -> _Slot | None:
        """Return the first that is not filled."""
        while self._waiting and self._waiting[0].result is not None:
            self._waiting.popleft()
        return self._waiting[0] if self._waiting else None


@attrs.define(eq=False)
class _Step:
    """Assistant turns side by side, and the calls in them."""

    run: list[Turn] = attrs.field(factory=list)
    slots: list[_Slot] = attrs.field(factory=list)
    open: _Open = attrs.field(factory=_Open)
    by_id: defaultdict[str, _Open] = attrs.field(factory=lambda: defaultdict(_Open))
    by_name: defaultdict[str, _Open] = attrs.field(factory=lambda: defaultdict(_Open))
    without_id: defaultdict[str, _Open] = attrs.field(factory=lambda: defaultdict(_Open))  # by name

    def add(self, call: ToolCall) -> None:
        slot = _Slot(call)
        self.slots.append(slot)
        for each in (self.open, self.by_id[call.id], self.by_name[call.name]):
            each.add(slot)
        if not call.id:
            self.without_id[call.name].add(slot)


@attrs.define(kw_only=True)
class _Pairing:
    """Finds the call of each result, one turn after the other."""

    report: Report
    done: list[_Step | _Rest] = attrs.field(factory=list)
    _calling: _Step | None = None  # the last step with calls
    _by_id: dict[str, _Open] = attrs.field(factory=dict)  # the calls with this id in the last step that has some
    _loose: list[tuple[ToolResult, _Rest, int]] = attrs.field(factory=list)  # results without an id

    def take(self, turn: Turn) -> None:
        if turn.role == "assistant":
            self.end_stretch()
            self._take_calls(turn)
            return
        rest = _Rest(turn)
        self.done.append(rest)
        for at, part in enumerate(turn.parts):
            if isinstance(part, ToolResult):
                self._take_result(part, rest, at)

    def end_stretch(self) -> None:
        """Find calls for the results without an id: those of their name first, so that no other takes them away."""
        step = _Step() if self._calling is None else self._calling
        for by_name in (True, False):
            for result, home, at in self._loose:
                if at in home.instead or (by_name and not (result.name and result.name in step.by_name)):
                    continue
                slot = (step.by_name[result.name] if by_name else step.open).first()
                if slot is not None:
                    slot.fill(result, home, at)
        for result, home, at in self._loose:
            if at not in home.instead:
                home.instead[at] = self._as_text(result)
        self._loose = []

    def _take_calls(self, turn: Turn) -> None:
        last = self.done[-1] if self.done else None
        step = last if isinstance(last, _Step) else _Step()
        if step is not last:
            self.done.append(step)
        step.run.append(turn)
        for part in turn.parts:
            if not isinstance(part, ToolCall):
                continue
            step.add(part)
            self._calling = step
            self._by_id[part.id] = step.by_id[part.id]

    def _take_result(self, result: ToolResult, home: _Rest, at: int) -> None:
        if not result.call_id:
            self._loose.append((result, home, at))
            return
        calls = self._by_id.get(result.call_id)
        slot = self._without_id(result.name) if calls is None else calls.first() or calls.last
        if slot is None:
            home.instead[at] = self._as_text(result)
            return
        if slot.result is not None:
            self.report.lost(slot.result.at, "another result for the same call follows")
        slot.fill(result, home, at)

    def _without_id(self, name: str) -> _Slot | None:
        calls = None if self._calling is None else self._calling.without_id.get(name)
        return None if calls is None else calls.first()

    def _as_text(self, result: ToolResult) -> tuple[Part, ...]:
        self.report.mapped(result.at, "the result of a call that is not in the conversation is sent as text")
        label = "tool error" if result.error else "tool result"
        said = Text(text=f"[{label}: {result.name}]" if result.name else f"[{label}]", at=result.at)
        *before, last = (said, *result.parts)
        return (*before, last if result.cache is None else attrs.evolve(last, cache=result.cache))


def _written(done: Sequence[_Step | _Rest], report: Report) -> Iterator[Turn]:
    used: _Rest | None = None
    for at, each in enumerate(done):
        if isinstance(each, _Step):
            yield from each.run if not each.slots else [joined(each.run)]
            if each.slots:
                following = done[at + 1] if at + 1 < len(done) else None
                used = next((slot.home for slot in each.slots if slot.home is following), None)
                yield _results(each.slots, used, report)
        elif each is not used:
            left = each.left()
            if left or not each.turn.parts:
                yield each.turn if left is each.turn.parts else with_parts(each.turn, left)


def _results(slots: Sequence[_Slot], into: _Rest | None, report: Report) -> Turn:
    """Return the turn with the results of *slots*: *into* where one of them stands there, which is right behind the calls."""
    results = tuple(slot.written(report) for slot in slots)
    if into is not None:
        parts = (*results, *into.left())
        same = len(parts) == len(into.turn.parts) and all(a is b for a, b in zip(parts, into.turn.parts, strict=True))
        return into.turn if same else with_parts(into.turn, parts)
    at = next((slot.home.turn.at for slot in slots if slot.home is not None), "")
    return Turn(role="user", parts=results, at=at)


def _with_neighbours_joined(turns: Sequence[Turn]) -> Iterator[Turn]:
    """Join assistant turns that have become neighbours because all results between them have gone to their calls."""
    if not any(one.role == two.role == "assistant" for one, two in pairwise(turns)):
        yield from turns
        return
    for role, group in groupby(turns, lambda turn: turn.role):
        run = list(group)
        has_calls = role == "assistant" and any(isinstance(part, ToolCall) for turn in run for part in turn.parts)
        yield from [joined(run)] if has_calls else run
