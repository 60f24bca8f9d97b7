"""What a client is told where nobody may be asked now."""

from __future__ import annotations

import pytest

from korproxy.errors.exceptions import AccountRefused, Busy, NoProvider, ProviderLost, ProviderRefused
from korproxy.gateway.verdicts import unsayable, verdict
from korproxy.models.decisions import Rejected


def passed_over(account: str, why: str, *, code: str = "", returns_in: float | None = None) -> Rejected:
    return Rejected(provider="one", account=account, model="m", why=why, code=code, returns_in=returns_in)


LIMITED = passed_over("a", "rate_limited", code="KP-RATE-401", returns_in=11.2)
FAILING = passed_over("b", "erroring", code="KP-NET-302", returns_in=30.0)
REFUSED = passed_over("c", "refused", code="KP-AUTH-007")


def test_while_somebody_returns_the_client_is_told_when_and_who_rests_for_what() -> None:
    error = verdict([LIMITED, FAILING, REFUSED], 11.2)

    assert isinstance(error, Busy)
    assert (error.code, error.retry_after) == ("KP-RATE-405", 12.0)
    assert str(error) == (
        "All accounts that could answer are resting: one/a (rate limited, KP-RATE-401, back in 12 s),"
        " one/b (failing, KP-NET-302, back in 30 s), one/c (refused by its provider, KP-AUTH-007). Try again in 12 s."
    )


@pytest.mark.parametrize("returns_in", [0.0, 0.4, 1.0])
def test_nobody_is_told_to_come_back_at_once(returns_in: float) -> None:
    error = verdict([LIMITED], returns_in)

    assert isinstance(error, Busy)
    assert error.retry_after == 1.0


@pytest.mark.parametrize(
    ("code", "said", "status", "helps"),
    [
        ("KP-AUTH-007", "KP-AUTH-007", 401, "points to, then: korproxy reload. If the key is valid by now"),
        ("", "KP-AUTH-007", 401, "points to, then: korproxy reload. If the key is valid by now"),
        ("KP-PROV-110", "KP-PROV-110", 402, "(refused by its provider, KP-PROV-110). Pay there, then"),
    ],
)
def test_where_all_are_refused_one_is_named_with_what_helps(code: str, said: str, status: int, helps: str) -> None:
    error = verdict([passed_over("d", "disabled"), passed_over("c", "refused", code=code)], None)

    assert isinstance(error, AccountRefused)
    assert (error.code, error.provider, error.account, error.upstream_status) == (said, "one", "c", status)
    assert str(error).endswith(f"{helps}: korproxy account wake one/c")


def test_where_all_are_left_out_by_hand_nothing_passes_by_itself() -> None:
    error = verdict([passed_over(each, "disabled") for each in "abcdefg"], None)

    assert isinstance(error, NoProvider)
    assert error.code == "KP-PROV-125"
    assert str(error).endswith("one/e (disabled) and 2 more.")


def test_what_cannot_be_said_in_a_stream_becomes_an_error_of_it() -> None:
    whole, refusal = unsayable("one", 200, None), unsayable("one", 429, "KP-RATE-401")

    assert (type(whole), whole.code) == (ProviderLost, "KP-PROV-116")
    assert isinstance(refusal, ProviderRefused)
    assert (refusal.code, refusal.upstream_status) == ("KP-RATE-401", 429)
