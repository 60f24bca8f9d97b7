from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.clock import timestamp
from korproxy.models.searching import LEVELS, LogLine, WantedLines
from korproxy.runtime.log_json import Entry, json_line
from korproxy.runtime.log_names import CURRENT
from korproxy.runtime.log_reading import BLOCK, LONGEST, parsed, read_lines, wants

START = 1_790_000_000.0
OLD = "korproxy-20260921T141320Z.jsonl"


def text(number: int, *, level: str = "INFO", part: str = "server", correlation: str = "-", says: str = "") -> str:
    return json_line(Entry(START + number, level, f"korproxy.{part}", correlation, says or str(number)))


def messages(found: Sequence[LogLine]) -> list[str]:
    return [each.message for each in found]


def line(says: str = "x", *, at: float = START, correlation: str = "-", **about: str) -> LogLine:
    found = parsed(json_line(Entry(at, about.get("level", "INFO"), about.get("part", "korproxy"), correlation, says)).encode())
    assert found is not None
    return found


def write(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.write("".join(lines))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (WantedLines(), True),
        (WantedLines(level="warning"), True),
        (WantedLines(level="error"), False),
        (WantedLines(component="gateway"), True),
        (WantedLines(component="gateway.relay"), True),
        (WantedLines(component="korproxy.gateway"), True),
        (WantedLines(component="gate"), False),
        (WantedLines(id="c-1"), True),
        (WantedLines(id="r-7"), True),
        (WantedLines(id="r-77"), False),
        (WantedLines(id="r"), False),
        (WantedLines(since=START), True),
        (WantedLines(since=START + 0.001), False),
        (WantedLines(id="c-1", level="error"), False),
    ],
)
def test_a_line_is_wanted_by_its_level_its_part_its_request_and_its_time(wanted: WantedLines, found: bool) -> None:
    said = line("refused request=r-7", correlation="c-1", level="WARNING", part="korproxy.gateway.relay")

    assert wants(wanted, said) == found


def test_every_level_wants_itself_and_what_is_worse() -> None:
    held = {level: [each for each in LEVELS if wants(WantedLines(level=level), line(level=each.upper()))] for level in LEVELS}

    assert held == {level: list(LEVELS[at:]) for at, level in enumerate(LEVELS)}


def test_the_newest_lines_are_found_across_files_the_oldest_first(tmp_path: Path) -> None:
    write(tmp_path / OLD, *(text(number) for number in range(5)))
    write(tmp_path / CURRENT, *(text(number) for number in range(5, 8)))

    assert messages(read_lines(tmp_path, WantedLines(most=5)).lines) == ["3", "4", "5", "6", "7"]
    assert read_lines(tmp_path, WantedLines(most=3)).files == [CURRENT]
    assert messages(read_lines(tmp_path, WantedLines()).lines) == [str(number) for number in range(8)]
    assert read_lines(tmp_path, WantedLines(most=0)).lines == []


def test_lines_that_are_not_wanted_do_not_count(tmp_path: Path) -> None:
    write(tmp_path / OLD, text(0, level="ERROR"), *(text(number) for number in range(1, 50)))
    write(tmp_path / CURRENT, text(50, level="ERROR"), *(text(number) for number in range(51, 99)))

    assert messages(read_lines(tmp_path, WantedLines(level="error", most=2)).lines) == ["0", "50"]


def test_by_a_requests_own_id_all_is_found_that_was_said_of_it(tmp_path: Path) -> None:
    ended = "model=m outcome=refused request=r-1"
    write(tmp_path / OLD, text(0, correlation="c-1", says="begun"), text(1, correlation="c-2", says="of another"))
    write(tmp_path / CURRENT, text(2, correlation="c-1", level="WARNING", says="refused [KP-SYS-509]"))
    write(tmp_path / CURRENT, text(3, correlation="c-1", says=ended), text(4, correlation="c-1", says="late"))
    write(tmp_path / CURRENT, text(5, correlation="c-3", says="somebody asks for r-1"))

    def found(id_: str, **other: Any) -> list[str]:
        return messages(read_lines(tmp_path, WantedLines(id=id_, **other)).lines)

    assert found("r-1") == ["begun", "refused [KP-SYS-509]", ended, "late", "somebody asks for r-1"]
    assert found("r-1", level="warning") == ["refused [KP-SYS-509]"]
    assert found("r-1", most=2) == ["late", "somebody asks for r-1"]
    assert found("c-1") == ["begun", "refused [KP-SYS-509]", ended, "late"]
    assert found("r-2") == []


def test_a_request_without_a_correlation_id_is_not_taken_for_all_that_have_none(tmp_path: Path) -> None:
    write(tmp_path / CURRENT, text(0, says="something"), text(1, says="model=m request=r-1"))

    assert messages(read_lines(tmp_path, WantedLines(id="r-1")).lines) == ["model=m request=r-1"]


def test_a_file_that_ended_before_the_wanted_time_is_not_looked_into(tmp_path: Path) -> None:
    write(tmp_path / OLD, text(0))
    write(tmp_path / CURRENT, text(100), text(200))
    os.utime(tmp_path / OLD, (START, START))

    found = read_lines(tmp_path, WantedLines(since=START + 150))
    assert (messages(found.lines), found.files) == (["200"], [CURRENT])


def test_what_is_no_line_is_left_out_and_counted(tmp_path: Path) -> None:
    spoilt = (
        b'{"time":"cut\n\n\xff\xfe\n[1]\n{"time":1}\n{"time":"a","level":"loud","component":"c","message":"m"}\n' + b"[" * 9999
    )
    (tmp_path / CURRENT).write_bytes(text(1).encode() + spoilt + b"\n" + text(2).encode() + b'{"time":"being wri')

    found = read_lines(tmp_path, WantedLines())
    assert (messages(found.lines), found.unreadable) == (["1", "2"], 7)


def test_a_later_version_may_say_more_of_a_line(tmp_path: Path) -> None:
    write(tmp_path / CURRENT, text(1).replace('{"time"', '{"place":"moon","time"'))

    assert messages(read_lines(tmp_path, WantedLines()).lines) == ["1"]


def test_of_a_line_without_end_only_a_piece_is_held(tmp_path: Path) -> None:
    write(tmp_path / CURRENT, text(1), "x" * (3 * LONGEST), "\n", text(2))

    found = read_lines(tmp_path, WantedLines())
    assert (messages(found.lines), found.unreadable) == (["1", "2"], 1)


def test_where_there_are_no_files_nothing_is_found(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "absent", WantedLines()).to_dict() == {"lines": [], "unreadable": 0, "files": []}


@given(st.lists(st.integers(0, 3 * BLOCK // 2), max_size=6), st.integers(0, 8))
def test_lines_are_the_same_wherever_blocks_end(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], most: int
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    said = [str(number) + "x" * length for number, length in enumerate(lengths)]
    (folder / CURRENT).write_text("".join(text(number, says=each) for number, each in enumerate(said)))

    assert messages(read_lines(folder, WantedLines(most=most)).lines) == said[max(0, len(said) - most) :]


def test_times_sort_as_they_are_written() -> None:
    assert timestamp(START) < timestamp(START + 0.001) < timestamp(START + 1) < timestamp(START + 86400)
