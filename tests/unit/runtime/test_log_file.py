from __future__ import annotations

import logging
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.clock import timestamp
from korproxy.runtime.log_file import AGAIN, LONGEST_LIFE, LOOK, LogFile
from korproxy.runtime.log_names import CURRENT, all_files

Logs = list[logging.LogRecord]
START = 1_790_000_000.0
DAY = 24 * 3600.0


@attrs.define
class Clock:
    time: float = START

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "logs"


def log_file(folder: Path, clock: Clock, *, size: int = 1000, keep: int = 3) -> LogFile:
    return LogFile(folder, size, keep, now=clock)


def line(number: int, clock: Clock) -> str:
    return f'{{"time":"{timestamp(clock())}","message":"{number}"}}\n'


def lines_in(folder: Path) -> list[str]:
    return [text for path in all_files(folder) if path.exists() for text in path.read_text().splitlines(keepends=True)]


def names(folder: Path) -> list[str]:
    return [each.name for each in all_files(folder) if each.exists()]


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Have the system refuse to make any file longer, as it does where a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_lines_are_there_at_once_in_a_file_that_only_its_user_can_read(folder: Path, clock: Clock) -> None:
    file = log_file(folder, clock)
    file.write("one\ntwo ü\n")

    assert (folder / CURRENT).read_text() == "one\ntwo ü\n"
    assert stat.S_IMODE((folder / CURRENT).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    file.close()


def test_a_full_file_is_followed_by_a_new_one_and_the_oldest_are_deleted(folder: Path, clock: Clock) -> None:
    file = log_file(folder, clock, size=100, keep=3)
    sent = [line(number, clock) for number in range(10)]
    for each in sent:
        file.write(each)
        clock.time += 1
    file.close()

    assert len(names(folder)) == 3
    assert all(path.stat().st_size <= 100 for path in all_files(folder))
    assert lines_in(folder) == sent[-6:] or lines_in(folder) == sent[-5:]


def test_a_line_that_is_longer_than_a_file_may_be_has_one_of_its_own(folder: Path, clock: Clock) -> None:
    file = log_file(folder, clock, size=100)
    for each in ("short\n", "x" * 300 + "\n", "short\n"):
        file.write(each)
    file.close()

    assert [path.stat().st_size for path in all_files(folder)] == [6, 301, 6]


def test_with_one_file_to_keep_the_old_lines_go(folder: Path, clock: Clock) -> None:
    file = log_file(folder, clock, size=10, keep=1)
    file.write("12345678\n")
    file.write("23456789\n")
    file.close()

    assert (names(folder), lines_in(folder)) == ([CURRENT], ["23456789\n"])


def test_after_a_day_there_is_a_new_file_also_where_the_daemon_was_started_again(folder: Path, clock: Clock) -> None:
    first = log_file(folder, clock)
    first.write(line(1, clock))
    clock.time += LONGEST_LIFE / 2
    first.close()
    second = log_file(folder, clock)
    second.write(line(2, clock))
    clock.time += LONGEST_LIFE / 2
    second.write(line(3, clock))
    second.close()

    assert names(folder) == ["korproxy-20260922T141320Z.jsonl", CURRENT]
    assert (folder / CURRENT).read_text() == line(3, clock)


@pytest.mark.parametrize(
    "first", ["no JSON\n", '{"time":"yesterday"}\n', '{"time":"2026-09-21T14:13:20"}\n', '{"time":"9999-12-31T00:00:00Z"}\n']
)
def test_a_file_whose_begin_nobody_knows_begins_now(folder: Path, clock: Clock, first: str) -> None:
    folder.mkdir()
    (folder / CURRENT).write_text(first)
    file = log_file(folder, clock)
    file.write("a\n")
    clock.time += LONGEST_LIFE - 1
    file.write("b\n")
    assert names(folder) == [CURRENT]
    clock.time += 2
    file.write("c\n")
    file.close()

    assert lines_in(folder) == [first, "a\n", "b\n", "c\n"]
    assert len(names(folder)) == 2


def test_a_clock_that_is_put_back_ends_no_file(folder: Path, clock: Clock) -> None:
    file = log_file(folder, clock)
    file.write(line(1, clock))
    clock.time -= 30 * DAY
    file.write("two\n")
    file.close()

    assert names(folder) == [CURRENT]


def test_what_was_cut_by_a_crash_does_not_spoil_the_next_line(folder: Path, clock: Clock) -> None:
    folder.mkdir()
    (folder / CURRENT).write_text('whole\n{"time":"cu')
    file = log_file(folder, clock)
    file.write("new\n")
    file.close()

    assert lines_in(folder) == ["whole\n", '{"time":"cu\n', "new\n"]


def test_a_file_that_somebody_moved_or_deleted_is_made_again(folder: Path, clock: Clock) -> None:
    file = log_file(folder, clock)
    file.write("one\n")
    (folder / CURRENT).rename(folder / "taken.jsonl")
    clock.time += LOOK
    file.write("two\n")
    (folder / CURRENT).unlink()
    clock.time += LOOK
    file.write("three\n")
    file.close()

    assert (folder / "taken.jsonl").read_text() == "one\n"
    assert (folder / CURRENT).read_text() == "three\n"


def test_a_file_that_somebody_emptied_is_filled_up_again(folder: Path, clock: Clock) -> None:
    file = log_file(folder, clock, size=10)
    file.write("12345678\n")
    os.truncate(folder / CURRENT, 0)
    clock.time += LOOK
    file.write("23456789\n")
    file.close()

    assert (names(folder), lines_in(folder)) == ([CURRENT], ["23456789\n"])


@pytest.mark.code("KP-SYS-535")
def test_where_it_cannot_be_written_it_is_said_once_and_tried_again_and_what_is_missing_is_counted(
    folder: Path, clock: Clock, expected_logs: Logs
) -> None:
    folder.write_text("no folder")
    file = log_file(folder, clock)
    for _ in range(3):
        file.write("lost\n" * 2)
        clock.time += AGAIN / 4
    folder.unlink()
    file.write("too soon\n")
    clock.time += AGAIN
    file.write("back\n")
    file.close()

    assert lines_in(folder) == ["back\n"]
    assert file.lost == 7
    assert [each.getMessage() for each in expected_logs] == [
        f"KP-SYS-535: {folder / CURRENT} cannot be written, so lines are missing there: File exists; it is tried again",
        "the log file is written again; 7 lines are missing in it",
    ]


@pytest.mark.parametrize("what", ["fifo", "folder", "link"])
def test_what_is_no_file_is_not_written_to_and_hangs_nobody(
    folder: Path, clock: Clock, expected_logs: Logs, tmp_path: Path, what: str
) -> None:
    folder.mkdir()
    match what:
        case "fifo":
            os.mkfifo(folder / CURRENT)
        case "folder":
            (folder / CURRENT).mkdir()
        case _:
            (folder / CURRENT).symlink_to(tmp_path / "elsewhere")
    file = log_file(folder, clock)
    file.write("lost\n")

    assert (file.lost, len(expected_logs), (tmp_path / "elsewhere").exists()) == (1, 1, False)


def test_on_a_full_disk_lines_are_lost_and_those_that_follow_are_whole(folder: Path, clock: Clock, expected_logs: Logs) -> None:
    file = log_file(folder, clock)
    file.write("first\n")
    with no_file_longer_than(10):
        file.write("second\n")  # of which four bytes fit
        clock.time += AGAIN
        file.write("third\n")
    clock.time += AGAIN
    file.write("fourth\n")
    file.close()

    assert lines_in(folder) == ["first\n", "seco\n", "fourth\n"]
    assert file.lost == 2
    assert [each.getMessage()[:12] for each in expected_logs] == ["KP-SYS-535: ", "the log file"]


def test_a_file_that_cannot_get_its_last_name_may_grow_for_a_while(
    folder: Path, clock: Clock, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, f"{self} is in use, and does not become {target}")  # as on Windows, while somebody reads it

    file = log_file(folder, clock, size=10)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refuse)
        for text in ("12345678\n", "23456789\n", "lost\n"):
            file.write(text)
    clock.time += AGAIN
    file.write("back\n")
    file.close()

    assert [path.read_text() for path in all_files(folder)] == ["12345678\n23456789\n", "back\n"]
    assert [each.getMessage()[:12] for each in expected_logs] == ["KP-SYS-535: ", "the log file"]


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(20, 60), st.integers(1, 4))
def test_whatever_is_written_the_newest_lines_are_whole_in_order_and_bounded(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], size: int, keep: int
) -> None:
    folder, clock = tmp_path_factory.mktemp("logs"), Clock()
    file = log_file(folder, clock, size=size, keep=keep)
    sent = [f"{number:03}{'x' * length}\n" for number, length in enumerate(lengths)]
    for each in sent:
        file.write(each)
    file.close()
    found = lines_in(folder)

    assert found == sent[len(sent) - len(found) :]
    assert len(names(folder)) <= keep
    assert all(path.stat().st_size <= max(size, 44) for path in all_files(folder) if path.exists())
    assert len(names(folder)) == keep or found == sent
