"""What error answers of real providers mean to us."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.kit.refusals import read_refusal
from korproxy.models.calls import Headers
from korproxy.models.outcome import Refusal


def openai(type: str, code: str | int | None = None) -> bytes:  # noqa: A002
    return json.dumps({"error": {"message": "No.", "type": type, "param": None, "code": code}}).encode()


def anthropic(type: str, message: str = "No.") -> bytes:  # noqa: A002
    return json.dumps({"type": "error", "error": {"type": type, "message": message}, "request_id": "req_1"}).encode()


def google(status: str, message: str = "No.", *details: object, listed: bool = False) -> bytes:
    body = {"error": {"code": 400, "message": message, "status": status, "details": list(details)}}
    return json.dumps([body] if listed else body).encode()


def reason(word: str) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": word, "domain": "googleapis.com"}


def quota(name: str) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name, "quotaValue": "50"}]}


def delay(seconds: str) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": seconds}


def plan(**more: object) -> bytes:
    said = {"type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus"}
    return json.dumps({"error": {**said, **more}}).encode()


def words(message: str) -> bytes:
    return json.dumps({"error": {"message": message, "type": "tokens", "code": "rate_limit_exceeded"}}).encode()


NOW = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
PER_DAY = quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
PER_MINUTE = quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, openai("invalid_request_error", "context_length_exceeded"), "KP-PROV-101"),
        (401, openai("invalid_request_error", "invalid_api_key"), "KP-AUTH-007"),
        (401, anthropic("authentication_error", "invalid x-api-key"), "KP-AUTH-007"),
        (402, anthropic("billing_error"), "KP-PROV-110"),
        (403, openai("invalid_request_error", "unsupported_country_region_territory"), "KP-PROV-114"),
        (403, openai("invalid_request_error", "invalid_api_key"), "KP-AUTH-007"),
        (403, anthropic("permission_error"), "KP-PROV-114"),
        (404, openai("invalid_request_error", "model_not_found"), "KP-PROV-104"),
        (404, anthropic("not_found_error", "model: x"), "KP-PROV-104"),
        (413, anthropic("request_too_large"), "KP-PROV-112"),
        (422, openai("invalid_request_error"), "KP-PROV-101"),
        (429, openai("tokens", "rate_limit_exceeded"), "KP-RATE-401"),
        (429, anthropic("rate_limit_error"), "KP-RATE-401"),
        (429, plan(), "KP-RATE-401"),
        (429, openai("usage_not_included"), "KP-PROV-110"),
        (429, openai("insufficient_quota", "insufficient_quota"), "KP-PROV-110"),
        (429, openai("requests", "billing_hard_limit_reached"), "KP-PROV-110"),
        (400, openai("Arrearage", "Arrearage"), "KP-PROV-110"),
        (400, anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), "KP-PROV-110"),
        (500, openai("server_error"), "KP-PROV-102"),
        (502, b"<html>Bad gateway</html>", "KP-PROV-102"),
        (503, openai("service_unavailable_error", "slow_down"), "KP-PROV-103"),
        (529, anthropic("overloaded_error"), "KP-PROV-103"),
        (418, b"", "KP-PROV-101"),
        (400, openai("invalid_request_error", 1234), "KP-PROV-101"),
        (400, b'{"error":"a text"}', "KP-PROV-101"),
        (400, b'{"error":["a"]}', "KP-PROV-101"),
        (400, b"[]", "KP-PROV-101"),
        (400, b"null", "KP-PROV-101"),
        (400, b'{"error":{"message":7}}', "KP-PROV-101"),
        (400, b"[" * 100_000, "KP-PROV-101"),
        (400, b'{"error":{"type":"\xff"}}', "KP-PROV-101"),
        (400, google("INVALID_ARGUMENT", "API key not valid.", reason("API_KEY_INVALID")), "KP-AUTH-007"),
        (400, google("INVALID_ARGUMENT", "API key not valid.", reason("API_KEY_INVALID"), listed=True), "KP-AUTH-007"),
        (400, google("INVALID_ARGUMENT", "The input token count exceeds the maximum."), "KP-PROV-101"),
        (400, google("FAILED_PRECONDITION", "User location is not supported for the API use."), "KP-PROV-101"),
        (401, google("UNAUTHENTICATED"), "KP-AUTH-007"),
        (403, google("PERMISSION_DENIED", "Off.", reason("SERVICE_DISABLED")), "KP-PROV-114"),
        (404, google("NOT_FOUND", "models/x is not found"), "KP-PROV-104"),
        (429, google("RESOURCE_EXHAUSTED", "Slow down.", PER_MINUTE, delay("21s")), "KP-RATE-401"),
        (429, google("RESOURCE_EXHAUSTED", "Enough for today.", PER_DAY, delay("21s")), "KP-PROV-110"),
        (429, google("RESOURCE_EXHAUSTED", "Enough.", PER_MINUTE, PER_DAY), "KP-PROV-110"),
        (429, google("RESOURCE_EXHAUSTED", "Quota exceeded, limit: 0, model: x", PER_MINUTE), "KP-PROV-110"),
        (429, google("RESOURCE_EXHAUSTED", "Quota exceeded, limit: 05", PER_MINUTE), "KP-RATE-401"),
        (429, google("RESOURCE_EXHAUSTED", "Spent.", reason("QUOTA_EXHAUSTED")), "KP-PROV-110"),
        (500, google("INTERNAL", listed=True), "KP-PROV-102"),
        (503, google("UNAVAILABLE", "The model is overloaded."), "KP-PROV-103"),
        (504, google("DEADLINE_EXCEEDED"), "KP-PROV-102"),
        (400, b'[{"error":{"code":1}},{}]', "KP-PROV-101"),
        (429, b'{"error":{"details":[7,{"violations":[7,{"quotaId":7}]},{"violations":7}]}}', "KP-RATE-401"),
        (429, b'{"error":{"details":{"a":1}}}', "KP-RATE-401"),
    ],
)
def test_each_known_refusal_gets_its_code(status: int, body: bytes, expected: str) -> None:
    assert read_refusal(status, Headers(), body).code == expected


@pytest.mark.parametrize("status", [400, 401, 403])
def test_only_a_refused_key_is_the_credentials_fault(status: int) -> None:
    bad_key = read_refusal(status, Headers(), openai("authentication_error"))
    other = read_refusal(429, Headers(), openai("requests"))

    assert (bad_key.credential, other.credential) == (True, False)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (google("RESOURCE_EXHAUSTED", "Please retry in 21.5s.", delay("21s")), 21.0),
        (google("RESOURCE_EXHAUSTED", "Slow.", reason("RATE_LIMIT_EXCEEDED"), delay("0.5s")), 0.5),
        (google("RESOURCE_EXHAUSTED", "Slow.", delay("850ms")), 0.85),
        (google("RESOURCE_EXHAUSTED", "Please retry in 21.5s."), 21.5),
        (google("RESOURCE_EXHAUSTED", "Please retry in 21.5s.", delay("soon")), 21.5),
        (google("RESOURCE_EXHAUSTED", "Please retry in 900ms.", listed=True), 0.9),
        (google("RESOURCE_EXHAUSTED", "Slow.", delay("86400s")), 1800.0),
        (google("RESOURCE_EXHAUSTED", "Please retry later."), None),
        (google("RESOURCE_EXHAUSTED", "Slow.", delay("-3s")), None),
        (google("RESOURCE_EXHAUSTED", "Please retry in 3s.", delay("0s")), 3.0),
        (google("RESOURCE_EXHAUSTED", "Slow.", delay("1m1.5s")), 61.5),
        (google("RESOURCE_EXHAUSTED", "Slow.", {"retryDelay": {"seconds": 7, "nanos": 1}}), 7.0),
        (google("RESOURCE_EXHAUSTED", "Slow.", {"retryDelay": ["7s"], "metadata": 7}), None),
        (google("RESOURCE_EXHAUSTED", "Slow.", {"metadata": {"quotaResetDelay": "6m0.5s"}}), 360.5),
        (google("RESOURCE_EXHAUSTED", "Slow.", {"metadata": {"quotaResetTimeStamp": "2026-11-23T12:00:40Z"}}), 40.0),
        (google("RESOURCE_EXHAUSTED", "Slow.", {"metadata": {"quotaResetDelay": "1s"}}, delay("2s")), 2.0),
        (google("RESOURCE_EXHAUSTED", "Your quota will reset after 0h6m36s."), 396.0),
        (plan(resets_in_seconds=90), 90.0),
        (plan(resets_at=NOW + 75), 75.0),
        (plan(resets_at=NOW + 75, resets_in_seconds=90), 90.0),
        (plan(resets_at=NOW + 75.5, resets_in_seconds=None), 75.5),
        (plan(resets_at=NOW + 86400), 1800.0),
        (plan(resets_at=NOW - 5), None),
        (plan(resets_at="soon", resets_in_seconds=[]), None),
        (words("Please try again in 1.5s."), 1.5),
        (words("Limit 500, Used 500, Requested 1. Please try again in 6m0s. Visit https://x/1s"), 360.0),
        (words("Please try again in 7m12.5s."), 432.5),
        (words("try again in 20 minutes and 5 seconds"), 1205.0),
        (words("Please retry after 7 seconds."), 7.0),
        (words("Too fast. Please wait 1 minute."), 60.0),
        (words("Rate limited: resets in 2 hours"), 1800.0),
        (words("Please try again in " + "9" * 400 + "s."), 1800.0),
        (words("Please try again in 5 messages, or retry at once"), None),
        (words("We do not try again for 5 users"), None),
        (words(f"Claude AI usage limit reached|{NOW + 60}"), 60.0),
        (words(f"Claude AI usage limit reached|{NOW - 60}"), 0.0),
        (b'{"error":"Too fast. Try again in 4s"}', 4.0),
        (b'{"detail":"Too fast. Try again in 4s"}', 4.0),
        (b'{"message":"Too fast. Try again in 4s","error":7}', 4.0),
        (b'{"error":{"message":"Try again in 4s","n":1e999,"s":"\\ud800"}}', 4.0),
        (b'{"error":{"resets_at":1e999,"resets_in_seconds":-1e999}}', 1800.0),
    ],
)
def test_a_wait_is_read_from_the_body_where_no_header_tells(body: bytes, expected: float | None) -> None:
    assert read_refusal(429, Headers(), body, NOW).retry_after == expected
    assert read_refusal(429, Headers([(b"retry-after", b"3")]), body, NOW).retry_after == 3.0


LIMIT = (b"anthropic-ratelimit-requests-remaining", b"0")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([LIMIT, (b"anthropic-ratelimit-requests-reset", b"2026-11-23T12:00:20Z")], 20.0),
        ([(b"x-ratelimit-remaining-tokens", b"0"), (b"x-ratelimit-reset-tokens", b"6m0s")], 360.0),
        (
            [
                (b"anthropic-ratelimit-unified-status", b"rejected"),
                (b"anthropic-ratelimit-unified-reset", b"%d" % (NOW + 600)),
            ],
            600.0,
        ),
        ([(b"x-codex-primary-used-percent", b"100"), (b"x-codex-primary-reset-at", b"%d" % (NOW + 500))], 500.0),
        ([(b"retry-after", b"soon"), LIMIT, (b"anthropic-ratelimit-requests-reset", b"2026-11-23T12:00:20Z")], 20.0),
        ([LIMIT], None),
    ],
)
def test_a_wait_is_read_from_what_is_left_where_nothing_else_tells(
    fields: list[tuple[bytes, bytes]], expected: float | None
) -> None:
    assert read_refusal(429, Headers(fields), anthropic("rate_limit_error"), NOW).retry_after == expected
    assert read_refusal(429, Headers(fields), words("Try again in 2s"), NOW).retry_after == 2.0


def test_the_wait_is_read_along() -> None:
    headers = Headers([(b"retry-after", b"17")])

    assert read_refusal(429, headers, b"") == Refusal(code="KP-RATE-401", retry_after=17.0)


@pytest.mark.code("KP-PROV-110")
def test_an_account_without_money_is_not_a_rate_limit() -> None:
    spent = read_refusal(429, Headers([(b"retry-after", b"3600")]), openai("insufficient_quota", "insufficient_quota"))

    assert spent == Refusal(code="KP-PROV-110", credential=False, retry_after=1800.0)


@given(st.integers(400, 599), st.binary(max_size=60))
def test_no_body_breaks_it(status: int, body: bytes) -> None:
    assert read_refusal(status, Headers(), body).code.startswith("KP-")


CANNOT_BE_MODIFIED = (
    "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified."
    " These blocks must remain as they were in the original response."
)
NOT_VERIFIED = "The encrypted content gAAA could not be verified. Reason: Encrypted content could not be decrypted or parsed."
NO_THINKING = "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is"


@pytest.mark.parametrize(
    ("body", "seals"),
    [
        (anthropic("invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block"), "refused"),
        (anthropic("invalid_request_error", "messages.1.content.0: Invalid `data` in `redacted_thinking` block"), "refused"),
        (anthropic("invalid_request_error", CANNOT_BE_MODIFIED), "refused"),
        (anthropic("invalid_request_error", NO_THINKING), "missing"),
        (anthropic("invalid_request_error", "messages: text content blocks must be non-empty"), ""),
        (openai("invalid_request_error", "invalid_encrypted_content"), "refused"),
        (json.dumps({"error": {"message": NOT_VERIFIED}}).encode(), "refused"),
        (openai("invalid_request_error", "invalid_value"), ""),
        (google("INVALID_ARGUMENT", "Corrupted thought signature."), "refused"),
        (google("INVALID_ARGUMENT", "Invalid thought signature.", listed=True), "refused"),
        (google("INVALID_ARGUMENT", "Thought signature is not valid"), "refused"),
        (google("INVALID_ARGUMENT", "Function call is missing a thought_signature in functionCall parts. This is"), "missing"),
        (google("INVALID_ARGUMENT", "x" * 5000 + "Invalid thought signature."), ""),
        (b"Invalid thought signature.", ""),
    ],
)
def test_a_refusal_of_seals_is_known_by_its_words(body: bytes, seals: str) -> None:
    assert read_refusal(400, Headers(), body).seals == seals
    assert read_refusal(500, Headers(), body).seals == ""


def responses_only(param: str | None = "reasoning_effort", path: str = "/v1/responses") -> bytes:
    message = f"Function tools with reasoning_effort are not supported for x in /v1/chat/completions. Please use {path}."
    return json.dumps({"error": {"message": message, "type": "invalid_request_error", "param": param, "code": None}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "instead"),
    [
        (400, responses_only(), "openai-responses"),
        (400, responses_only(param=None), ""),
        (400, responses_only(path="another endpoint"), ""),
        (404, responses_only(), ""),
    ],
)
def test_openai_says_where_it_takes_tools(status: int, body: bytes, instead: str) -> None:
    assert read_refusal(status, Headers(), body).instead == instead


@pytest.mark.parametrize(
    ("status", "param", "refused"), [(400, "reasoning.summary", True), (400, "reasoning", False), (500, "", False)]
)
def test_an_organisation_that_openai_has_not_verified_is_refused_summaries(status: int, param: str, refused: bool) -> None:
    words = "Your organization must be verified to generate reasoning summaries."
    error = {"message": words, "type": "invalid_request_error", "param": param, "code": "unsupported_value"}

    assert read_refusal(status, Headers(), json.dumps({"error": error}).encode()).summaries is refused
