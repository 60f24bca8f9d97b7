"""Errors of providers, in both directions."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from openai.types.responses import ResponseError

from korproxy.api import Headers, chat
from korproxy.builtin.dialects.responses_format.errors import failure, read_error, read_late_error, write_error


def error(status: int, body: Any, *headers: tuple[bytes, bytes]) -> chat.ProviderError:
    return read_error(status, Headers(headers), body if isinstance(body, bytes) else json.dumps(body).encode())


def test_an_error_is_read_as_chats_is() -> None:
    body = {"error": {"message": "No.", "type": "invalid_request_error", "param": "input", "code": "bad_input"}}
    found = error(400, body)

    assert found == chat.ProviderError(
        status=400, kind="invalid", message="No.", type="invalid_request_error", code="bad_input", param="input"
    )
    assert (write_error(found)[0], json.loads(write_error(found)[1])) == (400, body)


def test_edge_75_the_chatgpt_backend_says_it_in_detail() -> None:
    found = error(400, {"detail": "Unsupported parameter: context_management"})

    assert (found.kind, found.message) == ("invalid", "Unsupported parameter: context_management")


def limit(**more: Any) -> dict[str, Any]:
    said = {"type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus"}
    return {"error": {**said, "resets_at": 1790000000, **more}}


@pytest.mark.parametrize(
    ("seconds", "wait"), [(90, 90.0), (86400, 1800.0), (10**400, 1800.0), (-1, None), ("90", None), (True, None), (None, None)]
)
def test_the_limit_of_a_plan_says_how_long_to_wait(seconds: Any, wait: float | None) -> None:
    found = error(429, limit(resets_in_seconds=seconds))

    assert (found.kind, found.type, found.retry_after) == ("rate_limit", "usage_limit_reached", wait)


def test_the_limit_of_a_plan_in_a_stream_says_how_long_to_wait() -> None:
    event = {"type": "error", "error": {"type": "usage_limit_reached", "message": "Full.", "resets_in_seconds": 10**400}}

    assert read_late_error(event).retry_after == 1800.0


def test_a_header_says_it_better() -> None:
    assert error(429, limit(resets_in_seconds=90), (b"retry-after", b"3")).retry_after == 3.0


def test_a_plan_without_this_is_a_matter_of_money() -> None:
    assert error(429, {"error": {"type": "usage_not_included", "message": "Not in your plan."}}).kind == "billing"


def test_edge_78_how_long_to_wait_is_said_in_words() -> None:
    limited = chat.ProviderError(status=429, kind="rate_limit", message="Too fast.", retry_after=21)
    status, body = write_error(limited)

    assert (status, json.loads(body)["error"]) == (
        429,
        {
            "message": "Too fast. Please try again in 21s.",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limit_exceeded",
        },
    )


def test_overload_is_503_in_words_that_codex_knows() -> None:
    status, body = write_error(chat.ProviderError(status=529, kind="overloaded", message="Busy."))

    assert (status, json.loads(body)["error"]["code"]) == (503, "server_is_overloaded")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded", "message": "Slow."}}},
        {"type": "response.failed", "response": {"error": None}, "error": {"code": "rate_limit_exceeded", "message": "Slow."}},
        {"type": "error", "code": "rate_limit_exceeded", "message": "Slow.", "param": None},
        {"type": "error", "error": {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "Slow."}},
    ],
)
def test_edge_77_a_late_error_is_read_wherever_it_stands(event: dict[str, Any]) -> None:
    found = read_late_error(event)

    assert (found.status, found.kind, found.code, found.message) == (429, "rate_limit", "rate_limit_exceeded", "Slow.")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("server_error", 500, "server"),
        ("invalid_prompt", 400, "invalid"),
        ("image_too_large", 400, "invalid"),
        ("context_length_exceeded", 400, "invalid"),
        ("insufficient_quota", 429, "billing"),
        ("usage_limit_reached", 429, "rate_limit"),
        ("slow_down", 503, "overloaded"),
        ("vector_store_timeout", 504, "timeout"),
        ("something_new", 502, "server"),
    ],
)
def test_the_code_of_a_late_error_says_what_it_is(code: str, status: int, kind: str) -> None:
    found = read_late_error({"response": {"error": {"code": code, "message": "x"}}})

    assert (found.status, found.kind, found.code) == (status, kind, code)


def test_every_code_of_the_sdk_is_known() -> None:
    codes = get_args(ResponseError.model_fields["code"].annotation)
    kinds = {code: read_late_error({"error": {"code": code, "message": "x"}}).kind for code in codes}

    assert {code for code, kind in kinds.items() if kind == "server"} == {"server_error"}
    assert len(codes) > 20


@pytest.mark.parametrize("event", [{}, {"response": {}}, {"response": {"error": "boom"}}, {"error": ["x"]}, {"error": 7}])
def test_an_error_of_no_shape_is_the_providers_fault(event: dict[str, Any]) -> None:
    found = read_late_error(event)

    assert (found.status, found.kind) == (502, "server")
    assert found.message


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        ("invalid", None, "invalid_prompt"),
        ("too_large", None, "invalid_prompt"),
        ("invalid", "context_length_exceeded", "context_length_exceeded"),
        ("server", None, "server_error"),
        ("overloaded", None, "server_is_overloaded"),
        ("billing", None, "insufficient_quota"),
        ("permission", None, "permission_error"),
    ],
)
def test_a_response_that_failed_has_a_code_always(kind: chat.ErrorKind, code: str | None, expected: str) -> None:
    error = chat.ProviderError(status=500, kind=kind, message="Oh.", code=code)

    assert failure(error) == {"code": expected, "message": "Oh."}
