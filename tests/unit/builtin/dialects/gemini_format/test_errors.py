"""Errors of Google's, read and written."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Headers, chat
from korproxy.builtin.dialects.gemini_format.errors import read_error, read_late_error, write_error

RPC = "type.googleapis.com/google.rpc."


def body(code: int, message: str, status: str = "", *details: dict[str, Any]) -> bytes:
    error: dict[str, Any] = {"code": code, "message": message} | ({"status": status} if status else {})
    return json.dumps({"error": error | ({"details": list(details)} if details else {})}).encode()


def read(status: int, text: bytes, *headers: tuple[bytes, bytes]) -> chat.ProviderError:
    return read_error(status, Headers(list(headers)), text)


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        (400, "INVALID_ARGUMENT", "invalid"),
        (400, "FAILED_PRECONDITION", "permission"),
        (400, "OUT_OF_RANGE", "invalid"),
        (401, "UNAUTHENTICATED", "authentication"),
        (402, "RESOURCE_EXHAUSTED", "billing"),
        (403, "PERMISSION_DENIED", "permission"),
        (404, "NOT_FOUND", "not_found"),
        (413, "RESOURCE_EXHAUSTED", "too_large"),
        (429, "RESOURCE_EXHAUSTED", "rate_limit"),
        (499, "CANCELLED", "server"),
        (500, "INTERNAL", "server"),
        (500, "UNKNOWN", "server"),
        (503, "UNAVAILABLE", "overloaded"),
        (504, "DEADLINE_EXCEEDED", "timeout"),
        (400, "", "invalid"),
        (403, "", "permission"),
        (418, "", "invalid"),
        (408, "", "timeout"),
        (502, "", "server"),
        (503, "", "overloaded"),
        (529, "", "overloaded"),
        (500, "A_NEW_WORD", "server"),
    ],
)
def test_an_error_is_of_the_kind_that_status_and_word_say(status: int, word: str, kind: chat.ErrorKind) -> None:
    expected = chat.ProviderError(status=status, kind=kind, message="It broke.", type=word)

    assert read(status, body(status, "It broke.", word)) == expected


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "API_KEY_INVALID", "authentication"),
        (403, "BILLING_DISABLED", "billing"),
        (429, "INSUFFICIENT_G1_CREDITS_BALANCE", "billing"),
        (429, "MODEL_CAPACITY_EXHAUSTED", "overloaded"),
        (403, "SERVICE_DISABLED", "permission"),
    ],
)
def test_the_reason_in_the_details_is_finer_than_the_status(status: int, reason: str, kind: chat.ErrorKind) -> None:
    info = {"@type": f"{RPC}ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    word = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED"}[status]
    error = read(status, body(status, "No.", word, info))

    assert (error.kind, error.code) == (kind, reason)


def test_a_wrong_key_is_known_by_its_words_too() -> None:
    assert read(400, body(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT")).kind == "authentication"
    assert read(400, body(400, "Bad tools.", "INVALID_ARGUMENT")).kind == "invalid"


def test_a_conversation_that_is_too_long_has_the_code_that_all_formats_know() -> None:
    message = "The input token count (1048580) exceeds the maximum number of tokens allowed (1048576)."
    error = read(400, body(400, message, "INVALID_ARGUMENT"))

    assert (error.kind, error.code, error.message) == ("invalid", "context_length_exceeded", message)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("21s", 21.0), ("0.5s", 0.5), ("850ms", 0.85), ("21.337s", 21.337), ("soon", None), (7, None), ("9" * 400 + "s", 1800.0)],
)
def test_edge_78_the_delay_of_retry_info_is_told(delay: object, seconds: float | None) -> None:
    quota = {"@type": f"{RPC}QuotaFailure", "violations": []}
    info = {"@type": f"{RPC}RetryInfo", "retryDelay": delay}

    assert read(429, body(429, "Quota.", "RESOURCE_EXHAUSTED", quota, info)).retry_after == seconds


@pytest.mark.parametrize(
    ("message", "seconds"),
    [("Please retry in 21.5s.", 21.5), ("please retry in 850ms.", 0.85), ("Please retry in 3 s", 3.0), ("Please retry.", None)],
)
def test_a_delay_in_the_message_is_told(message: str, seconds: float | None) -> None:
    assert read(429, body(429, message)).retry_after == seconds


def test_the_details_go_before_the_message_and_that_before_the_header() -> None:
    info = {"@type": f"{RPC}RetryInfo", "retryDelay": "21s"}
    header = (b"retry-after", b"7")

    assert read(429, body(429, "Please retry in 30s.", "", info), header).retry_after == 21.0
    assert read(429, body(429, "Please retry in 30s."), header).retry_after == 30.0
    assert read(429, body(429, "Slow down."), header).retry_after == 7.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'[{"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}]', "Overloaded."),
        (b'[[{"error":{"message":"Overloaded."}}]]', "Overloaded."),
        (b'{"error":"Overloaded."}', "Overloaded."),
        (b'{"message":"Overloaded."}', "Overloaded."),
        (b'{"detail":"Overloaded."}', "Overloaded."),
        (b'"Overloaded."', "Overloaded."),
        (json.dumps({"error": {"message": body(503, "Overloaded.").decode()}}).encode(), "Overloaded."),
        (b"Overloaded.", "Overloaded."),
        (b"<html><style>x{}</style><h1>503</h1>\n<p>Overloaded.</p></html>", "503 Overloaded."),
        (b"", "The provider answered 503 and gave no reason."),
        (b"[]", "The provider answered 503 and gave no reason."),
        (b'{"error":{"message":null}}', "The provider answered 503 and gave no reason."),
        (b'{"error":{"message":{"text":"Overloaded."}}}', '{"text":"Overloaded."}'),
        (b'{"error":{"message":"{not json"}}', "{not json"),
    ],
)
def test_whatever_comes_some_words_are_left(text: bytes, message: str) -> None:
    error = read(503, text)

    assert (error.status, error.kind, error.message) == (503, "overloaded", message)


def test_an_error_in_a_stream_has_the_status_it_names() -> None:
    named = read_late_error({"code": 429, "message": "Quota. Please retry in 2s", "status": "RESOURCE_EXHAUSTED"})

    assert (named.status, named.kind, named.retry_after) == (429, "rate_limit", 2.0)
    assert read_late_error({"status": "UNAVAILABLE", "message": "x"}).status == 503
    assert read_late_error({"code": 8, "message": "x"}).status == 500
    assert read_late_error("It broke.") == chat.ProviderError(status=500, kind="server", message="It broke.")


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        ("invalid", 400, "INVALID_ARGUMENT"),
        ("authentication", 401, "UNAUTHENTICATED"),
        ("billing", 429, "RESOURCE_EXHAUSTED"),
        ("permission", 403, "PERMISSION_DENIED"),
        ("not_found", 404, "NOT_FOUND"),
        ("too_large", 413, "RESOURCE_EXHAUSTED"),
        ("rate_limit", 429, "RESOURCE_EXHAUSTED"),
        ("overloaded", 503, "UNAVAILABLE"),
        ("server", 500, "INTERNAL"),
        ("timeout", 504, "DEADLINE_EXCEEDED"),
    ],
)
def test_an_error_is_written_in_googles_words(kind: chat.ErrorKind, status: int, word: str) -> None:
    found, written = write_error(chat.ProviderError(status=200, kind=kind, message="As it was.", type="other_error"))

    assert found == status
    assert json.loads(written) == {"error": {"code": status, "message": "As it was.", "status": word}}


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [(408, "timeout", 408), (529, "overloaded", 503), (402, "billing", 402), (418, "invalid", 400), (502, "server", 500)],
)
def test_a_status_stays_where_it_is_one_of_its_kind(status: int, kind: chat.ErrorKind, expected: int) -> None:
    assert write_error(chat.ProviderError(status=status, kind=kind, message="x"))[0] == expected


def test_code_and_delay_go_into_the_details() -> None:
    error = chat.ProviderError(status=429, kind="rate_limit", message="Slow.", code="rate_limit_exceeded", retry_after=20.2)
    details = json.loads(write_error(error)[1])["error"]["details"]

    assert details == [
        {"@type": f"{RPC}ErrorInfo", "reason": "rate_limit_exceeded", "domain": "korproxy"},
        {"@type": f"{RPC}RetryInfo", "retryDelay": "21s"},
    ]


@given(st.binary(max_size=80), st.sampled_from([400, 401, 404, 429, 500, 503, 599]))
def test_no_body_breaks_the_reader_and_what_it_reads_can_be_written(text: bytes, status: int) -> None:
    error = read(status, text)

    assert error.message
    assert error.kind in get_args(chat.ErrorKind)
    assert json.loads(write_error(error)[1])["error"]["message"] == error.message
