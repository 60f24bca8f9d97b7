"""Whose path it is, who needs a key for it, and what somebody is told who missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.server.paths import is_management, methods_at, needs_key, open_paths, wrong_path

CALLS = ("/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens")
MODEL_CALL = "/v1beta/models/{model}:generateContent"
LOCKED = ("/v1/requests", "/v1/logs", "/v1/diagnostics/bundle", "/v1/keys", "/v1/settings")
MANAGEMENT = (
    *("/v1/diagnostics", "/v1/diagnostics/health", "/v1/providers", "/v1/errors", "/v1/errors/KP-SYS-501", "/errors/x"),
    *("/metrics", "/v1/metrics"),
)
TELLING = ("/v1/requests", "/v1/requests/r-1", "/v1/requests/r-1/why", "/v1/logs", "/v1/logs/levels", "/v1/diagnostics/bundle")
REST = st.text(alphabet="abc/.%-", max_size=12)


@pytest.mark.parametrize("path", [*MANAGEMENT, *TELLING])
def test_the_management_application_answers(path: str) -> None:
    assert is_management(path)


ELSEWHERE = ("/v1/models", "/v1", "/v1/", "/errorsx", "/v1/errors-x", "/x/v1/errors", "/metricsx", "/v1/logsx", "")


@pytest.mark.parametrize("path", [*CALLS, *sorted(open_paths), *ELSEWHERE])
def test_the_front_answers_itself(path: str) -> None:
    assert not is_management(path)


@given(st.sampled_from(MANAGEMENT), REST)
def test_all_below_a_management_path_is_management(path: str, rest: str) -> None:
    assert is_management(f"{path}/{rest}")


@given(st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", ""]), st.text(max_size=20))
def test_whatever_may_write_needs_a_key_wherever_it_goes(method: str, path: str) -> None:
    assert needs_key(method, path)


@given(st.sampled_from(["GET", "HEAD"]), st.sampled_from(LOCKED), REST)
def test_what_tells_of_requests_and_keys_needs_a_key_even_for_reading(method: str, path: str, rest: str) -> None:
    assert [needs_key(method, each) for each in (path, f"{path}/{rest}")] == [True, True]


@pytest.mark.parametrize("path", [*MANAGEMENT, "/v1/diagnostics/bundles", "/v1/logsx"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_the_rest_needs_none(method: str, path: str) -> None:
    assert not needs_key(method, path)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/", ("GET", "HEAD")),
        ("/healthz", ("GET", "HEAD")),
        ("/api/hello", ("GET", "HEAD")),
        ("/v1/models", ("GET", "HEAD")),
        ("/v1/messages", ("POST",)),
        ("/v1/messages/", ()),
        ("/v1/models/gpt", ("GET", "HEAD")),
        ("/v1/models/vendor/llama3.2:3b", ("GET", "HEAD")),
        ("/v1beta/models", ("GET", "HEAD")),
        ("/v1beta/models/gemini-x", ("GET", "HEAD")),
        ("/v1beta/models/claude/opus:generateContent", ("POST",)),
        ("/v1beta/models/a:b:generateContent", ("POST",)),
        ("/v1beta/models/:generateContent", ("GET", "HEAD")),
        ("/v1/models/", ()),
        ("/favicon.ico", ()),
        ("", ()),
    ],
)
def test_every_path_takes_its_own_methods(path: str, methods: tuple[str, ...]) -> None:
    assert methods_at(path, (*CALLS, MODEL_CALL)) == methods


@pytest.mark.parametrize("right", [*CALLS, "/v1/models"])
def test_a_v1_too_many_is_named(right: str) -> None:
    error = wrong_path("/v1" + right, CALLS)

    assert str(error) == f"Nothing is at '/v1{right}'; {right} is. The tool's base URL needs one /v1 less."


@pytest.mark.parametrize("right", [*CALLS, "/v1/models"])
def test_a_v1_too_few_is_named(right: str) -> None:
    error = wrong_path(right.removeprefix("/v1"), CALLS)

    assert str(error) == f"Nothing is at '{right.removeprefix('/v1')}'; {right} is. The tool's base URL needs /v1 at its end."


@pytest.mark.parametrize("right", [*CALLS, "/v1/models"])
def test_a_slash_too_many_is_named(right: str) -> None:
    error = wrong_path(right + "/", CALLS)

    assert str(error) == f"Nothing is at '{right}/'; {right} is, without the slash at its end."


@pytest.mark.parametrize("target", ["http://example.test/v1/messages", "example.test:443"])
def test_a_request_to_a_forward_proxy_is_told_that_this_is_none(target: str) -> None:
    assert "KorProxy is no forward proxy" in wrong_path(target, CALLS).detail


def test_a_path_that_resembles_nothing_is_told_what_is_served() -> None:
    error = wrong_path("/v2/chat", CALLS[:2])

    assert str(error) == "Nothing is at '/v2/chat'. Served are: /v1/chat/completions, /v1/messages, /v1/models, /v1beta/models."


@given(st.text(max_size=2000))
def test_a_wrong_path_always_has_the_same_code_and_is_shown_only_so_far(path: str) -> None:
    error = wrong_path(path, CALLS)

    assert error.code == "KP-SYS-506"
    assert repr(path[:200]) in error.detail
    assert len(path) <= 200 or path not in error.detail
