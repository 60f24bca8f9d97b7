"""What a provider's error answer means, for the three vendors whose shapes everybody copies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs
import msgspec

from korproxy.kit.retry_after import LONGEST, retry_after
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
_SPENT = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "credit_balance_exhausted",
        "Arrearage",
        "QUOTA_EXHAUSTED",
        "INSUFFICIENT_G1_CREDITS_BALANCE",
    }
)
_NO_CREDIT = "credit balance is too low"  # Anthropic says it with 400 invalid_request_error, so only the words tell
_NOT_ON_THIS_TIER = re.compile(r"\blimit: 0\b")  # Google's 429 for a model that the account may never use
_BAD_KEY = frozenset({"invalid_api_key", "authentication_error", "API_KEY_INVALID", "API_KEY_EXPIRED"})
_BAD_KEY_STATUSES = frozenset({400, 403})  # Google says it with 400
# What vendors say with 400 of seals that they were sent, or miss. OpenAI says it by a code.
_REFUSED_SEALS = re.compile(
    r"Invalid `signature` in `thinking` block|Invalid `data` in `redacted_thinking` block|blocks? .*cannot be modified"
    r"|(?:Corrupted|Invalid) thought signature|Thought signature is not valid"
    r"|encrypted content .*could not be (?:verified|decrypted)",
    re.IGNORECASE,
)
_MISSING_SEALS = re.compile(r"Expected `thinking` or `redacted_thinking`, but found|missing a thought_signature", re.IGNORECASE)
_TELLING = 2000  # characters of a message in which it says what is wrong
_SUMMARIES = "reasoning.summary"  # refused to organisations that OpenAI has not verified, with 400 unsupported_value
_BAD_SEAL = "invalid_encrypted_content"
_WAIT = re.compile(r"(?:retry|try again) in (\d+(?:\.\d+)?)(ms|s)\b")  # "Please retry in 21.5s.", "Please try again in 850ms."
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")


def read_refusal(status: int, headers: Headers, body: bytes) -> Refusal:
    """Read an error answer of the OpenAI, the Anthropic or the Google shape; other shapes go by their status alone.

    Sources: OpenAI's error guide and SDK types (``error.code``, ``error.type``); Anthropic's error types; Model Studio's codes;
    ``google.rpc.Status`` with its details ``ErrorInfo``, ``QuotaFailure`` and ``RetryInfo``. A wait is read from the headers,
    else from ``RetryInfo``, else from the message; it is cut at 30 minutes.
    """
    told = _told(body)
    wait = retry_after(headers)
    if wait is None and told.wait is not None:
        wait = min(told.wait, LONGEST)
    if status == 401 or (status in _BAD_KEY_STATUSES and told.words & _BAD_KEY):
        return Refusal(code="KP-AUTH-007", credential=True)
    if told.spent or (status == 400 and _NO_CREDIT in told.message):
        return Refusal(code="KP-PROV-110", retry_after=wait)
    code = _BY_STATUS.get(status) or ("KP-PROV-102" if status >= 500 else "KP-PROV-101")
    if status != 400:
        return Refusal(code=code, retry_after=wait)
    return Refusal(code=code, retry_after=wait, seals=told.seals, instead=told.instead, summaries=told.param == _SUMMARIES)


@attrs.frozen
class _Told:
    """What the body of an error says: words that programs understand, a message for people, seconds to wait."""

    words: frozenset[str] = frozenset()
    message: str = ""
    param: str = ""
    quotas: tuple[str, ...] = ()
    delay: str = ""

    @property
    def seals(self) -> Literal["", "refused", "missing"]:
        """What the provider says of seals; see ``Refusal``."""
        message = self.message[:_TELLING]
        if _BAD_SEAL in self.words or _REFUSED_SEALS.search(message):
            return "refused"
        return "missing" if _MISSING_SEALS.search(message) else ""

    @property
    def instead(self) -> str:
        """The format that OpenAI names for models which take tools there only, whatever effort is asked for."""
        return "openai-responses" if self.param == "reasoning_effort" and "/v1/responses" in self.message else ""

    @property
    def spent(self) -> bool:
        """Whether nothing will work for hours: the money, the allowance of the day, or the right to this model is missing."""
        used_up = any("PerDay" in each for each in self.quotas) or bool(self.quotas and _NOT_ON_THIS_TIER.search(self.message))
        return used_up or bool(self.words & _SPENT)

    @property
    def wait(self) -> float | None:
        found = _DURATION.fullmatch(self.delay) or _WAIT.search(self.message)
        return float(found[1]) / (1000.0 if found[2] == "ms" else 1.0) if found else None


def _told(body: bytes) -> _Told:
    try:
        answer = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return _Told()
    if isinstance(answer, list) and len(answer) == 1:  # how Google streams without server-sent events begin, errors included
        answer = answer[0]
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return _Told()
    details = [each for each in _list(error.get("details")) if isinstance(each, dict)]
    words = (error.get("code"), error.get("type"), error.get("status"), *(each.get("reason") for each in details))
    return _Told(
        words=frozenset(each for each in words if isinstance(each, str)),
        message=_text(error, "message"),
        param=_text(error, "param"),
        quotas=tuple(_quotas(details)),
        delay=next((delay for each in details if (delay := _text(each, "retryDelay"))), ""),
    )


def _quotas(details: list[dict[str, Any]]) -> Iterator[str]:
    for each in details:
        for violation in _list(each.get("violations")):
            if isinstance(violation, dict):
                yield _text(violation, "quotaId")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""
