"""The wall clock, and how it is written."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.clock import ticking, timestamp, wall_time


def test_wall_time_is_the_systems() -> None:
    before = time.time()

    assert before <= wall_time() <= time.time()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_435_200.25, "2026-11-23T12:00:00.250Z"),
        (-0.5, "1969-12-31T23:59:59.500Z"),
        (4e11, "9999-12-31T23:59:59.000Z"),  # a row that says so must not hide all others
        (-1e99, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_a_timestamp_is_utc_with_milliseconds(seconds: float, expected: str) -> None:
    assert timestamp(seconds) == expected


@given(st.integers(0, 4_000_000_000_000))
def test_a_timestamp_keeps_the_millisecond(milliseconds: int) -> None:
    written = datetime.strptime(timestamp(milliseconds / 1000), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)

    assert abs(written.timestamp() - milliseconds / 1000) <= 0.001


async def test_what_ticks_tells_the_time_of_this_run(autojump_clock: trio.testing.MockClock) -> None:
    now, began = ticking(), trio.current_time()
    await trio.sleep(60)

    assert now() == trio.current_time() == autojump_clock.current_time() == began + 60


def test_outside_of_a_run_nothing_ticks_yet() -> None:
    assert ticking() is trio.current_time
