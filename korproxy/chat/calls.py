"""Ids and names of tool calls: what a target forbids is changed, the same way each time, and names can be given back.

Facts: Chat takes names of 64 characters ``A-Za-z0-9_-``, Messages of 128 and ids of the same characters, each only once in a
conversation; Gemini takes names that begin with a letter or ``_`` and may hold ``. : -`` too.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

import attrs

from korproxy.chat.answer import Answer
from korproxy.chat.conversation import Conversation, Tool
from korproxy.chat.events import CallStarted, Event
from korproxy.chat.parts import Part, ToolCall, ToolResult
from korproxy.chat.report import Report

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]")
_FITTING = re.compile(r"[A-Za-z0-9_-]+")


@attrs.frozen(kw_only=True)
class NameRule:
    """Which names of tools a format takes: so many characters of these; and whether the first may be a digit or a ``-``.

    Letters, digits and ``_`` are always among ``characters``, letters among ``first``; ``longest`` is 16 or more.
    """

    longest: int
    characters: str = "A-Za-z0-9_-"
    first: str = "A-Za-z0-9_-"


def fit_names(conversation: Conversation, rule: NameRule, report: Report) -> tuple[Conversation, Mapping[str, str]]:
    """Return *conversation* with names of tools that *rule* takes, everywhere they stand, and the new name -> the client's.

    Names that fit stay. Others keep what can be kept, and end in a hash of the whole, because two might meet: so the same name
    becomes the same, whichever tools stand beside it in this request or the next. Renamings are reported as mapped.
    """
    fits, forbidden = _patterns(rule)
    used = dict.fromkeys(_names(conversation))
    unfit = [each for each in used if not fits(each)]
    if not unfit:
        return conversation, {}
    taken = _Taken(ids=set(used), longest=rule.longest)
    given: dict[str, str] = {}
    for each in unfit:
        stem = forbidden.sub("_", each)
        stem = stem if fits(stem[:1]) else f"tool_{stem}".rstrip("_")
        given[each] = taken.unlike(stem, each)
    return _renamed(conversation, given, report), {new: old for old, new in given.items()}


def rename_event(event: Event, names: Mapping[str, str]) -> Event:
    """Return *event* with the client's own name of the tool that is called; *names* is ``Written.names``."""
    if not names or not isinstance(event, CallStarted) or event.name not in names:
        return event
    return attrs.evolve(event, name=names[event.name])


def rename_answer(answer: Answer, names: Mapping[str, str]) -> Answer:
    """Return *answer* with the client's own names of the tools that are called; *names* is ``Written.names``."""
    if not names:
        return answer

    def own(part: Part) -> Part:
        return attrs.evolve(part, name=names.get(part.name, part.name)) if isinstance(part, ToolCall) else part

    return attrs.evolve(answer, parts=tuple(own(each) for each in answer.parts))


def fit_ids(conversation: Conversation, *, longest: int = 64) -> Conversation:
    """Return *conversation* with ids of calls of ``[A-Za-z0-9_-]``, 1 to *longest* of them, in calls and in their results.

    Each id stands for one call only. Ids that fit stay, unless an earlier call has the same one. ``fs.readFile:0`` becomes
    ``fs_readFile_0``; a hash is added where two would meet, and to an id that comes back in a later turn (its results follow
    it). An empty id is made up from the call's place, and given to the next result without id. *longest* is 16 or more.

    Deterministic, and what is appended to a conversation changes nothing before it: caches and pairs depend on both.
    """
    if _all_fit(conversation, longest):
        return conversation
    ids = _Ids(longest=longest)
    turns = []
    for turn in conversation.turns:
        ids.step += turn.role != "assistant"
        parts = tuple(ids.fitted(each) for each in turn.parts)
        same = all(new is old for new, old in zip(parts, turn.parts, strict=True))
        turns.append(turn if same else attrs.evolve(turn, parts=parts))
    return attrs.evolve(conversation, turns=tuple(turns))


def fit_id(id: str, *, longest: int = 64) -> str:  # noqa: A002
    """Return one *id* in the characters ``[A-Za-z0-9_-]``, without a look at others; empty stays empty.

    One that is too long ends in a hash of the whole.
    """
    fitted = id if _FITTING.fullmatch(id) else _FORBIDDEN.sub("_", id)
    return fitted if len(fitted) <= longest else _hashed(fitted, id, longest)


@attrs.define(kw_only=True)
class _Taken:
    """Which ids, or names, are given away."""

    longest: int
    ids: set[str] = attrs.field(factory=set)
    _counts: dict[str, int] = attrs.field(factory=dict)  # how many were asked for in place of one: looking for each takes long

    def unlike(self, stem: str, whole: str) -> str:
        """Return *stem* with a hash of *whole* at its end, or of *whole* and a number where that is taken; it is taken then."""
        new = ""
        while not new or new in self.ids:
            count = self._counts.get(whole, 0)
            self._counts[whole] = count + 1
            new = _hashed(stem, f"{count}:{whole}" if count else whole, self.longest)
        self.ids.add(new)
        return new


@attrs.define
class _Ids:
    """Which ids are given away, and which call the next result with an id belongs to."""

    longest: int
    step: int = 0  # rises where an assistant's turn may begin
    _calls: int = 0
    _taken: _Taken = attrs.field(default=attrs.Factory(lambda self: _Taken(longest=self.longest), takes_self=True))
    _latest: dict[str, tuple[int, deque[str]]] = attrs.field(factory=dict)  # id -> its last step, new ids of its calls there

    def fitted(self, part: Part) -> Part:
        if isinstance(part, ToolCall):
            new = self._new(part.id, f"call_{self._calls}")
            self._calls += 1
            step, waiting = self._latest.get(part.id, (-1, deque()))
            if step == self.step:
                waiting.append(new)
            else:
                self._latest[part.id] = (self.step, deque([new]))
            return part if new == part.id else attrs.evolve(part, id=new)
        if isinstance(part, ToolResult):
            new = self._of_result(part.call_id)
            return part if new == part.call_id else attrs.evolve(part, call_id=new)
        return part

    def _of_result(self, old: str) -> str:
        if old not in self._latest:  # of no call: pairs are not made here, but the id has to fit all the same
            return fit_id(old, longest=self.longest) or f"result_{self._calls}"
        waiting = self._latest[old][1]
        return waiting.popleft() if len(waiting) > 1 else waiting[0]

    def _new(self, old: str, place: str) -> str:
        stem = fit_id(old, longest=self.longest) or place
        if stem in self._taken.ids:
            return self._taken.unlike(stem, old or place)
        self._taken.ids.add(stem)
        return stem


def _all_fit(conversation: Conversation, longest: int) -> bool:
    parts = [each for turn in conversation.turns for each in turn.parts]
    calls = [each.id for each in parts if isinstance(each, ToolCall)]
    ids = {*calls, *(each.call_id for each in parts if isinstance(each, ToolResult))}
    return len(set(calls)) == len(calls) and all(len(each) <= longest and _FITTING.fullmatch(each) for each in ids)


def _hashed(stem: str, whole: str, longest: int) -> str:
    digest = hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{stem[: longest - len(digest) - 1]}_{digest}"


@lru_cache(maxsize=32)
def _patterns(rule: NameRule) -> tuple[Callable[[str], re.Match[str] | None], re.Pattern[str]]:
    fits = re.compile(f"[{rule.first}][{rule.characters}]{{0,{rule.longest - 1}}}")
    return fits.fullmatch, re.compile(f"[^{rule.characters}]")


def _names(conversation: Conversation) -> Iterator[str]:
    for tool in conversation.functions:
        yield tool.name
    if conversation.choice is not None:
        yield from conversation.choice.names
    for turn in conversation.turns:
        for part in turn.parts:
            if isinstance(part, ToolCall) or (isinstance(part, ToolResult) and part.name):
                yield part.name


def _renamed(conversation: Conversation, given: Mapping[str, str], report: Report) -> Conversation:
    def told(at: str, old: str) -> str:
        report.mapped(at, f"the tool is called {given[old]}: the provider does not take its name")
        return given[old]

    def part(each: Part) -> Part:
        if isinstance(each, ToolCall) and each.name in given:
            return attrs.evolve(each, name=told(each.at, each.name))
        if isinstance(each, ToolResult) and each.name in given:  # it says no more than its call, where it is noted
            return attrs.evolve(each, name=given[each.name])
        return each

    tools = tuple(
        attrs.evolve(each, name=told(each.at, each.name)) if isinstance(each, Tool) and each.name in given else each
        for each in conversation.tools
    )
    choice = conversation.choice
    if choice is not None and any(each in given for each in choice.names):
        names = tuple(told(choice.at, each) if each in given else each for each in choice.names)
        choice = attrs.evolve(choice, names=names)
    turns = tuple(attrs.evolve(turn, parts=tuple(part(each) for each in turn.parts)) for turn in conversation.turns)
    return attrs.evolve(conversation, tools=tools, choice=choice, turns=turns)
