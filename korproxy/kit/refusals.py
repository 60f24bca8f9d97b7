"""What a provider's error answer means, for the three vendors whose shapes everybody copies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs

from korproxy.kit.json_text import read_json
from korproxy.kit.rate_limits import plan_reset, spent_until
from korproxy.kit.retry_after import DURATION, bounded, duration, retry_after, seconds_until
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
        "usage_not_included",  # a ChatGPT plan without Codex
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
_FLAT = ("message", "detail")  # where errors that are no object have their words
_TELLING = 2000  # characters of a message in which it says what is wrong
_SUMMARIES = "reasoning.summary"  # refused to organisations that OpenAI has not verified, with 400 unsupported_value
_BAD_SEAL = "invalid_encrypted_content"
# "Please retry in 21.5s.", "try again in 850ms", "retry after 7 seconds", "will reset after 3h6m36s", "Please wait 1 minute"
_WAIT = re.compile(rf"\b(?:retry|try again|resets?|please wait)(?: (?:in|after|for))? ({DURATION})", re.IGNORECASE | re.ASCII)
_WAIT_UNTIL = re.compile(r"limit reached\|([0-9]{10,13})\b")  # "Claude AI usage limit reached|1795435200"


def read_refusal(status: int, headers: Headers, body: bytes, now: float | None = None) -> Refusal:
    """Read an error answer of the OpenAI, the Anthropic or the Google shape; other shapes go by their status alone.

    Sources: OpenAI's error guide and SDK types (``error.code``, ``error.type``); Anthropic's error types; Model Studio's codes;
    ``google.rpc.Status`` with its details ``ErrorInfo``, ``QuotaFailure`` and ``RetryInfo``; Codex CLI for the limits of plans.
    A wait is read from ``retry-after``, else from the fields of the body, else from the message, else from the headers that
    tell of rate limits; it is cut at 30 minutes.

    Args:
        now: Wall clock for waits that are told as dates; None: that of the machine.
    """
    told = _told(body)
    wait = retry_after(headers, now)
    if wait is None:
        wait = told.wait(now)
    if wait is None:
        wait = _reset_of_limits(headers, now)
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
    resets: tuple[object, ...] = ()

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

    def wait(self, now: float | None) -> float | None:
        """Return the seconds to wait, by the first of the fields that tells it, else by the words of the message."""
        for reset in self.resets:
            seconds = seconds_until(reset, now)
            if seconds:  # a time that is over says nothing of when it will do
                return seconds
        if found := _WAIT.search(self.message):
            return bounded(duration(found[1]) or 0.0)
        found = _WAIT_UNTIL.search(self.message)
        return seconds_until(found[1], now) if found else None


def _told(body: bytes) -> _Told:
    try:
        answer = read_json(body)[0]
    except ValueError:
        return _Told()
    if isinstance(answer, list) and len(answer) == 1:  # how Google streams without server-sent events begin, errors included
        answer = answer[0]
    answer = answer if isinstance(answer, dict) else {}
    error = answer.get("error")
    if not isinstance(error, dict):
        return _Told(message=next((each for each in (error, *map(answer.get, _FLAT)) if isinstance(each, str)), ""))
    details = [each for each in _list(error.get("details")) if isinstance(each, dict)]
    words = (error.get("code"), error.get("type"), error.get("status"), *(each.get("reason") for each in details))
    return _Told(
        words=frozenset(each for each in words if isinstance(each, str)),
        message=_text(error, "message"),
        param=_text(error, "param"),
        quotas=tuple(_quotas(details)),
        resets=tuple(_resets(error, details)),
    )


def _resets(error: Mapping[str, Any], details: list[dict[str, Any]]) -> Iterator[object]:
    """Yield what says when to come back: Google's details, then the fields of a ChatGPT plan's limit."""
    for each in details:
        delay = each.get("retryDelay")
        if isinstance(delay, dict):  # google.protobuf.Duration, written out
            yield delay.get("seconds")
        elif isinstance(delay, str) and not delay.startswith("-"):
            yield delay
    for each in details:
        metadata = each.get("metadata")
        if isinstance(metadata, dict):
            yield metadata.get("quotaResetDelay")  # Code Assist
            yield metadata.get("quotaResetTimeStamp")
    yield from (each for each in map(error.get, ("resets_in_seconds", "resets_at")) if isinstance(each, (int, float)))


def _reset_of_limits(headers: Headers, now: float | None) -> float | None:
    spent, plan = spent_until(headers, 0.0, now), plan_reset(headers, now)
    return max((each for each in (spent, plan) if each is not None), default=None)


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
