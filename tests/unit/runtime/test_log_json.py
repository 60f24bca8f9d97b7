from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.models.clock import timestamp
from korproxy.models.searching import LogLine
from korproxy.runtime.log_json import LONGEST, Entry, component, json_line, log_line, plain_json_lines, shortened, time_of

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60)
LOGGERS = ["korproxy", "korproxy.gateway.relay", "korproxy_hello", 'odd "name"\n']


def entry(text: str, *, correlation: str = "c-1", level: str = "INFO", logger: str = "korproxy.server") -> Entry:
    return Entry(1_790_000_000.123, level, logger, correlation, text)


def read(text: str) -> LogLine:
    assert text.endswith("\n")
    return msgspec.json.decode(text, type=LogLine)


def test_a_line_says_when_how_bad_who_about_what_and_which_code() -> None:
    said = entry("refused [KP-RATE-401] twice: KP-RATE-402", level="WARNING", logger="korproxy.gateway.relay")

    assert json_line(said) == (
        '{"time":"2026-09-21T14:13:20.123Z","level":"warning","component":"gateway.relay",'
        '"message":"refused [KP-RATE-401] twice: KP-RATE-402","correlation_id":"c-1","code":"KP-RATE-401"}\n'
    )


def test_what_is_about_no_request_and_has_no_code_says_neither() -> None:
    assert json_line(entry("started", correlation="-", logger="korproxy")) == (
        '{"time":"2026-09-21T14:13:20.123Z","level":"info","component":"main","message":"started"}\n'
    )


@given(st.text(max_size=60), st.text(max_size=8))
@example("\ud800 half", "a\nb")
@example('a\nb\u2028"c" \\ \x1b[2J', "-")
def test_an_entry_is_one_line_whatever_its_text_is(text: str, correlation: str) -> None:
    line = json_line(entry(text, correlation=correlation))

    assert line.count("\n") == 1
    assert read(line) == log_line(entry(text, correlation=correlation))
    assert "\ud800" in text or "\\u" in text or not text.isprintable() or not text.isascii() or read(line).message == text


@given(st.lists(st.tuples(PRINTABLE, st.one_of(PRINTABLE, st.just("-")), st.sampled_from(LOGGERS)), max_size=5))
@example([("code=KP-SYS-501", "c", "korproxy"), ('model="a b"', "c", "korproxy"), ("\\", "-", "korproxy")])
def test_plain_lines_that_are_made_together_are_those_that_are_made_one_by_one(said: list[tuple[str, str, str]]) -> None:
    entries = [entry(text, correlation=correlation, logger=logger) for text, correlation, logger in said]
    together = " ".join(f"[{each.correlation}] {each.text}" for each in entries)

    assert plain_json_lines(entries, together) == [json_line(each) for each in entries]


@pytest.mark.parametrize(
    ("name", "level"),
    [("DEBUG", "debug"), ("CRITICAL", "critical"), ("FATAL", "critical"), ("WARN", "warning"), ("Level 35", "warning")],
)
def test_levels_that_others_made_up_become_ours(name: str, level: str) -> None:
    assert log_line(entry("x", level=name)).level == level


@given(st.floats(0, 4e9))
@example(1_790_000_000.9999996)
def test_times_are_those_that_the_clock_writes(seconds: float) -> None:
    assert time_of(seconds) == timestamp(seconds)


def test_of_a_very_long_text_the_begin_and_the_end_are_kept() -> None:
    text = "a" * LONGEST + "b" * LONGEST
    short = shortened(text)

    assert shortened("a" * LONGEST) == "a" * LONGEST
    assert short == "a" * (LONGEST // 2) + f" ... {LONGEST} characters are left out here ... " + "b" * (LONGEST // 2)


def test_loggers_are_called_by_the_part_that_they_are_for() -> None:
    assert [component(each) for each in LOGGERS[:3]] == ["main", "gateway.relay", "korproxy_hello"]
