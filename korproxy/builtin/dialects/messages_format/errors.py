"""Errors of providers, read and written.

Facts: ``anthropic/_error_classes.py`` of Anthropic's Python SDK 2.12, its error reference, and the shapes in which servers that
copy the format wrap errors: in a list, in ``detail``, as JSON inside a message (Vertex AI), or as a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from korproxy.api import Headers, chat, error_words, innermost_error, json_bytes, read_refusal

_KINDS: Mapping[str, chat.ErrorKind] = {
    "invalid_request_error": "invalid",
    "authentication_error": "authentication",
    "billing_error": "billing",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "request_too_large": "too_large",
    "rate_limit_error": "rate_limit",
    "overloaded_error": "overloaded",
    "api_error": "server",
    "timeout_error": "timeout",
}
_TYPES = {kind: word for word, kind in _KINDS.items()}
_STATUSES: Mapping[chat.ErrorKind, int] = {
    "invalid": 400,
    "authentication": 401,
    "billing": 402,
    "permission": 403,
    "not_found": 404,
    "too_large": 413,
    "rate_limit": 429,
    "overloaded": 529,
    "server": 500,
    "timeout": 504,
}
_NO_CREDIT = "credit balance is too low"
_TOO_LONG = "prompt is too long: "
_OVERFLOW = "context_length_exceeded"  # the code by which every format knows it
_SAYS_OVERFLOW = re.compile(r"prompt is too long|exceed context limit", re.IGNORECASE)


def read_error(status: int, headers: Headers, body: bytes) -> chat.ProviderError:
    """Read the error in *body*; whatever it is, a status and some words are left of it."""
    said = innermost_error(body)
    return _error(said, status, read_refusal(status, headers, body).retry_after)


def read_late_error(said: object) -> chat.ProviderError:
    """Read the ``error`` of an event: the status is the one that its type stands for."""
    found = said if isinstance(said, dict) else {"message": said}
    kind = _KINDS.get(str(found.get("type")), "server")
    return _error(found, _STATUSES[kind], None)


def write_error(error: chat.ProviderError) -> tuple[int, bytes]:
    """Return status and body of *error* for a client: the message is the provider's own.

    With one exception: where the provider says that the conversation is too long, the message begins with ``prompt is too
    long:`` as Anthropic's does. Claude Code knows by these words that it has to compact, and otherwise the session is stuck.
    """
    kind, message, status = error.kind, error.message, error.status
    if error.code == _OVERFLOW:
        kind, status = "invalid", 400
        message = message if _SAYS_OVERFLOW.search(message) else f"{_TOO_LONG}{message}"
    details = {"details": {"error_code": error.code}} if error.code else {}
    said = {"type": _TYPES[kind], "message": message, **details}
    return _status(kind, status), json_bytes({"type": "error", "error": said, "request_id": None})


def _status(kind: chat.ErrorKind, status: int) -> int:
    """Return *status* where it is one of *kind*, else the one that stands for *kind*: SDKs make their classes of it."""
    fits = chat.error_kind(status) == kind and status not in {408, 503} and 400 <= status <= 599
    return status if fits else _STATUSES[kind]


def _error(said: Mapping[str, Any], status: int, retry_after: float | None) -> chat.ProviderError:
    word = said.get("type")
    message = said.get("message")
    message = error_words(None if message == [] else message) or f"The provider answered {status} and gave no reason."
    details = said.get("details")
    code = (details.get("error_code") if isinstance(details, dict) else None) or said.get("code")
    kind = _KINDS.get(str(word)) or chat.error_kind(status)
    if _SAYS_OVERFLOW.search(message) and kind in {"invalid", "too_large"}:
        code = code if isinstance(code, str) else _OVERFLOW
    return chat.ProviderError(
        status=status,
        kind="billing" if _NO_CREDIT in message else kind,
        message=message,
        type=word if isinstance(word, str) and word != "error" else "",
        code=str(code) if isinstance(code, (str, int)) and not isinstance(code, bool) else None,
        retry_after=retry_after,
    )
