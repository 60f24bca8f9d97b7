from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.models.times import HOW, UNITS, moment, span

NOW = 1_780_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("90s", 90.0),
        ("10m", 600.0),
        ("10min", 600.0),
        ("24h", 86400.0),
        ("7d", 604800.0),
        ("1w", 604800.0),
        ("1h30m", 5400.0),
        ("1h 30min", 5400.0),
        ("1.5h", 5400.0),
        (" 24H ", 86400.0),
    ],
)
def test_a_span_is_written_as_people_do(text: str, seconds: float) -> None:
    assert (span(text), moment(text, NOW)) == (seconds, NOW - seconds)


@pytest.mark.parametrize("text", ["", "h", "-1h", "+1h", "1y", "1.h", ".5h", "1h-", "ten", "1e3", "٣h", "nan", "inf", "1" * 16])
def test_what_is_no_span_is_none(text: str) -> None:
    assert span(text) is None


@pytest.mark.parametrize(
    "text", ["2026-05-28T12:00:00Z", "2026-05-28T14:00:00+02:00", "2026-05-28 12:00+00:00", "20260528T120000z"]
)
def test_a_moment_has_the_zone_that_it_says(text: str) -> None:
    assert moment(text, NOW) == datetime(2026, 5, 28, 12, tzinfo=UTC).timestamp()


def test_a_moment_without_a_zone_is_local() -> None:
    assert moment("2026-05-28T12:00", NOW) == datetime(2026, 5, 28, 12).timestamp()
    assert moment("2026-05-28", NOW) == datetime(2026, 5, 28).timestamp()


def test_what_an_answer_says_of_a_request_s_time_can_be_asked_for() -> None:
    assert moment("1779999990.25", NOW) == 1779999990.25


@pytest.mark.parametrize(("text", "found"), [("9999-01-01", NOW), ("1900-01-01", 0.0), ("999999d", 0.0), ("5000000000", NOW)])
def test_it_is_never_in_the_future_and_never_before_the_epoch(text: str, found: float) -> None:
    assert moment(text, NOW) == found


@pytest.mark.parametrize("text", ["", "yesterday", "12:00", "2026-13-01", "2026-05-28T25:00", "-1"])
def test_what_is_neither_is_an_error_that_says_how(text: str) -> None:
    with pytest.raises(ValueError, match="Write how long ago") as caught:
        moment(text, NOW)

    assert str(caught.value) == HOW


@given(st.text(max_size=40), st.floats(0, 4e9))
@example("0001-01-01T00:00+23:59", NOW)
@example("9999-12-31T23:59-23:59", NOW)
@example("9" * 15 + "w", NOW)
def test_any_text_is_a_time_up_to_now_or_an_error(text: str, now: float) -> None:
    with suppress(ValueError):
        assert 0 <= moment(text, now) <= now


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from(sorted(UNITS))), min_size=1, max_size=4))
def test_a_span_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    written = "".join(f"{number}{unit}" for number, unit in parts)

    assert span(written) == sum(number * UNITS[unit] for number, unit in parts)
