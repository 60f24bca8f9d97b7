"""Why an answer ended, in Gemini's words.

Facts: ``FinishReason`` and ``BlockedReason`` of google-genai 3.4. There is no word for tool calls: they end with ``STOP``. Some
words mean that the model's output could not be used, so that a new try may help: these are errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from korproxy.api import chat

_REASONS: Mapping[str, chat.Reason] = {"STOP": "end", "MAX_TOKENS": "length", "CONTINUATION": "pause"}
_BROKEN = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "TOO_MANY_TOOL_CALLS",
        "UNEXPECTED_TOOL_CALL",
    }
)
_WORDS: Mapping[chat.Reason, str] = {
    "end": "STOP",
    "stop_sequence": "STOP",
    "tools": "STOP",
    "length": "MAX_TOKENS",
    "context": "MAX_TOKENS",
    "refusal": "SAFETY",
    "pause": "STOP",
}
# Google's words for refusals. A client that reads one of these again knows what it means.
_REFUSALS = frozenset(
    {
        "BLOCKLIST",
        "ESCALATION",
        "IMAGE_OTHER",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_SAFETY",
        "LANGUAGE",
        "MODEL_ARMOR",
        "NO_IMAGE",
        "OTHER",
        "PROHIBITED_CONTENT",
        "PUP_LIMITED_DISABLED",
        "RECITATION",
        "SAFETY",
        "SPII",
    }
)


def read_finish(reason: object, message: object) -> chat.Ending | chat.ProviderError | None:
    """Return what ``finishReason`` *reason* with ``finishMessage`` *message* means; None: the answer goes on.

    A word that nobody knows is a refusal of that name: an end it is, and no success.
    """
    if not isinstance(reason, str) or reason in {"", "FINISH_REASON_UNSPECIFIED"}:
        return None
    explanation = message if isinstance(message, str) and message else None
    if reason in _BROKEN:
        text = explanation or f"Gemini ended its answer with {reason}: what the model wrote could not be used. Try again."
        return chat.ProviderError(status=500, kind="server", message=text, type=reason)
    if reason in _REASONS:
        return chat.Ending(reason=_REASONS[reason])
    return chat.Ending(reason="refusal", explanation=explanation, category=reason)


def read_block(feedback: object) -> chat.Ending | None:
    """Return what a ``promptFeedback`` means: None where the prompt is not blocked."""
    if not isinstance(feedback, dict):
        return None
    reason = feedback.get("blockReason") or feedback.get("block_reason")
    if not isinstance(reason, str) or reason == "BLOCKED_REASON_UNSPECIFIED":
        return None
    message = feedback.get("blockReasonMessage") or feedback.get("block_reason_message")
    explanation = message if isinstance(message, str) else f"The prompt was blocked by Gemini: {reason}."
    return chat.Ending(reason="refusal", explanation=explanation, category=reason)


def write_finish(ending: chat.Ending) -> Mapping[str, str]:
    """Return *ending* as members of a candidate."""
    word = _WORDS[ending.reason]
    if ending.reason == "refusal" and ending.category in _REFUSALS:
        word = ending.category
    said = {"finishReason": word}
    if ending.reason == "refusal" and ending.explanation:
        said["finishMessage"] = ending.explanation
    return said
