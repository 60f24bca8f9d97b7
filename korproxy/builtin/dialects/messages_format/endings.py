"""Why an answer ended, in this format's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from korproxy.api import chat

_REASONS: Mapping[str, chat.Reason] = {
    "end_turn": "end",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "tool_use": "tools",
    "refusal": "refusal",
    "model_context_window_exceeded": "context",
    "pause_turn": "pause",
}
_WORDS = {reason: word for word, reason in _REASONS.items()}


def read_ending(said: Mapping[str, Any]) -> chat.Ending:
    """Return what *said*, a message or the ``delta`` of its end, says. A word nobody knows is a natural end."""
    details = said.get("stop_details")
    details = details if isinstance(details, dict) else {}
    return chat.Ending(
        reason=_REASONS.get(str(said.get("stop_reason")), "end"),
        stop_sequence=_text(said.get("stop_sequence")),
        explanation=_text(details.get("explanation")),
        category=_text(details.get("category")),
    )


def write_ending(ending: chat.Ending) -> Mapping[str, Any]:
    """Return *ending* as the members of a message, or of the ``delta`` of its end."""
    said: dict[str, Any] = {"stop_reason": _WORDS[ending.reason], "stop_sequence": ending.stop_sequence}
    if ending.reason == "refusal":
        details = {"type": "refusal", "category": ending.category, "explanation": ending.explanation}
        said["stop_details"] = details
    return said


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
