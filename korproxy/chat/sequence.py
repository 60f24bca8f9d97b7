"""The order of turns, where a format is strict about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

import attrs

from korproxy.chat.conversation import Turn
from korproxy.chat.parts import Part, Text, ToolResult
from korproxy.chat.report import Report

_REMINDER = "<system-reminder>\n{}\n</system-reminder>"


def merge(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return *turns* without neighbours of one role (``system`` aside) and without empty turns: their parts come together.

    Name and place are those of the first: who has to report the names of the others does it before.
    """
    full = [each for each in turns if each.parts]
    if all(one.role != two.role or one.role == "system" for one, two in pairwise(full)):
        return tuple(full)
    runs: list[list[Turn]] = []
    for turn in full:
        if runs and runs[-1][0].role == turn.role != "system":
            runs[-1].append(turn)
        else:
            runs.append([turn])
    return tuple(joined(each) for each in runs)


def joined(run: Sequence[Turn]) -> Turn:
    """Return the turns of *run* as one, with name and place of the first."""
    return run[0] if len(run) == 1 else with_parts(run[0], tuple(part for turn in run for part in turn.parts))


def with_parts(turn: Turn, parts: tuple[Part, ...]) -> Turn:
    """Return *turn* with other *parts*; three times as fast as ``attrs.evolve``, and histories are long."""
    return Turn(role=turn.role, parts=parts, name=turn.name, at=turn.at)


def in_front(turns: Sequence[Turn]) -> tuple[Sequence[Turn], Sequence[Turn]]:
    """Return the system turns that stand in front of everything else, and all turns that follow."""
    count = sum(1 for _ in takewhile(lambda turn: turn.role == "system", turns))
    return turns[:count], turns[count:]


def remind(turns: Sequence[Turn], report: Report) -> tuple[Turn, ...]:
    """Return *turns* with each later system turn as ``<system-reminder>`` text in the user's turn behind it.

    For formats that take system text only in front. What stands in front stays there; the rest stays at its place, so that
    caches of the prefix hold: in front of the user's other text, behind tool results where the next turn begins with them; a
    turn of its own where the next one is not a user's. Reported as mapped.
    """
    front, rest = in_front(turns)
    if all(each.role != "system" for each in rest):
        return tuple(turns)
    done = [*front]
    waiting: list[Turn] = []
    for turn in rest:
        if turn.role == "system":
            waiting.append(turn)
        elif waiting:
            done += _with_reminders(waiting, turn, report)
            waiting = []
        else:
            done.append(turn)
    if waiting:
        done += _with_reminders(waiting, None, report)
    return tuple(done)


def _with_reminders(said: Sequence[Turn], following: Turn | None, report: Report) -> Iterator[Turn]:
    reminders = tuple(each for turn in said for each in _reminders(turn, report))
    if following is not None and following.role == "user":
        results = sum(1 for _ in takewhile(lambda part: isinstance(part, ToolResult), following.parts))
        parts = (*following.parts[:results], *reminders, *following.parts[results:])
        yield with_parts(following, parts)
        return
    if reminders:
        yield Turn(role="user", parts=reminders, at=said[0].at)
    if following is not None:
        yield following


def _reminders(turn: Turn, report: Report) -> Iterator[Part]:
    report.mapped(turn.at, "system text between turns is sent as a reminder in a turn of the user")
    for part in turn.parts:
        if isinstance(part, Text) and part.text:
            yield attrs.evolve(part, text=_REMINDER.format(part.text))
        elif not isinstance(part, Text):
            yield part
