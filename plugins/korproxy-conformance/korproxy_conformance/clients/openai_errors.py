"""Errors as both of OpenAI's formats tell them. After ``openai/types/shared/error_object.py`` and the guide to error codes."""

from __future__ import annotations

from collections.abc import Mapping

from korproxy_conformance.place import Place
from korproxy_conformance.said import Failure
from korproxy_conformance.wrong import Words

# An error is known by its type or by its code; OpenAI itself says the limit that was reached as the type of a 429.
KINDS: Mapping[int, frozenset[str]] = {
    400: frozenset({"invalid_request_error"}),
    401: frozenset({"invalid_api_key", "authentication_error"}),
    429: frozenset({"rate_limit_error", "rate_limit_exceeded"}),
    503: frozenset({"server_is_overloaded", "service_unavailable_error", "slow_down", "server_error"}),
}


def read_failure(body: Place) -> Failure:
    """Read ``{"error": {message, type, param, code}}``."""
    return read_error(body["error"])


def read_error(error: Place) -> Failure:
    """Read the error object itself."""
    if error["param"].value is not None:
        error["param"].text()
    code = error["code"]
    if code.value is not None and not isinstance(code.value, str):
        code.wrong(Words("a text or null"))
    return Failure(kind=error["type"].word(), message=error["message"].word(), code=code.value or "")
