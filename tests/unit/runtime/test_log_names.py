from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.runtime.log_names import CURRENT, all_files, ended_name, old_files

NOW = 1_790_000_000.9


def test_an_ended_file_says_when_it_ended() -> None:
    assert ended_name(NOW) == ended_name(NOW, CURRENT) == "korproxy-20260921T141320Z.jsonl"


@pytest.mark.parametrize(
    ("newest", "name"),
    [
        ("korproxy-20260921T141319Z-7.jsonl", "korproxy-20260921T141320Z.jsonl"),
        ("korproxy-20260921T141320Z.jsonl", "korproxy-20260921T141320Z-2.jsonl"),
        ("korproxy-20260921T141320Z-9.jsonl", "korproxy-20260921T141320Z-10.jsonl"),
        ("korproxy-20261231T000000Z.jsonl", "korproxy-20261231T000000Z-2.jsonl"),  # from before the clock was put back
    ],
)
def test_its_name_sorts_behind_that_of_the_last_one(newest: str, name: str) -> None:
    assert ended_name(NOW, newest) == name


def test_files_are_sorted_by_age_and_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    names = [
        "korproxy-20260921T141320Z.jsonl",
        *(f"korproxy-20260921T141320Z-{number}.jsonl" for number in (2, 9, 10)),
        "korproxy-20260922T000000Z.jsonl",
    ]
    for name in [*reversed(names), CURRENT, "korproxy-mine.jsonl", "korproxy-20260922T000000Z.jsonl.gz", "notes.txt"]:
        (tmp_path / name).touch()

    assert [each.name for each in old_files(tmp_path)] == names
    assert [each.name for each in all_files(tmp_path)] == [*names, CURRENT]


def test_where_there_is_no_folder_there_are_no_old_files(tmp_path: Path) -> None:
    assert old_files(tmp_path / "absent") == []
    assert all_files(tmp_path / "absent") == [tmp_path / "absent" / CURRENT]
