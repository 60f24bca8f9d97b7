"""An answer as a whole, and an error, in no format. Frozen and pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

from korproxy.chat.parts import Part
from korproxy.models.outcome import Usage

# Why an answer ended. Chat finish_reason: stop, stop, length, tool_calls, content_filter, length, stop. Messages stop_reason:
# end_turn, stop_sequence, max_tokens, tool_use, refusal, model_context_window_exceeded, pause_turn. Gemini has STOP for the
# first, second and fourth. Responses has status completed, or incomplete with a reason.
Reason: TypeAlias = Literal["end", "stop_sequence", "length", "tools", "refusal", "context", "pause"]


@attrs.frozen(kw_only=True)
class Ending:
    """Why an answer ended.

    Attributes:
        stop_sequence: Which one it was, where the provider says so.
        explanation: Why it was refused, where the provider says so.
        category: The vendor's own word for what was refused (``cyber``, ``SAFETY``).
    """

    reason: Reason
    stop_sequence: str | None = None
    explanation: str | None = None
    category: str | None = None


@attrs.frozen(kw_only=True)
class Answer:
    """A whole answer. ``id`` is the provider's own, ``model`` the name the provider gives itself; both may be empty."""

    id: str = ""
    model: str = ""
    parts: tuple[Part, ...] = ()
    ending: Ending
    usage: Usage = attrs.field(factory=Usage)


# The kinds of errors that vendors tell apart; each format has its words and its statuses for them.
ErrorKind: TypeAlias = Literal[
    "invalid",
    "authentication",
    "billing",
    "permission",
    "not_found",
    "too_large",
    "rate_limit",
    "overloaded",
    "server",
    "timeout",
]
# What a status alone says, of whichever vendor it is.
ERROR_KINDS: Mapping[int, ErrorKind] = {
    401: "authentication",
    402: "billing",
    403: "permission",
    404: "not_found",
    408: "timeout",
    413: "too_large",
    429: "rate_limit",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}


def error_kind(status: int) -> ErrorKind:
    """Return the kind of an error of which only the *status* is known."""
    return ERROR_KINDS.get(status) or ("server" if status >= 500 else "invalid")


@attrs.frozen(kw_only=True)
class ProviderError:
    """A provider's own error, read from its body or from an event of its stream.

    Attributes:
        status: The HTTP status it came with, or the one its words stand for.
        message: The provider's own words, unchanged: tools match them.
        type: The vendor's word for the kind, e.g. ``invalid_request_error``, ``RESOURCE_EXHAUSTED``; empty if it says none.
        code: A finer code, as a text.
        param: Which parameter is wrong.
        retry_after: Seconds the provider asks to wait.
    """

    status: int
    kind: ErrorKind
    message: str
    type: str = ""
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None
