from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.clock import timestamp
from korproxy.models.searching import LEVELS, LogLine, WantedLines
from korproxy.runtime.log_json import Entry, json_line
from korproxy.runtime.log_names import CURRENT
from korproxy.runtime.log_reading import BLOCK, LONGEST, Follower, parsed, read_lines, wants

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


class Steps:
    """What happens while somebody who follows the log waits: each pause does the next thing; the last ends it."""

    class Over(Exception):
        pass

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)

    def __call__(self) -> None:
        if not self._steps:
            raise self.Over
        self._steps.pop(0)()


def followed(folder: Path, *steps: Callable[[], object]) -> list[str]:
    """Return the messages that somebody gets who follows the log of *folder* while all this happens."""
    follower = Follower(folder, Steps(*steps))
    coming, got = follower.lines(), list[str]()
    with suppress(Steps.Over):
        while True:
            got.append(next(coming).message)
    follower.close()
    return got


def test_who_follows_gets_each_line_once_it_is_there(tmp_path: Path) -> None:
    write(tmp_path / CURRENT, text(0))
    got = followed(
        tmp_path,
        lambda: write(tmp_path / CURRENT, text(1)),
        lambda: write(tmp_path / CURRENT, text(2)[:20]),  # half of it
        lambda: write(tmp_path / CURRENT, text(2)[20:], text(3)),
    )

    assert got == ["1", "2", "3"]


def test_who_follows_begins_where_what_was_there_ends(tmp_path: Path) -> None:
    write(tmp_path / OLD, text(0))
    write(tmp_path / CURRENT, text(1), text(2), text(3)[:9])
    follower = Follower(tmp_path, Steps(lambda: write(tmp_path / CURRENT, text(4))))
    write(tmp_path / CURRENT, text(3)[9:])
    past = follower.past(WantedLines(most=2))
    found = [next(follower.lines()).message, next(follower.lines()).message]
    follower.close()

    assert (messages(past.lines), past.unreadable, found) == (["1", "2"], 0, ["3", "4"])


def test_what_is_past_stays_so_where_the_file_gets_another_name_meanwhile(tmp_path: Path) -> None:
    write(tmp_path / CURRENT, text(1))
    follower = Follower(tmp_path, Steps())
    write(tmp_path / CURRENT, text(2))
    (tmp_path / CURRENT).rename(tmp_path / OLD)
    write(tmp_path / CURRENT, text(3))
    past, coming = follower.past(WantedLines()), follower.lines()

    assert (messages(past.lines), [next(coming).message, next(coming).message]) == (["1"], ["2", "3"])
    follower.close()


def test_who_follows_misses_nothing_where_files_get_other_names(tmp_path: Path) -> None:
    current = tmp_path / CURRENT

    def end(name: str, *more: str) -> None:
        write(current, *more)
        current.rename(tmp_path / name)

    def twice() -> None:
        end("korproxy-20260922T000000Z.jsonl", text(3))
        write(current, text(4))
        end("korproxy-20260922T000001Z.jsonl", text(5))
        write(current, text(6))

    write(current, text(0))
    got = followed(tmp_path, lambda: end(OLD, text(1)), lambda: write(current, text(2)), twice)

    assert got == ["1", "2", "3", "4", "5", "6"]


def test_who_follows_goes_on_where_a_file_was_deleted_or_emptied(tmp_path: Path) -> None:
    current = tmp_path / CURRENT
    write(current, text(0), text(1))
    got = followed(
        tmp_path,
        lambda: os.truncate(current, 0),
        lambda: write(current, text(2)),
        current.unlink,
        lambda: write(current, text(3)),
    )

    assert got == ["2", "3"]


def test_who_follows_may_be_there_before_the_first_line(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    assert followed(folder, folder.mkdir, lambda: write(folder / CURRENT, text(1))) == ["1"]


def test_who_follows_is_not_held_up_by_what_is_no_line(tmp_path: Path) -> None:
    current = tmp_path / CURRENT
    write(current, text(0))
    follower = Follower(
        tmp_path, Steps(lambda: write(current, "x" * (2 * LONGEST)), lambda: write(current, "x\n", "no\n", text(1)))
    )

    assert next(follower.lines()).message == "1"
    assert follower.unreadable == 2
    follower.close()


def test_times_sort_as_they_are_written() -> None:
    assert timestamp(START) < timestamp(START + 0.001) < timestamp(START + 1) < timestamp(START + 86400)
