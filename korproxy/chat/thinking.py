"""How much to think, in other words; and whose thoughts may be sent where.

The table of budgets and levels is this project's reading of what vendors document: 1,024 tokens is the least that Messages
takes, 32,768 the most that Gemini 2.5 Pro does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import attrs

from korproxy.chat.conversation import EFFORTS, Conversation, Effort, Thinking, Turn
from korproxy.chat.parts import Part, Reasoning, Seal, ToolCall
from korproxy.chat.report import Report, child
from korproxy.chat.sequence import with_parts

BUDGETS: dict[Effort, int] = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 24576, "xhigh": 32000, "max": 64000}
_EFFORT_OF_BUDGET: tuple[tuple[float, Effort], ...] = (
    (0, "none"),
    (1024, "low"),
    (8192, "medium"),
    (24576, "high"),
    (float("inf"), "xhigh"),
)


def effort_of(thinking: Thinking) -> Effort | None:
    """Return the effort that is wished: as said, else read from the budget. None: as much as the model likes.

    Up to 1,024 tokens are ``low``, 8,192 ``medium``, 24,576 ``high``, more ``xhigh``; 0 is ``none``, less than 0 (Gemini's -1)
    as much as the model likes.
    """
    if thinking.effort is not None or thinking.budget is None or thinking.budget < 0:
        return thinking.effort
    return next(effort for most, effort in _EFFORT_OF_BUDGET if thinking.budget <= most)


def budget_of(thinking: Thinking) -> int | None:
    """Return the tokens that are wished: as said, else by ``BUDGETS``; 0 for ``none``. None: as many as the model likes."""
    if thinking.budget is not None:
        return thinking.budget if thinking.budget >= 0 else None
    if thinking.effort is None:
        return None
    return BUDGETS.get(thinking.effort, 0)


def nearest(effort: Effort, known: Sequence[str]) -> str:
    """Return the one of *known* (rising, not empty) that is nearest to *effort*; of two the lower one.

    ``none`` is only nearest to itself, or where nothing else is known.
    """
    if effort in known:
        return effort
    levels = [each for each in EFFORTS if each in known and each != "none"]
    place = EFFORTS.index(effort)
    return min(levels, key=lambda each: abs(EFFORTS.index(each) - place), default=known[0])


def nobody(seal: Seal) -> bool:
    """Say of any *seal* that it is not the provider's: it has refused what it was sent, and is asked again without."""
    del seal
    return False


def disowned(conversation: Conversation, own: Callable[[Seal], bool]) -> Conversation:
    """Return *conversation* with every seal that is not *own* as nobody's.

    Its family is empty then, so that ``own_reasoning`` does with it, and reports, what it does with another vendor's.
    """
    if not any(_is_sealed(part) for turn in conversation.turns if turn.role == "assistant" for part in turn.parts):
        return conversation
    turns = tuple(_disowned(each, own) if each.role == "assistant" else each for each in conversation.turns)
    if all(new is old for new, old in zip(turns, conversation.turns, strict=True)):
        return conversation
    return attrs.evolve(conversation, turns=turns)


def _disowned(turn: Turn, own: Callable[[Seal], bool]) -> Turn:
    parts = tuple(_as_nobodys(each, own) for each in turn.parts)
    return turn if all(new is old for new, old in zip(parts, turn.parts, strict=True)) else with_parts(turn, parts)


def _is_sealed(part: Part) -> bool:
    return isinstance(part, (Reasoning, ToolCall)) and part.seal is not None


def _as_nobodys(part: Part, own: Callable[[Seal], bool]) -> Part:
    if not isinstance(part, (Reasoning, ToolCall)) or part.seal is None or own(part.seal):
        return part
    return attrs.evolve(part, seal=attrs.evolve(part.seal, family=""))


def own_reasoning(
    conversation: Conversation, family: str, report: Report, *, plain: Literal["keep", "drop"] = "drop"
) -> Conversation:
    """Return *conversation* with only such reasoning as *family* may be sent.

    Sealed by *family*: kept. Anything else: where *plain* is ``keep`` its text stays, without its seal; else it goes, reported
    as lost. Reasoning with neither text nor a seal of *family* goes always. Seals of calls that are another family's go too.
    A turn that is left without parts goes. An empty *family* owns nothing.
    """
    owning = _Owning(family=family, keep=plain == "keep", report=report)
    turns = []
    for turn in conversation.turns:
        if turn.role != "assistant":
            turns.append(turn)
            continue
        parts = tuple(new for each in turn.parts if (new := owning.of(each)) is not None)
        if len(parts) == len(turn.parts) and all(new is old for new, old in zip(parts, turn.parts, strict=True)):
            turns.append(turn)
        elif parts:
            turns.append(with_parts(turn, parts))
    if len(turns) == len(conversation.turns) and all(a is b for a, b in zip(turns, conversation.turns, strict=True)):
        return conversation
    return attrs.evolve(conversation, turns=tuple(turns))


@attrs.frozen(kw_only=True)
class _Owning:
    family: str
    keep: bool
    report: Report

    def of(self, part: Part) -> Part | None:
        """Return *part* as *family* may have it; None: not at all."""
        if isinstance(part, ToolCall):
            if part.seal is None or self._owns(part.seal):
                return part
            self._unsealed(part.seal.at, part.at)
            return attrs.evolve(part, seal=None)
        if not isinstance(part, Reasoning) or self._owns(part.seal):
            return part
        if not (self.keep and part.text):
            self.report.lost(part.at, "reasoning that the provider would not take back: it is not its own")
            return None
        if part.seal is None:
            return part
        self._unsealed(part.seal.at or (child(part.at, "signature") if part.at else ""), part.at)
        return attrs.evolve(part, seal=None, redacted=False)

    def _owns(self, seal: Seal | None) -> bool:
        return seal is not None and seal.family == self.family != ""

    def _unsealed(self, seal_at: str, part_at: str) -> None:
        if seal_at:
            self.report.lost(seal_at, "only the vendor that made this mark can read it")
        else:
            self.report.mapped(part_at, "sent without its vendor's mark, which only that vendor can read")
