"""Hides secrets in a text that comes in pieces, wherever they are cut. Pure.

The text is taken in blocks that do not depend on the pieces, so the same text gives the same result however it comes. Each is
looked at together with what stands around it, as far as the longest secret reaches: what begins in a block is known by its end,
and what is around it by its beginning.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import attrs

from korproxy.gateway.rule_set import RuleSet
from korproxy.kit.redacting import UNCHECKED, places
from korproxy.models.calls import Span

BLOCK = 16_384  # characters
AROUND = 256  # characters before a secret that tell that it is one: the name of a header, say


@attrs.define
class StreamRedactor:
    """Holds back what may be a part of a secret: a block and twice the longest one at most. Fails closed, block by block."""

    rules: RuleSet
    _held: str = attrs.field(default="", init=False, repr=False)
    _seen: str = attrs.field(default="", init=False, repr=False)  # before that, and gone already
    _reach: int = attrs.field(init=False)

    @_reach.default
    def _as_far_as_the_longest(self) -> int:
        return self.rules.longest + AROUND

    def feed(self, text: str) -> str:
        """Take *text*, and return what is sure by now."""
        self._held += text
        sure: list[str] = []
        while len(self._held) >= BLOCK + self._reach:
            sure.append(self._next(self._held[: BLOCK + self._reach], BLOCK))
        return "".join(sure)

    def finish(self) -> str:
        """Return the rest."""
        rest = self._next(self._held, len(self._held))
        self._held = self._seen = ""
        return rest

    def _next(self, window: str, block: int) -> str:
        """Return what is written in place of the first *block* characters of *window*, and of a secret that goes on behind."""
        text, begin = self._seen + window, len(self._seen)
        end = begin + block
        try:
            edits = _hidden(self.rules, text)
        except Exception:  # noqa: BLE001 -- whatever a rule does wrong, the text must not get out
            edits = [_Edit(begin, end, 0, UNCHECKED)]
        parts: list[str] = []
        done = begin
        for each in edits:
            if each.start < end and each.end > done:
                parts += text[done : each.start], each.replacement
                done = each.end
        end = max(done, end)
        parts.append(text[done:end])
        self._seen = text[:end][-self._reach :]
        self._held = self._held[end - begin :]
        return "".join(parts)


@attrs.frozen
class _Edit:
    """Characters *start* to *end* of a text are replaced; where two rules replace the same, the later one does."""

    start: int
    end: int
    number: int  # of the rule
    replacement: str


def _hidden(rules: RuleSet, text: str) -> Sequence[_Edit]:
    """Return what the rules, applied one after the other, replace in *text*, in order and apart."""
    edits: list[_Edit] = []
    for number, rule in enumerate(rules.applicable(text)):
        edited = _Edited(text, edits)
        found = [_Edit(*edited.origin(span), number, rule.replacement) for span in places(rule, edited.text)]
        edits = _joined([*edits, *found]) if found else edits
    return edits


class _Edited:
    """A text with its edits; knows where each of its characters was before."""

    def __init__(self, before: str, edits: Sequence[_Edit]) -> None:
        self._edits = edits
        self._begins: list[int] = []  # of each edit, here
        self._ends: list[int] = []
        parts: list[str] = []
        done = length = 0
        for each in edits:
            parts += before[done : each.start], each.replacement
            length += each.start - done
            self._begins.append(length)
            length += len(each.replacement)
            self._ends.append(length)
            done = each.end
        self.text = "".join([*parts, before[done:]])

    def origin(self, span: Span) -> Span:
        """Return the place before of what is here at *span*: an edit that is only in part in it counts as a whole."""
        start, end = span
        number = bisect_right(self._ends, start)
        inside = number < len(self._edits) and self._begins[number] <= start
        begin = self._edits[number].start if inside else self._shifted(start, number)
        number = bisect_left(self._begins, end)
        inside = number > 0 and end <= self._ends[number - 1]
        return begin, self._edits[number - 1].end if inside else max(begin, self._shifted(end, number))

    def _shifted(self, place: int, number: int) -> int:
        """Return where *place* was, which comes after so many edits."""
        return place + self._edits[number - 1].end - self._ends[number - 1] if number else place


def _joined(edits: Sequence[_Edit]) -> list[_Edit]:
    found: list[_Edit] = []
    for each in sorted(edits, key=lambda each: (each.start, each.end, each.number)):
        if found and each.start < found[-1].end:
            last = max(found[-1], each, key=lambda edit: edit.number)
            found[-1] = attrs.evolve(last, start=found[-1].start, end=max(found[-1].end, each.end))
        else:
            found.append(each)
    return found
