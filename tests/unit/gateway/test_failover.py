"""What follows from how asking ended: who is asked next, and what is held against whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.exceptions import (
    AccountRefused,
    BadRequest,
    Busy,
    ConfigError,
    InternalError,
    KorproxyError,
    NoProvider,
    PluginBroken,
    ProviderLost,
    ProviderRefused,
    Stopping,
)
from korproxy.gateway.backoff import CAP
from korproxy.gateway.failover import Overtaken, of_end, of_error, of_event, of_refusal
from korproxy.models.outcome import Refusal


def lost(code: str) -> ProviderLost:
    return ProviderLost(code, "", provider="one")


def answered(status: int, code: str) -> ProviderRefused:
    return ProviderRefused(code, "", provider="one", upstream_status=status, retry_after=7.0)


@pytest.mark.parametrize(
    ("status", "code", "kind", "held", "goes_on"),
    [
        (429, "KP-RATE-401", "limited", "limited", True),
        (429, "KP-PROV-110", "limited", "limited", True),
        (400, "KP-PROV-110", "limited", "limited", True),
        (402, "KP-PROV-110", "rejected", "refused", True),
        (403, "KP-PROV-114", "rejected", "nothing", True),
        (500, "KP-PROV-102", "failed", "failed", True),
        (503, "KP-PROV-103", "failed", "failed", True),
        (529, "KP-PROV-103", "failed", "failed", True),
        (408, "KP-PROV-101", "failed", "failed", True),
        (400, "KP-PROV-101", "refused", "good", False),
        (404, "KP-PROV-104", "refused", "good", False),
        (413, "KP-PROV-112", "refused", "good", False),
        (422, "KP-PROV-101", "refused", "good", False),
    ],
)
def test_a_refusal_says_whose_fault_it_is(status: int, code: str, kind: str, held: str, goes_on: bool) -> None:
    outcome = of_refusal(status, Refusal(code=code), forwards=False)

    assert (outcome.kind, outcome.held, outcome.goes_on) == (kind, held, goes_on)
    assert (outcome.status, outcome.code) == (status, code)


def test_the_wait_that_the_provider_wants_is_kept_and_a_spent_allowance_rests_as_long_as_any_may() -> None:
    waits = [
        of_refusal(429, Refusal(code=code, retry_after=wait), forwards=False).retry_after
        for code, wait in [("KP-RATE-401", 7.0), ("KP-RATE-401", None), ("KP-PROV-110", 7.0), ("KP-PROV-110", None)]
    ]

    assert waits == [7.0, None, 7.0, 1800.0]


@pytest.mark.parametrize("status", [429, 402])
def test_what_is_wrong_with_a_callers_own_credential_is_not_held_against_the_account(status: int) -> None:
    assert of_refusal(status, Refusal(code="KP-RATE-401"), forwards=True).held == "nothing"
    assert of_refusal(503, Refusal(code="KP-PROV-103"), forwards=True).held == "failed"


def test_the_refusal_of_a_callers_own_credential_is_the_answer() -> None:
    outcome = of_refusal(401, Refusal(code="KP-AUTH-008", credential=True), forwards=True)

    assert (outcome.kind, outcome.held, outcome.goes_on) == ("rejected", "nothing", False)


@pytest.mark.parametrize(
    ("exc", "kind", "held", "goes_on"),
    [
        *[(lost(f"KP-NET-{number}"), "failed", "failed", True) for number in (301, 302, 303, 304, 305, 308, 309, 310)],
        (lost("KP-PROV-107"), "failed", "failed", True),
        (lost("KP-NET-307"), "failed", "nothing", False),
        (lost("KP-CONF-209"), "failed", "nothing", True),
        (answered(429, "KP-RATE-401"), "limited", "limited", True),
        (answered(503, "KP-PROV-103"), "failed", "failed", True),
        (answered(400, "KP-PROV-101"), "refused", "good", False),
        (AccountRefused("KP-AUTH-007", "", provider="one", account="a", upstream_status=401), "rejected", "refused", True),
        (Busy("KP-RATE-402", ""), "busy", "nothing", True),
        (Overtaken("KP-RATE-405", ""), "overtaken", "nothing", True),
        (PluginBroken("KP-CONF-209", "", plugin="one"), "unfit", "nothing", True),
        (NoProvider("KP-AUTH-009", ""), "unfit", "nothing", True),
        (ConfigError("KP-CONF-206", ""), "unfit", "nothing", True),
        (BadRequest("KP-PROV-115", ""), "unfit", "nothing", True),
        (BadRequest("KP-PROV-118", ""), "refused", "nothing", False),
        (Stopping("KP-SYS-511", ""), "refused", "nothing", False),
        (InternalError("KP-SYS-501", ""), "refused", "nothing", False),
    ],
    ids=lambda each: getattr(each, "code", None),
)
def test_an_error_says_who_is_asked_next(exc: KorproxyError, kind: str, held: str, goes_on: bool) -> None:
    outcome = of_error(exc, forwards=False)

    assert (outcome.kind, outcome.held, outcome.goes_on, outcome.code) == (kind, held, goes_on, exc.code)


@pytest.mark.parametrize(
    ("words", "kind", "goes_on"),
    [
        (b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n', "failed", True),
        (b'event: error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"x"}}\n\n', "limited", True),
        (b'data: {"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded"}}}\n\n', "limited", True),
        (b'data: {"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}\n\n', "limited", True),
        (b'data: {"error":{"message":"internal"}}\n\n', "failed", True),
        (b'data: {"type":"error","error":{"type":"invalid_request_error","message":"rate_limit"}}\n\n', "refused", False),
    ],
)
def test_the_first_event_of_a_stream_may_be_an_error_of_any_kind(words: bytes, kind: str, goes_on: bool) -> None:
    outcome = of_event(words, "KP-PROV-102", forwards=False)

    assert (outcome.kind, outcome.goes_on, outcome.status) == (kind, goes_on, 200)


@pytest.mark.parametrize(
    ("exc", "code", "whole", "held"),
    [
        (lost("KP-NET-309"), None, False, "failed"),
        (lost("KP-NET-306"), None, False, "failed"),
        (lost("KP-NET-307"), None, False, "nothing"),
        (Stopping("KP-SYS-511", ""), None, False, "nothing"),
        (None, "KP-PROV-102", True, "failed"),
        (None, None, True, "good"),
        (None, None, False, "nothing"),
    ],
)
def test_the_end_of_an_answer_that_had_begun_counts_too(
    exc: KorproxyError | None, code: str | None, whole: bool, held: str
) -> None:
    assert of_end(exc, code, whole=whole) == held


REFUSALS = st.builds(
    Refusal,
    code=st.sampled_from(["KP-RATE-401", "KP-PROV-101", "KP-PROV-102", "KP-PROV-103", "KP-PROV-110", "KP-PROV-114"]),
    credential=st.booleans(),
    retry_after=st.none() | st.floats(0, 1800),
)


@given(st.integers(400, 599), REFUSALS, st.booleans())
def test_whatever_a_provider_says_it_is_clear_what_follows(status: int, refusal: Refusal, forwards: bool) -> None:
    outcome = of_refusal(status, refusal, forwards=forwards)

    assert (outcome.status, outcome.code) == (status, refusal.code)
    assert outcome.goes_on or outcome.kind in {"refused", "rejected"}
    assert outcome.held in {"nothing", "good"} or outcome.goes_on  # nobody rests for what the client has to be told
    assert not forwards or outcome.held in {"nothing", "good", "failed"}
    assert outcome.retry_after is None or 0 <= outcome.retry_after <= CAP


@given(st.binary(max_size=6000))
def test_any_bytes_are_an_event_of_some_kind(words: bytes) -> None:
    outcome = of_event(words, "KP-PROV-102", forwards=False)

    assert outcome.kind in {"refused", "limited", "failed"}
    assert outcome.goes_on is (outcome.kind != "refused")
