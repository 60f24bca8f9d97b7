from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.models.searching import WantedLines
from korproxy.runtime.log_file import LogFile
from korproxy.runtime.log_following import Follower
from korproxy.runtime.log_json import Entry, json_line
from korproxy.runtime.log_names import CURRENT
from korproxy.runtime.log_reading import LONGEST

OLD = "korproxy-20260921T141320Z.jsonl"


def text(number: int, *, says: str = "") -> str:
    return json_line(Entry(1_790_000_000.0 + number, "INFO", "korproxy.server", "-", says or str(number)))


def write(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.write("".join(lines))


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

    assert ([each.message for each in past.lines], past.unreadable, found) == (["1", "2"], 0, ["3", "4"])


def test_what_is_past_stays_so_where_the_file_gets_another_name_meanwhile(tmp_path: Path) -> None:
    write(tmp_path / CURRENT, text(1))
    follower = Follower(tmp_path, Steps())
    write(tmp_path / CURRENT, text(2))
    (tmp_path / CURRENT).rename(tmp_path / OLD)
    write(tmp_path / CURRENT, text(3))
    past, coming = follower.past(WantedLines()), follower.lines()

    assert ([each.message for each in past.lines], [next(coming).message, next(coming).message]) == (["1"], ["2", "3"])
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


@example([[0, 23]], 200)  # a file ends before anybody has looked
@given(st.lists(st.lists(st.integers(0, 60), max_size=4), max_size=12), st.integers(200, 600))
def test_who_follows_a_log_that_rotates_gets_every_line_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], size: int
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    file = LogFile(folder, size, 1000)
    said = [[f"{at}-{number}-" + "x" * length for number, length in enumerate(batch)] for at, batch in enumerate(batches)]

    def write_batch(batch: list[str]) -> None:
        for each in batch:
            file.write(text(0, says=each))

    got = followed(folder, *(partial(write_batch, each) for each in said))
    file.close()

    assert got == [each for batch in said for each in batch]


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
