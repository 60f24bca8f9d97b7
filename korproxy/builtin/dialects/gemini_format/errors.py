"""Errors of providers, read and written.

Facts: google.rpc.Status and its details (ErrorInfo, RetryInfo, QuotaFailure), ``google/genai/errors.py`` of google-genai 3.4,
ai.google.dev/gemini-api/docs/troubleshooting, and what Gemini CLI makes of quota errors.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from korproxy.api import Headers, chat, error_words, innermost_error, json_bytes, read_refusal

_KINDS: Mapping[str, chat.ErrorKind] = {
    "INVALID_ARGUMENT": "invalid",
    "OUT_OF_RANGE": "invalid",
    "FAILED_PRECONDITION": "permission",  # the country, or billing that is not set up
    "UNAUTHENTICATED": "authentication",
    "PERMISSION_DENIED": "permission",
    "NOT_FOUND": "not_found",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "UNAVAILABLE": "overloaded",
    "DEADLINE_EXCEEDED": "timeout",
    "INTERNAL": "server",
    "UNKNOWN": "server",
    "ABORTED": "server",
    "CANCELLED": "server",
    "DATA_LOSS": "server",
}
_STATUSES: Mapping[chat.ErrorKind, tuple[int, str]] = {
    "invalid": (400, "INVALID_ARGUMENT"),
    "authentication": (401, "UNAUTHENTICATED"),
    "billing": (429, "RESOURCE_EXHAUSTED"),
    "permission": (403, "PERMISSION_DENIED"),
    "not_found": (404, "NOT_FOUND"),
    "too_large": (413, "RESOURCE_EXHAUSTED"),
    "rate_limit": (429, "RESOURCE_EXHAUSTED"),
    "overloaded": (503, "UNAVAILABLE"),
    "server": (500, "INTERNAL"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
}
_BY_STATUS: Mapping[int, chat.ErrorKind] = {**chat.ERROR_KINDS, 499: "server"}
_FINER = frozenset({402, 413})  # say more than the word that comes with them
_BY_REASON: Mapping[str, chat.ErrorKind] = {  # ErrorInfo.reason is finer than the status, which is 400 for a wrong key
    "API_KEY_INVALID": "authentication",
    "API_KEY_EXPIRED": "authentication",
    "ACCESS_TOKEN_EXPIRED": "authentication",
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": "authentication",
    "CREDENTIALS_MISSING": "authentication",
    "BILLING_DISABLED": "billing",
    "INSUFFICIENT_G1_CREDITS_BALANCE": "billing",
    "MODEL_CAPACITY_EXHAUSTED": "overloaded",
}
_OVERFLOW = "context_length_exceeded"  # the code by which every format knows it
_SAYS_OVERFLOW = re.compile(r"input token count.*exceeds the maximum", re.IGNORECASE)
_BAD_KEY = re.compile(r"API key (?:not valid|expired|not found)", re.IGNORECASE)
_RETRY_IN = re.compile(r"retry in ([0-9]+(?:\.[0-9]+)?)\s*(ms|s)\b", re.IGNORECASE)
_LONGEST = 30 * 60.0  # seconds; so many digits can stand there that it is for ever
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s)")


def read_error(status: int, headers: Headers, body: bytes) -> chat.ProviderError:
    """Read the error in *body*; whatever it is, a status and some words are left of it."""
    return _error(innermost_error(body, skip_empty=True), status, read_refusal(status, headers, body).retry_after)


def read_late_error(said: object) -> chat.ProviderError:
    """Read the ``error`` of a chunk: its status is the one it names, or that its word stands for."""
    found = said if isinstance(said, dict) else {"message": said}
    code, word = found.get("code"), str(found.get("status"))
    status = code if isinstance(code, int) and 400 <= code <= 599 else _STATUSES[_KINDS.get(word, "server")][0]
    return _error(found, status, None)


def write_error(error: chat.ProviderError) -> tuple[int, bytes]:
    """Return status and body of *error* for a client: message and code are the provider's own."""
    status, word = _STATUSES[error.kind]
    if 400 <= error.status <= 599 and error.status != 529 and _BY_STATUS.get(error.status) == error.kind:
        status = error.status
    said: dict[str, Any] = {"code": status, "message": error.message, "status": error.type if error.type in _KINDS else word}
    details: list[dict[str, Any]] = []
    if error.code:
        details.append({"@type": _type("ErrorInfo"), "reason": error.code, "domain": "korproxy"})
    if error.retry_after is not None:
        details.append({"@type": _type("RetryInfo"), "retryDelay": f"{math.ceil(error.retry_after)}s"})
    return status, json_bytes({"error": {**said, "details": details} if details else said})


def _error(said: Mapping[str, Any], status: int, retry_after: float | None) -> chat.ProviderError:
    message = error_words(said.get("message")) or f"The provider answered {status} and gave no reason."
    reason, word = _reason(said), said.get("status")
    code = reason or (_OVERFLOW if _SAYS_OVERFLOW.search(message) else None)
    return chat.ProviderError(
        status=status,
        kind=_kind(status, str(word), reason, message),
        message=message,
        type=word if isinstance(word, str) else "",
        code=code,
        retry_after=_first(_delay(said), _asked_in(message), retry_after),
    )


def _kind(status: int, word: str, reason: str | None, message: str) -> chat.ErrorKind:
    if reason is not None and reason in _BY_REASON:
        return _BY_REASON[reason]
    if status == 400 and _BAD_KEY.search(message):
        return "authentication"
    if word in _KINDS and status not in _FINER:
        return _KINDS[word]
    return _BY_STATUS.get(status) or chat.error_kind(status)


def _details(said: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    details = said.get("details")
    for each in details if isinstance(details, list) else ():
        if isinstance(each, dict) and str(each.get("@type")).endswith(kind):
            yield each


def _reason(said: Mapping[str, Any]) -> str | None:
    found = (each.get("reason") for each in _details(said, "google.rpc.ErrorInfo"))
    return next((each for each in found if isinstance(each, str) and each), None)


def _delay(said: Mapping[str, Any]) -> float | None:
    for each in _details(said, "google.rpc.RetryInfo"):
        if found := _DURATION.fullmatch(str(each.get("retryDelay"))):
            return _seconds(found)
    return None


def _asked_in(message: str) -> float | None:
    found = _RETRY_IN.search(message)
    return _seconds(found) if found else None


def _seconds(found: re.Match[str]) -> float:
    return min(float(found[1]) / (1000 if found[2].lower() == "ms" else 1), _LONGEST)


def _first(*values: float | None) -> float | None:
    return next((each for each in values if each is not None), None)


def _type(name: str) -> str:
    return f"type.googleapis.com/google.rpc.{name}"
