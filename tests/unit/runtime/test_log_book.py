from __future__ import annotations

from pathlib import Path

import msgspec

from korproxy.models.searching import LogLine, WantedLines
from korproxy.runtime.log_book import LogBook
from korproxy.runtime.log_json import Entry, json_line
from korproxy.runtime.log_names import CURRENT

LINES = [
    LogLine(time=f"2026-11-29T12:00:0{number}.000Z", level="info", component="main", message=str(number)) for number in range(3)
]
EARLIER = LogLine(time="2026-11-29T11:00:00.000Z", level="info", component="main", message="of the last life")


def test_a_book_of_no_log_has_nothing_to_tell() -> None:
    book = LogBook()

    assert (book.find(WantedLines()).lines, book.lost(), book.flush()) == ([], {}, False)


def test_what_is_wanted_comes_from_the_files_where_there_are_some(tmp_path: Path) -> None:
    (tmp_path / CURRENT).write_text(json_line(Entry(0.0, "INFO", "korproxy", "-", "of the last life")))
    caught_up = iter([True])
    book = LogBook(recent=lambda: LINES, folder=tmp_path, catch_up=lambda: next(caught_up))

    assert [each.message for each in book.find(WantedLines()).lines] == ["of the last life"]
    assert list(caught_up) == []


def test_what_is_wanted_comes_from_memory_where_there_are_no_files() -> None:
    book = LogBook(recent=lambda: LINES)

    assert [each.message for each in book.find(WantedLines(most=2)).lines] == ["1", "2"]
    assert book.find(WantedLines(level="error")).lines == []


def test_all_that_was_said_of_a_request_is_found_in_memory_too() -> None:
    of_one = [msgspec.structs.replace(each, correlation_id="c-1") for each in LINES[:2]]
    ended = msgspec.structs.replace(LINES[2], correlation_id="c-1", message="model=m request=r-1")
    book = LogBook(recent=lambda: [*of_one, ended, EARLIER])

    assert {*book.find(WantedLines(id="r-1")).lines} == {*of_one, ended}


def test_what_the_files_could_not_take_comes_from_memory(tmp_path: Path) -> None:
    (tmp_path / CURRENT).write_text("".join(msgspec.json.encode(each).decode() + "\n" for each in [EARLIER, LINES[0]]))
    lost: dict[str, int] = {}
    book = LogBook(recent=lambda: LINES, folder=tmp_path, lost=lambda: lost)
    before = book.find(WantedLines()).lines
    lost["file"] = 2

    assert before == [EARLIER, LINES[0]]
    assert book.find(WantedLines()).lines == [EARLIER, *LINES]
    assert book.find(WantedLines(most=2)).lines == LINES[1:]
