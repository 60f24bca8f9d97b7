"""Errors, read from a provider and written for a client.

Facts: OpenAI's guide to error codes and ``openai/types/shared/error_object.py`` of its Python SDK 3.54; the shapes in which
other servers wrap errors: in a list, in ``detail``, flat, as a bare text, as JSON inside the message, or as a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from korproxy.api import LONGEST_MESSAGE, Headers, chat, json_bytes, page_words, read_json, read_refusal
from korproxy.builtin.dialects.chat_format.json_text import inner_object, some_text

OVERFLOW = "context_length_exceeded"  # the code by which every format knows it
_DEPTH = 4  # of errors inside the messages of errors

# Words for a kind that are worth more than the status they come with.
_KINDS: Mapping[str, chat.ErrorKind] = {
    "invalid_api_key": "authentication",
    "authentication_error": "authentication",
    "insufficient_quota": "billing",
    "billing_hard_limit_reached": "billing",
    "credit_balance_exhausted": "billing",
    "arrearage": "billing",  # Model Studio
    "billing_error": "billing",
    "permission_error": "permission",
    "unsupported_country_region_territory": "permission",
    "model_not_found": "not_found",
    "not_found_error": "not_found",
    "request_too_large": "too_large",
    "rate_limit_error": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
    "server_is_overloaded": "overloaded",
    "overloaded_error": "overloaded",
    "timeout_error": "timeout",
    OVERFLOW: "invalid",
}
# Status, type and code in this format; a code is only given where the provider has none.
_WORDS: Mapping[chat.ErrorKind, tuple[int, str, str | None]] = {
    "invalid": (400, "invalid_request_error", None),
    "authentication": (401, "invalid_request_error", "invalid_api_key"),
    "billing": (429, "insufficient_quota", "insufficient_quota"),
    "permission": (403, "permission_error", None),
    "not_found": (404, "invalid_request_error", "model_not_found"),
    "too_large": (413, "invalid_request_error", None),
    "rate_limit": (429, "rate_limit_error", "rate_limit_exceeded"),
    "overloaded": (503, "service_unavailable_error", "server_is_overloaded"),
    "server": (500, "server_error", None),
    "timeout": (504, "timeout_error", None),
}
# Status of a late error by words that are too common to be worth more than a status.
_LATE: Mapping[str, int] = {"slow_down": 503, "invalid_request_error": 400, "server_error": 500, "api_error": 500}
_SAYS_OVERFLOW = re.compile(
    r"prompt is too long|input token count .* exceeds|exceed context limit|maximum context length|context_length_exceeded",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_NAMES_WAIT = re.compile(r"(?:again|retry) (?:in|after) \d", re.IGNORECASE)


def read_error(status: int, headers: Headers, body: bytes) -> chat.ProviderError:
    """Read the error in *body*; whatever it is, a status and some words are left of it."""
    said = _object(body)
    message = some_text(said.get("message")) or f"The provider answered {status} and gave no reason."
    return _error(said, status, message, read_refusal(status, headers, body).retry_after)


def read_late_error(said: object) -> chat.ProviderError:
    """Read the error in *said*, an event of a stream or a body with a good status: its words tell the status."""
    found = _innermost(said)
    words = [_word(found.get(key)) for key in ("code", "type")]
    status = next((int(each) for each in words if each.isdecimal() and 400 <= int(each) <= 599), None)
    if status is None:
        kind = next((_KINDS[each] for each in words if each in _KINDS), None)
        status = _WORDS[kind][0] if kind else next((_LATE[each] for each in words if each in _LATE), 502)
    message = some_text(found.get("message")) or "The provider broke off its answer and gave no reason."
    return _error(found, status, message, None)


def write_error(error: chat.ProviderError) -> tuple[int, bytes]:
    """Return status and body of *error* for a client."""
    kind = "invalid" if error.code == OVERFLOW else error.kind
    usual = _WORDS[kind][0]
    fits = kind in {"invalid", "server"} and 400 <= error.status <= 599 and chat.error_kind(error.status) == kind
    return error.status if fits else usual, json_bytes({"error": error_object(error)})


def error_object(error: chat.ProviderError) -> dict[str, Any]:
    """Return the object ``error``. The provider's message stays as it is; how long to wait is said behind it.

    Tools read it there, as OpenAI says it: "Please try again in 1.5s."
    """
    _, word, code = _WORDS["invalid" if error.code == OVERFLOW else error.kind]
    message = error.message
    if error.kind == "rate_limit" and error.retry_after is not None and _NAMES_WAIT.search(message) is None:
        message = f"{message} Please try again in {error.retry_after:g}s."
    return {"message": message, "type": word, "param": error.param, "code": error.code or code}


def _error(said: Mapping[str, Any], status: int, message: str, wait: float | None) -> chat.ProviderError:
    code, word = _word(said.get("code")), _word(said.get("type"))
    kind = next((_KINDS[each] for each in (code.lower(), word.lower()) if each in _KINDS), chat.error_kind(status))
    if _SAYS_OVERFLOW.search(message) and kind in {"invalid", "too_large"}:
        code = code if code and not code.isdecimal() and code != "invalid_request_error" else OVERFLOW
    return chat.ProviderError(
        status=status,
        kind=kind,
        message=message,
        type="" if word == "error" else word,
        code=code or None,
        param=some_text(said.get("param")) or None,
        retry_after=wait,
    )


def _object(body: bytes) -> dict[str, Any]:
    """Return the error object in *body*; of a page or a plain text the words as its message."""
    try:
        return _innermost(read_json(body)[0])
    except ValueError:
        text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        title = _TITLE.search(text)
        text = page_words(title[1] if title else text)
    return {"message": text[:LONGEST_MESSAGE]}


def _innermost(said: object, depth: int = _DEPTH) -> dict[str, Any]:
    """Return the error in *said*, also where it is the message of another one."""
    while isinstance(said, list) and said:
        said = said[0]
    if not isinstance(said, dict):
        return {"message": said if isinstance(said, str) else json_bytes(said).decode()[:LONGEST_MESSAGE]}
    for key in ("error", "detail"):
        inner = said.get(key)
        if isinstance(inner, (dict, list)) and inner and depth:
            return _innermost(inner, depth - 1)
        if isinstance(inner, str) and inner and not some_text(said.get("message")):
            said = {**said, "message": inner}
    if not some_text(said.get("message")):  # FastAPI says msg
        said = {**said, "message": some_text(said.get("msg")) or some_text(inner_object(said, "message").get("message"))}
    return _in_message(said, depth)


def _in_message(said: dict[str, Any], depth: int) -> dict[str, Any]:
    """Return the error that the message of *said* is the JSON text of, else *said*. Vertex AI wraps those of others so."""
    message = some_text(said.get("message")).strip()
    if not message.startswith(("{", "[")) or not depth:
        return said
    try:
        inner = _innermost(read_json(message.encode("utf-8", "replace"))[0], depth - 1)
    except ValueError:
        return said
    if not some_text(inner.get("message")):
        return said
    return {**said, **{key: value for key, value in inner.items() if value is not None}}


def _word(value: object) -> str:
    """Return a code or a type as a text: many servers have numbers there."""
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
