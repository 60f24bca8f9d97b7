"""Errors of providers, in this format's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from korproxy.api import Headers, chat
from korproxy.builtin.dialects.chat_format.errors import read_error, read_late_error, write_error

NO_HEADERS = Headers()


def error_of(status: int, said: object, headers: Headers = NO_HEADERS) -> chat.ProviderError:
    return read_error(status, headers, said if isinstance(said, bytes) else json.dumps(said).encode())


def test_an_error_of_openais_is_read_whole() -> None:
    said = {
        "error": {"message": "No such field.", "type": "invalid_request_error", "param": "top_k", "code": "unknown_parameter"}
    }

    assert error_of(400, said) == chat.ProviderError(
        status=400,
        kind="invalid",
        message="No such field.",
        type="invalid_request_error",
        code="unknown_parameter",
        param="top_k",
    )


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, {"type": "invalid_request_error"}, "invalid"),
        (422, {}, "invalid"),
        (401, {"type": "invalid_request_error", "code": "invalid_api_key"}, "authentication"),
        (400, {"code": "invalid_api_key"}, "authentication"),
        (402, {"message": "Insufficient Balance"}, "billing"),
        (429, {"type": "insufficient_quota", "code": "insufficient_quota"}, "billing"),
        (429, {"code": "billing_hard_limit_reached"}, "billing"),
        (403, {"code": "Arrearage"}, "billing"),
        (403, {}, "permission"),
        (403, {"code": "model_not_found"}, "not_found"),
        (404, {}, "not_found"),
        (408, {}, "timeout"),
        (413, {}, "too_large"),
        (429, {"type": "tokens", "code": "rate_limit_exceeded"}, "rate_limit"),
        (429, {"code": "slow_down"}, "rate_limit"),
        (500, {"type": "server_error"}, "server"),
        (502, {}, "server"),
        (503, {"code": "slow_down"}, "overloaded"),
        (504, {}, "timeout"),
        (529, {"type": "overloaded_error"}, "overloaded"),
    ],
)
def test_status_and_words_tell_the_kind(status: int, said: dict[str, str], kind: str) -> None:
    assert error_of(status, {"error": said}).kind == kind


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"error": {"message": "a"}}, "a"),
        ([{"error": {"message": "a"}}], "a"),
        ({"error": "a"}, "a"),
        ({"detail": "a"}, "a"),
        ({"detail": [{"loc": ["body"], "msg": "a", "type": "missing"}]}, "a"),
        ({"object": "error", "message": "a", "code": 400}, "a"),
        ({"error": {"message": {"message": "a"}}}, "a"),
        ({"type": "error", "error": {"type": "api_error", "message": "a"}}, "a"),
        (b"upstream connect error", "upstream connect error"),
        (b"<html><head><title>502 Bad\n Gateway</title></head><body>cloudflare</body></html>", "502 Bad Gateway"),
        (b"<h1>Sorry</h1><style>p{}</style><p>Down</p>", "Sorry Down"),
        (b"", "The provider answered 400 and gave no reason."),
        (b"[]", "[]"),
        (b"7", "7"),
        (b"null", "null"),
    ],
)
def test_edge_75_errors_are_found_however_they_are_wrapped(said: object, message: str) -> None:
    assert error_of(400, said).message == message


@pytest.mark.parametrize(("code", "expected"), [(429, "429"), ("429", "429"), (None, None), (True, None), ("", None)])
def test_edge_75_a_code_that_is_a_number_becomes_a_text(code: object, expected: str | None) -> None:
    assert error_of(429, {"error": {"message": "slow", "code": code}}).code == expected


def test_edge_76_an_error_in_the_message_of_another_one_is_unwrapped() -> None:
    inner = json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    found = error_of(400, {"error": {"code": 400, "message": inner, "status": "FAILED_PRECONDITION"}})

    assert (found.type, found.message, found.kind) == ("overloaded_error", "Overloaded", "overloaded")


def test_a_message_that_only_looks_like_json_stays() -> None:
    assert error_of(400, {"error": {"message": "[1] is no object"}}).message == "[1] is no object"
    assert error_of(400, {"error": {"message": '{"path": "a"}'}}).message == '{"path": "a"}'


def test_nothing_that_a_provider_nests_ends_the_reader() -> None:
    said: Any = "deep"
    for _ in range(50):
        said = {"error": {"message": json.dumps(said)}} if isinstance(said, str) else {"error": said}

    assert error_of(500, said).kind == "server"


@pytest.mark.parametrize(
    ("header", "message", "seconds"),
    [
        ((b"retry-after", b"21"), "Slow down.", 21.0),
        ((b"retry-after-ms", b"1500"), "Slow down.", 1.5),
        ((b"x-other", b"1"), "Rate limit reached. Please try again in 1.5s.", 1.5),
        ((b"x-other", b"1"), "Please try again in 850ms.", 0.85),
        ((b"x-other", b"1"), "Slow down.", None),
    ],
)
def test_how_long_to_wait_is_in_a_header_or_in_the_message(
    header: tuple[bytes, bytes], message: str, seconds: float | None
) -> None:
    assert error_of(429, {"error": {"message": message}}, Headers((header,))).retry_after == seconds


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 128000 tokens.",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ],
)
def test_a_conversation_that_is_too_long_has_the_code_by_which_all_formats_know_it(message: str) -> None:
    found = error_of(400, {"error": {"message": message, "code": 400}})

    assert (found.kind, found.code) == ("invalid", "context_length_exceeded")


@pytest.mark.parametrize(
    ("said", "status", "kind"),
    [
        ({"error": {"message": "a", "type": "server_error"}}, 500, "server"),
        ({"error": {"message": "a", "code": 429}}, 429, "rate_limit"),
        ({"error": {"message": "a", "code": "502"}}, 502, "server"),
        ({"error": {"message": "a", "code": "rate_limit_exceeded"}}, 429, "rate_limit"),
        ({"error": {"message": "a", "type": "overloaded_error"}}, 503, "overloaded"),
        ({"error": {"message": "a", "code": "slow_down"}}, 503, "overloaded"),
        ({"error": {"message": "a", "type": "invalid_request_error"}}, 400, "invalid"),
        ({"error": {"message": "a", "code": 7}}, 502, "server"),
        ({"error": "a"}, 502, "server"),
        ({"object": "error", "message": "a", "code": 400}, 400, "invalid"),
    ],
)
def test_an_error_in_a_stream_has_the_status_that_its_words_stand_for(said: object, status: int, kind: str) -> None:
    found = read_late_error(said)

    assert (found.status, found.kind, found.message) == (status, kind, "a")


def test_an_error_in_a_stream_may_be_silent() -> None:
    assert read_late_error({"error": {}}).message.startswith("The provider broke off")


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("invalid", 400, (400, "invalid_request_error", None)),
        ("invalid", 422, (422, "invalid_request_error", None)),
        ("invalid", 500, (400, "invalid_request_error", None)),
        ("authentication", 401, (401, "invalid_request_error", "invalid_api_key")),
        ("billing", 402, (429, "insufficient_quota", "insufficient_quota")),
        ("permission", 403, (403, "permission_error", None)),
        ("not_found", 404, (404, "invalid_request_error", "model_not_found")),
        ("too_large", 413, (413, "invalid_request_error", None)),
        ("rate_limit", 429, (429, "rate_limit_error", "rate_limit_exceeded")),
        ("overloaded", 529, (503, "service_unavailable_error", "server_is_overloaded")),
        ("server", 500, (500, "server_error", None)),
        ("server", 502, (502, "server_error", None)),
        ("server", 200, (500, "server_error", None)),
        ("timeout", 408, (504, "timeout_error", None)),
    ],
)
def test_each_kind_has_its_status_and_its_words(kind: chat.ErrorKind, status: int, expected: tuple[int, str, str]) -> None:
    written, body = write_error(chat.ProviderError(status=status, kind=kind, message="No.", type="their_word"))

    error = {"message": "No.", "type": expected[1], "param": None, "code": expected[2]}
    assert (written, json.loads(body)) == (expected[0], {"error": error})


def test_the_providers_own_code_and_message_stay() -> None:
    found = chat.ProviderError(status=400, kind="invalid", message="Größe?", code="size_wrong", param="size")

    assert json.loads(write_error(found)[1])["error"] == {
        "message": "Größe?",
        "type": "invalid_request_error",
        "param": "size",
        "code": "size_wrong",
    }


def test_a_conversation_that_is_too_long_is_a_bad_request_whatever_its_status_was() -> None:
    found = chat.ProviderError(status=413, kind="too_large", message="prompt is too long", code="context_length_exceeded")
    status, body = write_error(found)

    assert (status, json.loads(body)["error"]["code"]) == (400, "context_length_exceeded")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Resource exhausted.", "Resource exhausted. Please try again in 21s."),
        ("Please retry in 20.9s.", "Please retry in 20.9s."),
        ("Please try again in 21s.", "Please try again in 21s."),
    ],
)
def test_edge_78_how_long_to_wait_is_said_in_the_message_too(message: str, expected: str) -> None:
    found = chat.ProviderError(status=429, kind="rate_limit", message=message, retry_after=21.0)

    assert json.loads(write_error(found)[1])["error"]["message"] == expected
