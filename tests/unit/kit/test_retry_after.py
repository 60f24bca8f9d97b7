"""How long a provider asks us to wait, in every form in which one has written it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.kit.retry_after import LONGEST, retry_after
from korproxy.models.calls import Headers

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def asked(after: str | None = None, *, ms: str | None = None, now: datetime = NOW) -> float | None:
    fields = [(b"retry-after", after), (b"retry-after-ms", ms)]
    headers = Headers([(name, value.encode("latin-1")) for name, value in fields if value is not None])
    return retry_after(headers, now=now.timestamp())


@given(st.integers(0, int(LONGEST)))
def test_whole_seconds_are_taken_as_they_are(seconds: int) -> None:
    assert asked(str(seconds)) == seconds


@given(st.floats(0, LONGEST))
def test_fractions_of_seconds_are_taken_as_they_are(seconds: float) -> None:
    assert asked(f" {seconds!r} ") == seconds


@given(st.floats(0, LONGEST * 1000))
def test_milliseconds_are_a_thousandth(wait: float) -> None:
    assert asked(ms=repr(wait)) == wait / 1000


@given(st.integers(0, int(LONGEST)), st.integers(-12 * 60, 14 * 60))
def test_a_date_in_any_zone_is_counted_from_now(seconds: int, zone: int) -> None:
    date = (NOW + timedelta(seconds=seconds)).astimezone(timezone(timedelta(minutes=zone)))

    assert asked(format_datetime(date)) == seconds


@given(st.integers(0, int(LONGEST)))
def test_a_date_of_http_is_in_greenwich(seconds: int) -> None:
    assert asked(format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)) == seconds
    assert asked((NOW + timedelta(seconds=seconds)).strftime("%A, %d-%b-%y %H:%M:%S GMT")) == seconds  # RFC 850, obsolete
    assert asked((NOW + timedelta(seconds=seconds)).strftime("%a %b %d %H:%M:%S %Y")) == seconds  # asctime, obsolete


@given(st.floats(max_value=0) | st.just("-inf"))
def test_a_time_that_is_over_means_now(seconds: float | str) -> None:
    assert asked(str(seconds)) == 0


def test_a_date_that_is_over_means_now() -> None:
    assert asked(format_datetime(NOW - timedelta(days=3), usegmt=True)) == 0


@pytest.mark.parametrize("text", ["1801", "1e9", "1e400", "inf", "Infinity", "9" * 400, "Sun, 31 Dec 9999 23:59:59 GMT"])
def test_half_an_hour_is_the_longest(text: str) -> None:
    assert asked(text) == LONGEST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nan",
        "-nan",
        "soon",
        "1,5",
        "12s",
        "0x10",
        "Mon, 99 Foo 2026 12:00:00 GMT",
        "Mon, 23 Nov 2026 25:61:00 GMT",
        "Mon, 23 Nov 99999 12:00:00 GMT",
        "Mon, 23 Nov 2026 12:00:00 +9999999999",
        "\xa0",
        "\x00",
    ],
)
def test_what_says_no_time_is_no_wish(text: str) -> None:
    assert asked(text) is None
    assert asked(text, ms="30000") == 30
    assert asked("30", ms=text) == 30


@given(st.text(st.characters(max_codepoint=255)), st.none() | st.text(st.characters(max_codepoint=255)))
def test_no_text_breaks_it_and_no_wish_is_longer_than_half_an_hour(after: str, ms: str | None) -> None:
    wanted = asked(after, ms=ms)

    assert wanted is None or 0 <= wanted <= LONGEST


def test_milliseconds_go_first() -> None:
    assert asked("60", ms="500") == 0.5


def test_without_a_header_there_is_no_wish() -> None:
    assert retry_after(Headers()) is None


def test_the_wall_clock_is_the_default() -> None:
    headers = Headers([(b"retry-after", format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True).encode())])

    assert 90 < (retry_after(headers) or 0) <= 101
