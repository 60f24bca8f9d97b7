"""What answers say of what is left, and when an account that has nothing left is asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.kit.rate_limits import plan_reset, spent_until
from korproxy.kit.retry_after import LONGEST
from korproxy.models.calls import Headers

WALL = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
NOW = 5000.0  # by another clock
VENDORS = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    *(
        (f"anthropic-ratelimit-{what}-remaining", f"anthropic-ratelimit-{what}-reset")
        for what in ("requests", "tokens", "input-tokens", "output-tokens")
    ),
]


def spent(fields: dict[str, str]) -> float | None:
    """Return the seconds for which an answer with *fields* says that nothing is left."""
    headers = Headers([(name.encode(), value.encode("latin-1", "replace")) for name, value in fields.items()])
    until = spent_until(headers, NOW, WALL.timestamp())
    return None if until is None else until - NOW


@pytest.mark.parametrize(("left", "reset"), VENDORS)
@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360), ("1s", 1), ("850ms", 0.85), ("12", 12), ("2026-11-23T12:00:30Z", 30), ("1h2m3s", 1800)],
)
def test_where_nothing_is_left_the_reset_says_until_when(left: str, reset: str, text: str, seconds: float) -> None:
    assert spent({left: "0", reset: text}) == pytest.approx(seconds)


@pytest.mark.parametrize(("left", "reset"), VENDORS)
@pytest.mark.parametrize("number", ["1", "00", "4999", "-1", "", "none", "0.5"])
def test_where_anything_is_left_nobody_waits(left: str, reset: str, number: str) -> None:
    assert spent({left: number, reset: "6m0s"}) is None


@pytest.mark.parametrize("text", ["", "soon", "0s", "-5s", "2026-11-23T11:59:59Z", "\x00"])
def test_a_reset_that_says_no_time_to_come_is_none(text: str) -> None:
    assert spent({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": text}) is None
    assert spent({"x-ratelimit-remaining-requests": "0"}) is None


@pytest.mark.parametrize("limit", ["0", "-1"])
def test_a_limit_that_is_none_is_not_used_up(limit: str) -> None:
    fields = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m", "x-ratelimit-limit-tokens": limit}

    assert spent(fields) is None


def test_a_bucket_that_is_full_again_in_a_minute_has_room_for_one_request_much_sooner() -> None:
    requests = {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "2026-11-23T12:01:00Z"}
    tokens = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m0s"}

    assert spent({**requests, "anthropic-ratelimit-requests-limit": "50"}) == pytest.approx(1.2)
    assert spent({**tokens, "x-ratelimit-limit-tokens": "30000"}) == pytest.approx(6)
    assert spent({**tokens, "x-ratelimit-limit-tokens": "many"}) == 60


def test_that_is_reckoned_from_all_of_the_time_also_where_it_is_a_day() -> None:
    day = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "24h0m0s"}

    assert spent({**day, "x-ratelimit-limit-requests": "14400"}) == pytest.approx(6)
    assert spent(day) == LONGEST


def test_of_several_limits_that_are_used_up_the_last_one_to_return_counts() -> None:
    fields = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "20s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "50s",
        "anthropic-ratelimit-tokens-remaining": "7",
        "anthropic-ratelimit-tokens-reset": "2026-11-23T12:09:00Z",
    }

    assert spent(fields) == 50


def unified(status: str, reset: object) -> float | None:
    return spent({"anthropic-ratelimit-unified-status": status, "anthropic-ratelimit-unified-reset": str(reset)})


def test_a_subscription_says_it_by_a_word_and_a_time_since_the_epoch() -> None:
    epoch = int(WALL.timestamp())

    assert unified("rejected", epoch + 600) == 600
    assert unified("rejected", epoch + 5 * 3600) == LONGEST
    assert unified("rejected", epoch - 1) is None
    assert unified("rejected", "") is None
    assert unified("allowed", epoch + 600) is None
    assert unified("allowed_warning", epoch + 600) is None


def test_without_such_fields_nobody_waits() -> None:
    assert spent({}) is None
    assert spent({"content-type": "application/json", "retry-after": "5"}) is None


def test_by_default_the_wall_clock_is_the_machines() -> None:
    at = (datetime.now(UTC) + timedelta(seconds=100)).isoformat().encode()
    fields = Headers([(b"anthropic-ratelimit-requests-remaining", b"0"), (b"anthropic-ratelimit-requests-reset", at)])

    assert 90 < (spent_until(fields, 0.0) or 0) <= 101


def plan(**fields: str) -> float | None:
    headers = Headers([(f"x-codex-{name.replace('_', '-')}".encode(), value.encode()) for name, value in fields.items()])
    return plan_reset(headers, WALL.timestamp())


def test_a_chatgpt_plan_is_usable_again_when_its_full_windows_are_over() -> None:
    soon, later = (str(int(WALL.timestamp()) + seconds) for seconds in (300, 900))

    first = {"primary_used_percent": "100", "primary_reset_at": soon}
    second = {"secondary_used_percent": "100.0", "secondary_reset_at": later}

    assert plan(**first) == 300
    assert plan(**first, **second) == 900
    assert plan(primary_used_percent="99.5", primary_reset_at=soon) is None
    assert plan(secondary_used_percent="x", secondary_reset_at=later) is None
    assert plan(primary_used_percent="100") is None
    assert plan() is None


NAMES = [*(name for pair in VENDORS for name in pair), "x-ratelimit-limit-requests", "anthropic-ratelimit-unified-status"]
NAMES += ["anthropic-ratelimit-unified-reset", "x-codex-primary-used-percent", "x-codex-primary-reset-at"]
VALUES = st.sampled_from(["0", "rejected", "100", "6m0s", "1e400", "-inf", "nan", "9" * 400, "2026-11-23T12:00:30Z"]) | st.text(
    st.characters(max_codepoint=255), max_size=20
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_no_text_breaks_it_and_nobody_waits_into_the_past_or_beyond_half_an_hour(fields: dict[str, str]) -> None:
    wait = spent(fields)

    assert wait is None or 0 <= wait <= LONGEST
    headers = Headers([(name.encode(), value.encode("latin-1")) for name, value in fields.items()])
    reset = plan_reset(headers, WALL.timestamp())
    assert reset is None or 0 <= reset <= LONGEST
