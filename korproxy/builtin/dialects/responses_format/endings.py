"""Why an answer ended, in this format's words: a status, and of an incomplete answer a reason.

There is no word for stop sequences, calls and pauses: they complete an answer. Refusals have two forms: words of the model, in
a part of their own of a complete answer, and a filter's, which leaves the answer incomplete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from korproxy.api import chat

_REASONS: Mapping[str, chat.Reason] = {"max_output_tokens": "length", "content_filter": "refusal"}
_CUT: Mapping[chat.Reason, str] = {
    "length": "max_output_tokens",
    "context": "max_output_tokens",
    "refusal": "content_filter",
}


def read_ending(response: Mapping[str, Any], *, refused: bool) -> chat.Ending:
    """Return what *response*, which has ended, says. Whatever else made it incomplete has cut it off like a limit of tokens.

    Args:
        response: The response object.
        refused: Whether the model has said in words that it refuses.
    """
    if response.get("status") != "incomplete":
        return chat.Ending(reason="refusal" if refused else "end")
    details = response.get("incomplete_details")
    word = details.get("reason") if isinstance(details, dict) else None
    reason = _REASONS.get(word, "length") if isinstance(word, str) else "length"
    return chat.Ending(reason=reason, category=word if reason == "refusal" else None)


def incomplete_reason(ending: chat.Ending, *, refused: bool, output: Iterable[Mapping[str, Any]] = ()) -> str | None:
    """Return why an answer that ended so is incomplete; None: it is complete.

    Args:
        ending: Why it ended.
        refused: As above.
        output: Its items: where one is not complete, the answer is not either.
    """
    if refused and ending.reason == "refusal" and all(each.get("status") != "incomplete" for each in output):
        return None
    return _CUT.get(ending.reason)


def unsaid(ending: chat.Ending, *, refused: bool) -> str:
    """Return why it was refused, where the answer has no words of it yet: it must not look like an empty success."""
    return ending.explanation or "" if ending.reason == "refusal" and not refused else ""
