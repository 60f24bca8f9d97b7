"""What error answers of real providers mean to us."""

from __future__ import annotations

import json

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
    ],
)
def test_each_known_refusal_gets_its_code(status: int, body: bytes, expected: str) -> None:
    assert read_refusal(status, Headers(), body).code == expected


@pytest.mark.parametrize("status", [401, 403])
def test_only_a_refused_key_is_the_credentials_fault(status: int) -> None:
    bad_key = read_refusal(status, Headers(), openai("authentication_error"))
    other = read_refusal(429, Headers(), openai("requests"))

    assert (bad_key.credential, other.credential) == (True, False)


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
