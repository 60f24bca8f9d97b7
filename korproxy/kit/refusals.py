"""What a provider's error answer means, for the two vendors whose shapes everybody copies."""

from __future__ import annotations

import msgspec

from korproxy.kit.retry_after import retry_after
from korproxy.models.calls import Headers
from korproxy.models.outcome import Refusal

_BY_STATUS = {
    402: "KP-PROV-110",
    403: "KP-PROV-114",
    404: "KP-PROV-104",
    413: "KP-PROV-112",
    429: "KP-RATE-401",
    503: "KP-PROV-103",
    529: "KP-PROV-103",
}
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "credit_balance_exhausted", "Arrearage"})
_NO_CREDIT = "credit balance is too low"  # Anthropic says it with 400 invalid_request_error, so only the words tell
_BAD_KEY = frozenset({"invalid_api_key", "authentication_error"})


def read_refusal(status: int, headers: Headers, body: bytes) -> Refusal:
    """Read an error answer of the OpenAI or the Anthropic shape; other shapes go by their status alone.

    Sources: OpenAI's error guide and SDK types (``error.code``, ``error.type``); Anthropic's error types; Model Studio's codes.
    """
    words, message = _words(body)
    wait = retry_after(headers)
    if status == 401 or (status == 403 and words & _BAD_KEY):
        return Refusal(code="KP-AUTH-007", credential=True)
    if words & _SPENT or (status == 400 and _NO_CREDIT in message):
        return Refusal(code="KP-PROV-110", retry_after=wait)
    code = _BY_STATUS.get(status) or ("KP-PROV-102" if status >= 500 else "KP-PROV-101")
    return Refusal(code=code, retry_after=wait)


def _words(body: bytes) -> tuple[frozenset[str], str]:
    """Return ``error.code`` and ``error.type``, and ``error.message``, where they are strings."""
    try:
        error = msgspec.json.decode(body)["error"]
        words = frozenset(word for word in (error.get("code"), error.get("type")) if isinstance(word, str))
        message = error.get("message")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError):
        return frozenset(), ""
    return words, message if isinstance(message, str) else ""
