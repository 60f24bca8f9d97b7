"""Errors of providers, in both directions."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from korproxy.api import Headers, chat
from korproxy.builtin.dialects.messages_format.errors import read_error, read_late_error, write_error

KINDS: dict[str, tuple[int, chat.ErrorKind]] = {
    "invalid_request_error": (400, "invalid"),
    "authentication_error": (401, "authentication"),
    "billing_error": (402, "billing"),
    "permission_error": (403, "permission"),
    "not_found_error": (404, "not_found"),
    "request_too_large": (413, "too_large"),
    "rate_limit_error": (429, "rate_limit"),
    "api_error": (500, "server"),
    "timeout_error": (504, "timeout"),
    "overloaded_error": (529, "overloaded"),
}


def error(status: int, body: Any, *headers: tuple[bytes, bytes]) -> chat.ProviderError:
    return read_error(status, Headers(headers), body if isinstance(body, bytes) else json.dumps(body).encode())


def written(**said: Any) -> tuple[int, dict[str, Any]]:
    status, body = write_error(chat.ProviderError(**said))
    return status, json.loads(body)


@pytest.mark.parametrize(("word", "meant"), KINDS.items())
def test_each_type_has_its_kind_and_its_status(word: str, meant: tuple[int, chat.ErrorKind]) -> None:
    status, kind = meant
    body = {"type": "error", "error": {"type": word, "message": "It broke."}, "request_id": "req_1"}

    assert error(status, body) == chat.ProviderError(status=status, kind=kind, message="It broke.", type=word)
    assert written(status=status, kind=kind, message="It broke.") == (status, {**body, "request_id": None})
    assert read_late_error(body["error"]) == error(status, body)


def test_every_kind_of_error_can_be_written() -> None:
    assert {kind for _, kind in KINDS.values()} == set(get_args(chat.ErrorKind))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid"),
        (422, "invalid"),
        (401, "authentication"),
        (408, "timeout"),
        (500, "server"),
        (502, "server"),
        (503, "overloaded"),
    ],
)
def test_without_a_type_the_status_says_the_kind(status: int, kind: str) -> None:
    assert error(status, {"error": {"message": "x"}}).kind == kind


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (503, "overloaded", 529),
        (408, "timeout", 504),
        (429, "billing", 402),
        (400, "authentication", 401),
        (502, "server", 502),
        (422, "invalid", 422),
        (200, "server", 500),
        (404, "invalid", 400),
    ],
)
def test_the_status_fits_the_kind(status: int, kind: chat.ErrorKind, expected: int) -> None:
    assert written(status=status, kind=kind, message="x")[0] == expected


def test_edge_78_how_long_to_wait_is_read() -> None:
    assert error(429, {"error": {"type": "rate_limit_error", "message": "x"}}, (b"retry-after", b"21")).retry_after == 21.0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([{"error": {"message": "In a list"}}], "In a list"),
        ({"detail": "In detail"}, "In detail"),
        ({"detail": [{"loc": ["body"], "msg": "bad"}]}, '[{"loc":["body"],"msg":"bad"}]'),
        ({"error": "In a word"}, "In a word"),
        ({"message": "At the top"}, "At the top"),
        (b"upstream timed out", "upstream timed out"),
        (b"<html><head><style>p{}</style><title>502</title></head><body><p>Bad\n gateway</p></body></html>", "502 Bad gateway"),
        (b"", "The provider answered 500 and gave no reason."),
        ([], "The provider answered 500 and gave no reason."),
        (17, "17"),
        (b"[" * 100_000, ("[" * 100_000)),
    ],
)
def test_edge_75_errors_in_other_wrappings_are_unwrapped(body: Any, message: str) -> None:
    assert error(500, body).message == message


@pytest.mark.parametrize(("code", "expected"), [(1302, "1302"), ("overdue", "overdue"), (True, None), (None, None), ({}, None)])
def test_edge_75_a_code_that_is_a_number_is_a_text(code: Any, expected: str | None) -> None:
    assert error(400, {"error": {"message": "x", "code": code}}).code == expected


def test_a_finer_code_of_anthropics_own_is_read_and_written() -> None:
    details = {"details": {"error_code": "image_dimensions_too_large"}}
    found = error(400, {"error": {"type": "invalid_request_error", "message": "x", **details}})

    assert found.code == "image_dimensions_too_large"
    assert json.loads(write_error(found)[1])["error"] == {"type": "invalid_request_error", "message": "x", **details}


def test_edge_76_an_error_inside_the_message_of_another_is_the_one_that_counts() -> None:
    inner = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    outer = {"error": {"code": 529, "message": json.dumps([inner]), "status": "UNAVAILABLE"}}

    assert error(529, outer) == chat.ProviderError(status=529, kind="overloaded", message="Overloaded", type="overloaded_error")


@pytest.mark.parametrize("message", ["{no json", '{"a":1}', "[]", "[1]"])
def test_a_message_that_only_looks_like_an_error_stays(message: str) -> None:
    assert error(400, {"error": {"message": message}}).message == message


def test_errors_inside_errors_come_to_an_end() -> None:
    said = "deep"
    for _ in range(8):
        said = json.dumps({"error": {"message": said}})

    assert error(400, said.encode()).kind == "invalid"


def test_an_empty_purse_is_told_from_a_bad_request() -> None:
    message = "Your credit balance is too low to access the Anthropic API."

    assert error(400, {"error": {"type": "invalid_request_error", "message": message}}).kind == "billing"


@pytest.mark.parametrize(
    "message",
    ["prompt is too long: 205000 tokens > 200000 maximum", "input length and `max_tokens` exceed context limit: 1 + 2 > 2"],
)
def test_a_conversation_that_is_too_long_is_known_to_all_formats(message: str) -> None:
    found = error(400, {"error": {"type": "invalid_request_error", "message": message}})

    assert found.code == "context_length_exceeded"
    assert json.loads(write_error(found)[1])["error"]["message"] == message


def test_others_that_say_so_say_it_in_anthropics_words() -> None:
    status, body = written(status=413, kind="too_large", message="128k is all I can.", code="context_length_exceeded")

    assert (status, body["error"]) == (
        400,
        {
            "type": "invalid_request_error",
            "message": "prompt is too long: 128k is all I can.",
            "details": {"error_code": "context_length_exceeded"},
        },
    )


def test_a_late_error_of_no_shape_is_the_providers_fault() -> None:
    assert read_late_error("boom") == chat.ProviderError(status=500, kind="server", message="boom")
