"""Why an answer ended, in this format's words and in those of servers that copy it."""

from __future__ import annotations

from collections.abc import Mapping

from korproxy.api import chat

_REASONS: Mapping[str, chat.Reason] = {
    "stop": "end",
    "eos": "end",
    "eos_token": "end",
    "stop_sequence": "stop_sequence",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tools",
    "function_call": "tools",
    "content_filter": "refusal",
    "sensitive": "refusal",  # GLM
}
_WORDS: Mapping[chat.Reason, str] = {
    "end": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tools": "tool_calls",
    "refusal": "content_filter",
    "context": "length",
    "pause": "stop",
}
# Words by which servers say that they broke off. DeepSeek says the first one, GLM the second.
_FAILURES: Mapping[str, tuple[chat.ErrorKind, int]] = {
    "insufficient_system_resource": ("overloaded", 503),
    "network_error": ("server", 502),
    "error": ("server", 502),
}


def read_ending(word: object, *, refused: bool) -> chat.Ending:
    """Return what a ``finish_reason`` says; an unknown word is a natural end.

    Args:
        word: As it came; it may be null.
        refused: Whether the answer has the text of a refusal: OpenAI says ``stop`` of it.
    """
    said = word.lower() if isinstance(word, str) else ""
    reason = _REASONS.get(said, "end")
    if refused and reason == "end":
        reason = "refusal"
    category = said if reason == "refusal" and said == "sensitive" else None
    return chat.Ending(reason=reason, category=category)


def failure_of(word: object) -> chat.ProviderError | None:
    """Return the error that a ``finish_reason`` stands for; None where it stands for an end."""
    if not isinstance(word, str) or word.lower() not in _FAILURES:
        return None
    kind, status = _FAILURES[word.lower()]
    message = f"The provider broke off its answer and gave {word} as the reason."
    return chat.ProviderError(status=status, kind=kind, message=message, type=word)


def write_ending(ending: chat.Ending, *, legacy: bool = False) -> str:
    """Return the ``finish_reason`` for *ending*; *legacy*: calls are told in the form before tools."""
    return "function_call" if legacy and ending.reason == "tools" else _WORDS[ending.reason]
