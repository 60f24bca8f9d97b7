from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.models.clock import timestamp
from korproxy.runtime.log_json import LONGEST, Entry, json_line, log_line
from korproxy.runtime.log_text import LineFormatter

HEAD = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")


def hide(text: str) -> str:
    return text.replace("hunter2", "***")


def entry(text: str, created: float = 1_790_000_000.0) -> Entry:
    return Entry(created, "INFO", "korproxy.server", "c-1", text)


@given(st.floats(0, 4e9))
@example(1_790_000_000.9999996)
@example(1_790_000_000.0004999)
def test_a_line_has_the_time_that_the_clock_writes(seconds: float) -> None:
    assert LineFormatter(str).format(entry("x", seconds)) == f"{timestamp(seconds)} info     server    [c-1] x\n"


@given(st.text(max_size=50))
def test_an_entry_is_one_line_and_indented_ones(text: str) -> None:
    first, *more = LineFormatter(lambda each: each).format(entry(text)).splitlines()

    assert HEAD.match(first)
    assert all(line.startswith("    ") for line in more)
    assert len(more) == text.count("\n")


def looks_harmless(text: str) -> bool:
    return "hunter2" not in text


@given(st.lists(st.one_of(st.text(max_size=20), st.sampled_from(["model=m", "hunter2", "a\nb", "é"])), max_size=6))
def test_lines_that_are_made_together_are_those_that_are_made_one_by_one(texts: list[str]) -> None:
    formatter = LineFormatter(hide, looks_harmless)
    entries = [entry(text, 1_790_000_000.0 + at) for at, text in enumerate(texts)]

    assert list(formatter.format_all(entries)) == [formatter.format(each) for each in entries]


def test_what_is_harmless_and_plain_is_not_asked_about_again() -> None:
    asked: list[str] = []

    def redact(text: str) -> str:
        asked.append(text)
        return text

    formatter = LineFormatter(redact, looks_harmless)
    formatter.format_all([entry("a"), entry("b")])
    assert asked == []
    formatter.format_all([entry("a"), entry("hunter2")])
    assert asked == ["[c-1] a", "[c-1] hunter2"]


TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["model=m", "hunter2", "a\nb", "é", 'a "b" KP-SYS-501']))


def told(text: str, others: str, correlation: str = "c-1") -> Entry:
    return Entry(1_790_000_000.0, "INFO", "korproxy.server", correlation, text, others)


def test_of_what_korproxy_has_made_itself_only_what_others_have_chosen_is_looked_at() -> None:
    seen: list[str] = []

    def harmless(text: str) -> bool:
        seen.append(text)
        return True

    LineFormatter(hide, harmless).make([told("m=a n=1", "m=a"), told("m=a n=2", "m=a", "c-2"), entry("free")])

    assert seen == ["m=a free [ c-1 c-2 c-1 ]"]


def test_a_secret_that_others_have_chosen_is_hidden_wherever_it_stands() -> None:
    formatter = LineFormatter(hide, looks_harmless)
    chosen = [told("m=hunter2 n=1", "m=hunter2"), told("m=a n=1", "m=a", "hunter2"), told("m=\x1b n=1", "m=\x1b")]

    assert [formatter.format_all([each])[0].partition("server    ")[2] for each in chosen] == [
        "[c-1] m=*** n=1\n",
        "[***] m=a n=1\n",
        "[c-1] m=\\x1b n=1\n",
    ]


@given(st.lists(TEXTS, max_size=6))
def test_json_lines_that_are_made_together_are_those_that_are_made_one_by_one(texts: list[str]) -> None:
    entries = [entry(text, 1_790_000_000.0 + at) for at, text in enumerate(texts)]
    made = LineFormatter(hide, looks_harmless).make(entries)

    assert made.as_json() == [json_line(entry(hide(text), 1_790_000_000.0 + at)) for at, text in enumerate(texts)]
    assert list(made.entries) == [entry(hide(text), 1_790_000_000.0 + at) for at, text in enumerate(texts)]


def test_a_secret_is_hidden_in_the_id_too_and_in_all_where_nothing_can_be_checked() -> None:
    said = [Entry(0.0, "INFO", "korproxy", "hunter2", "is hunter2")]
    hidden = log_line(LineFormatter(hide).make(said).entries[0])
    unchecked = log_line(LineFormatter(lambda _: "***NOT WRITTEN***").make(said).entries[0])

    assert (hidden.correlation_id, hidden.message) == ("***", "is ***")
    assert (unchecked.correlation_id, unchecked.message) == ("***NOT WRITTEN***", "***NOT WRITTEN***")


def test_a_very_long_text_is_checked_whole_before_its_middle_is_left_out_of_the_file() -> None:
    text = "x" * (LONGEST // 2 - 3) + "hunter2" + "y" * LONGEST
    made = LineFormatter(hide, looks_harmless).make([entry(text)])

    assert made.lines == [LineFormatter(str).format(entry(hide(text)))]
    assert "hunter2" not in made.entries[0].text
    assert len(made.entries[0].text) < LONGEST + 100
