"""How much to think, in other words; and whose thoughts may be sent where.

The table of budgets and levels is this project's reading of what vendors document: 1,024 tokens is the least that Messages
takes, 32,768 the most that Gemini 2.5 Pro does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from korproxy.chat.conversation import Conversation, Effort, Thinking
from korproxy.chat.report import Report

BUDGETS: dict[Effort, int] = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 24576, "xhigh": 32000, "max": 64000}


def effort_of(thinking: Thinking) -> Effort | None:
    """Return the effort that is wished: as said, else read from the budget (up to 1,024 ``low``, 8,192 ``medium``, 24,576
    ``high``, above ``xhigh``; 0 ``none``). None: as much as the model likes.
    """
    raise NotImplementedError


def budget_of(thinking: Thinking) -> int | None:
    """Return the tokens that are wished: as said, else by ``BUDGETS``; 0 for ``none``. None: as many as the model likes."""
    raise NotImplementedError


def nearest(effort: Effort, known: Sequence[str]) -> str:
    """Return the one of *known* (rising, not empty) that is nearest to *effort*; of two the lower one; ``none`` only for itself
    or where nothing else is known.
    """
    raise NotImplementedError


def own_reasoning(
    conversation: Conversation, family: str, report: Report, *, plain: Literal["keep", "drop"] = "drop"
) -> Conversation:
    """Return *conversation* with only such reasoning as *family* may be sent.

    Sealed by *family*: kept. Anything else: where *plain* is ``keep`` its text stays, without its seal; else it goes, reported
    as lost. Reasoning with neither text nor a seal of *family* goes always. Seals of calls that are another family's go too.
    A turn that is left without parts goes. An empty *family* owns nothing.
    """
    raise NotImplementedError
