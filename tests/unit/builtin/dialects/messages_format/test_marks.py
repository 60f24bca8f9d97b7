"""Cache marks."""

from __future__ import annotations

from typing import Any

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.marks import Marks


def settled(*ttls: str | None) -> tuple[list[Any], list[tuple[str, str]]]:
    """Return the marks of blocks with these, and the notes on them."""
    marks, report = Marks(), chat.Report()
    blocks = [marks.put({}, chat.CacheMark(ttl=ttl, at=f"/{number}")) for number, ttl in enumerate(ttls)]
    marks.settle(report)
    return [each.get("cache_control") for each in blocks], [(each.pointer, each.fate) for each in report.notes]


PLAIN = {"type": "ephemeral"}


def test_marks_are_written_into_their_blocks() -> None:
    assert settled("1h", "5m", None) == ([{**PLAIN, "ttl": "1h"}, {**PLAIN, "ttl": "5m"}, PLAIN], [])


def test_a_block_without_a_mark_stays_as_it_is() -> None:
    marks = Marks()
    block = marks.put({"a": 1}, None)
    marks.settle(chat.Report())

    assert block == {"a": 1}


def test_of_more_than_four_the_last_four_count() -> None:
    assert settled(None, None, None, None, None, None) == (
        [None, None, PLAIN, PLAIN, PLAIN, PLAIN],
        [("/0", "lost"), ("/1", "lost")],
    )


def test_several_hours_stay_hours() -> None:
    hour = {**PLAIN, "ttl": "1h"}

    assert settled("1h", "1h", "1h", None) == ([hour, hour, hour, PLAIN], [])


def test_an_hour_behind_five_minutes_is_five_minutes() -> None:
    assert settled("1h", None, "1h") == ([{**PLAIN, "ttl": "1h"}, PLAIN, PLAIN], [("/2/ttl", "lost")])


def test_a_time_that_anthropic_does_not_know_is_five_minutes() -> None:
    assert settled("24h") == ([PLAIN], [("/0/ttl", "lost")])
