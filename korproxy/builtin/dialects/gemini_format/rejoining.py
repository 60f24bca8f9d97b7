"""Thoughts of other vendors' models come back in pieces: they are put together again as they were sealed.

A client of this format keeps every event of a stream as parts, or even as contents, of their own: the pieces of a thought, and
then a part with nothing but the seal, which KorProxy has tagged with whose it is. What was sealed is the whole text.
Google's own
seals stay with the part that bears them (ai.google.dev/gemini-api/docs/thought-signatures).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.seals import FAMILY


def rejoined(turns: Sequence[chat.Turn]) -> tuple[chat.Turn, ...]:
    """Return *turns* with each thought that another vendor has sealed as one part; a turn of which nothing is left is gone."""
    parts: list[list[chat.Part | None]] = [list(turn.parts) for turn in turns]
    for at, turn in enumerate(turns):
        for place, part in enumerate(turn.parts):
            if turn.role == "assistant" and _closes(part):
                pieces = _taken(turns, parts, at, place)
                text, stood = "".join(each.text for each in pieces), pieces[0].at if pieces else part.at
                parts[at][place] = attrs.evolve(part, text=text, at=stood)
    kept = [tuple(each for each in left if each is not None) for left in parts]
    return tuple(
        turn if len(left) == len(turn.parts) and left == turn.parts else attrs.evolve(turn, parts=left)
        for turn, left in zip(turns, kept, strict=True)
        if left or not turn.parts
    )


def _closes(part: chat.Part) -> TypeGuard[chat.Reasoning]:
    if not isinstance(part, chat.Reasoning) or part.text or part.redacted or part.seal is None:
        return False
    return part.seal.family != FAMILY


def _taken(turns: Sequence[chat.Turn], parts: list[list[chat.Part | None]], at: int, place: int) -> Sequence[chat.Reasoning]:
    """Take the pieces in front of *place* out of *parts*, as far back as there is nothing else; return them."""
    taken: list[chat.Reasoning] = []
    while True:
        place -= 1
        while place < 0:
            at -= 1
            if at < 0 or turns[at].role != "assistant":
                return taken[::-1]
            place = len(parts[at]) - 1
        piece = parts[at][place]
        if not isinstance(piece, chat.Reasoning) or piece.seal is not None:
            return taken[::-1]
        taken.append(piece)
        parts[at][place] = None
