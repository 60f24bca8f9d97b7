"""How long a provider asks us to wait, in every form in which one has written it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.kit.retry_after import LONGEST, bounded, duration, retry_after, seconds_until
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
        "12x",
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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12s", 12), ("1.5 s", 1.5), ("2m", 120), ("2026-11-23T12:01:30Z", 90), ("2026-11-23t13:01:30.5+01:00", 90.5)],
)
def test_units_and_times_of_other_formats_are_understood_in_it_too(text: str, seconds: float) -> None:
    assert asked(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("850ms", 0.85),
        ("1s", 1),
        ("6m0s", 360),
        ("1h2m3s", 3723),
        ("1m30.5s", 90.5),
        ("21.5S", 21.5),
        ("0s", 0),
        ("7 seconds", 7),
        ("500 milliseconds", 0.5),
        ("20 minutes", 1200),
        ("1 min", 60),
        ("2 hours and 5 minutes", 7500),
        ("1 day, 3 hrs", 97200),
        ("9" * 400 + "s", inf),
    ],
)
def test_durations_are_read_in_short_and_in_words(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        "-5s",
        "1.s",
        "1.2.3s",
        "5 messages",
        "5 s!",
        " 5s",
        "5s ",
        "1d2",
        "٣s",
        "5µs",
        "5\u017f",
        "5 \u017feconds",
        "1s" * 7,
    ],
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert duration(text) is None


def test_texts_that_are_too_long_for_it_are_neither_duration_nor_date() -> None:
    assert (duration("1s" * 6), duration("1s" * 7)) == (6, None)
    assert asked(format_datetime(NOW) + " " * 60 + "(" * 200) is None


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int, thousandths: int) -> None:
    whole = hours * 3600 + minutes * 60 + seconds + thousandths / 1000

    assert duration(f"{hours}h{minutes}m{seconds}.{thousandths:03}s") == pytest.approx(whole)
    assert duration(f"{hours} hours, {minutes} minutes and {seconds} s {thousandths} ms") == pytest.approx(whole)


@given(st.integers(0, int(LONGEST)))
def test_a_reset_is_a_number_of_seconds_or_a_time_in_any_form(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    epoch = int(at.timestamp())
    forms = [
        *(seconds, float(seconds), str(seconds), f"{seconds}s", f" {seconds // 60}m{seconds % 60}s "),
        *(epoch, float(epoch), str(epoch), epoch * 1000, str(epoch * 1000)),
        *(at.isoformat(), at.strftime("%Y-%m-%dT%H:%M:%SZ"), format_datetime(at, usegmt=True)),
    ]

    assert [seconds_until(each, NOW.timestamp()) for each in forms] == [pytest.approx(seconds)] * len(forms)


@pytest.mark.parametrize("reset", [None, True, [], {}, b"5", "", "soon", nan, "nan", "2026-13-01T00:00:00Z", "\ud800"])
def test_what_names_no_time_is_no_reset(reset: object) -> None:
    assert seconds_until(reset, NOW.timestamp()) is None


@pytest.mark.parametrize(
    ("reset", "wait"),
    [(10**400, LONGEST), (-(10**400), 0), (inf, LONGEST), (-inf, 0), (-5, 0), (1e9, 0), ("9999-12-31T23:59:59-23:59", LONGEST)],
)
def test_a_reset_far_away_is_cut_and_one_that_is_over_is_now(reset: object, wait: float) -> None:
    assert seconds_until(reset, NOW.timestamp()) == wait


def test_who_reckons_with_the_whole_time_gets_it() -> None:
    assert seconds_until("24h", NOW.timestamp(), inf) == 86400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)


@given(JSON | st.from_regex(r"[0-9.]{1,4} ?(ms|s|m|h|d|seconds?|Z|T)[0-9]{0,3}"))
def test_no_value_breaks_it_and_no_reset_is_later_than_half_an_hour(reset: object) -> None:
    wait = seconds_until(reset, NOW.timestamp())

    assert wait is None or 0 <= wait <= LONGEST
    if isinstance(reset, str):
        assert (duration(reset) or 0) >= 0


@given(st.floats(), st.floats(0, allow_nan=False))
def test_a_wait_is_never_negative_nor_above_its_bound(seconds: float, longest: float) -> None:
    assert 0 <= bounded(seconds, longest) <= longest


def test_without_a_header_there_is_no_wish() -> None:
    assert retry_after(Headers()) is None


def test_the_wall_clock_is_the_default() -> None:
    headers = Headers([(b"retry-after", format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True).encode())])

    assert 90 < (retry_after(headers) or 0) <= 101
