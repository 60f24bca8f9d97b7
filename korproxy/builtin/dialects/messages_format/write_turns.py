"""Turns in the order that Anthropic demands: the user first, in turns, every result right behind its call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.messages_format.seals import FAMILY

FIRST = "."  # what a user says who has not said anything: an empty text is refused
LAST = "Continue."
_ATTRIBUTION = "x-anthropic-billing-header:"


def arrange(
    conversation: chat.Conversation, abilities: Abilities, report: chat.Report
) -> tuple[Sequence[chat.Turn], Sequence[chat.Turn]]:
    """Return the system turns in front, and the others as they can be sent, but for the last one (see ``end_with_user``)."""
    own = chat.own_reasoning(conversation, FAMILY, report)
    turns = [_cleaned(each, report) for each in own.turns]
    for turn in turns:
        if turn.name is not None and turn.at:
            report.lost(chat.child(turn.at, "name"), "Anthropic's API has no names of participants")
    front, rest = chat.in_front(turns)
    front = [_without_attribution(each, abilities, report) for each in front]
    rest = chat.pair_results(rest, report)
    rest = chat.fit_ids(attrs.evolve(own, turns=rest)).turns  # only now: where there are no ids, the names make the pairs
    if not abilities.system_turns:
        rest = chat.remind(rest, report)
    return front, _begin_with_user(chat.merge(rest), report)


def end_with_user(turns: Sequence[chat.Turn], report: chat.Report, *, prefill: bool) -> Sequence[chat.Turn]:
    """Return *turns* so that they may end as they do: newer models, and all that think, go on with nobody's words.

    Args:
        prefill: The model may go on with them.
    """
    last = turns[-1]
    if last.role != "assistant":
        return turns
    if not prefill:
        report.mapped(last.at, f"a user who says {LAST!r} follows: this model does not go on with given words")
        return [*turns, chat.Turn(role="user", parts=(chat.Text(text=LAST),))]
    part = last.parts[-1]
    if isinstance(part, chat.Text) and part.text != part.text.rstrip():
        report.mapped(part.at, "without the white space at its end, which Anthropic refuses")
        part = attrs.evolve(part, text=part.text.rstrip())
        return [*turns[:-1], attrs.evolve(last, parts=(*last.parts[:-1], part))]
    return turns


def is_unsealed(turns: Sequence[chat.Turn]) -> bool:
    """Whether the last turn of the assistant has calls, and does not begin with the thinking that led to them."""
    last = next((each for each in reversed(turns) if each.role == "assistant"), None)
    if last is None or not any(isinstance(part, chat.ToolCall) for part in last.parts):
        return False
    return not isinstance(last.parts[0], chat.Reasoning)


def _begin_with_user(turns: Sequence[chat.Turn], report: chat.Report) -> Sequence[chat.Turn]:
    if turns and turns[0].role != "assistant":
        return turns
    if turns:
        report.mapped(turns[0].at, f"a user who says {FIRST!r} stands before it: Anthropic begins with the user")
    return [chat.Turn(role="user", parts=(chat.Text(text=FIRST),)), *turns]


def _cleaned(turn: chat.Turn, report: chat.Report) -> chat.Turn:
    """Return *turn* without what Anthropic refuses: blank texts, anything but text of the system, pictures of the assistant."""
    parts = tuple(_speaking(turn.parts, report))
    if turn.role == "assistant":
        parts = tuple(_told(each, report) if isinstance(each, (chat.Image, chat.Document)) else each for each in parts)
    if turn.role == "system":
        for part in parts:
            if not isinstance(part, chat.Text):
                report.lost(part.at, "Anthropic's API takes text only in a system prompt")
        parts = tuple(each for each in parts if isinstance(each, chat.Text))
    return turn if parts == turn.parts else attrs.evolve(turn, parts=parts)


def _told(part: chat.Image | chat.Document, report: chat.Report) -> chat.Text:
    """Return a text in the place of something that the assistant made."""
    what = "image" if isinstance(part, chat.Image) else "document"
    report.lost(part.at, f"Anthropic's API takes no {what} of the assistant's; it is told that there was one")
    return chat.Text(text=f"[{what}]", at=part.at)


def _speaking(parts: Sequence[chat.Part], report: chat.Report) -> Iterator[chat.Part]:
    for part in parts:
        if _is_blank(part):
            report.lost(part.at, "holds no text, and Anthropic refuses that")
        elif isinstance(part, chat.ToolResult) and any(_is_blank(each) for each in part.parts):
            kept = tuple(each for each in part.parts if not _is_blank(each))
            yield attrs.evolve(part, parts=kept)
        else:
            yield part


def _is_blank(part: chat.Part) -> bool:
    match part:
        case chat.Text(text=text) | chat.Refusal(text=text):
            return not text.strip()
        case chat.Document(blob=None, text=text):
            return not (text or "").strip()
        case _:
            return False


def _without_attribution(turn: chat.Turn, abilities: Abilities, report: chat.Report) -> chat.Turn:
    """Return *turn* without the line in which Claude Code says who pays: for others it only changes with every request."""
    first = turn.parts[0] if turn.parts else None
    if abilities.family == FAMILY or not isinstance(first, chat.Text) or not first.text.startswith(_ATTRIBUTION):
        return turn
    report.lost(first.at, "is meant for Anthropic only")
    return attrs.evolve(turn, parts=turn.parts[1:])
