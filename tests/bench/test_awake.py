from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.awake import AWAKE, NO, YES, kept_awake


def written(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in folder.iterdir()}


def test_the_cores_are_awake_in_the_block_and_as_they_were_after_it(tmp_path: Path) -> None:
    before = dict.fromkeys(AWAKE, "50000\n")
    for name, value in before.items():
        (tmp_path / name).write_text(value)
    with kept_awake(tmp_path) as said:
        within = written(tmp_path)

    assert (said, within, written(tmp_path)) == (YES, AWAKE, before)


def test_they_are_also_where_the_block_fails(tmp_path: Path) -> None:
    for name in AWAKE:
        (tmp_path / name).write_text("50000\n")
    with pytest.raises(LookupError), kept_awake(tmp_path):
        raise LookupError

    assert written(tmp_path) == dict.fromkeys(AWAKE, "50000\n")


def test_where_it_cannot_be_said_nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / next(iter(AWAKE))).write_text("50000\n")
    with kept_awake(tmp_path) as said:
        pass

    assert (said, written(tmp_path)) == (NO, {next(iter(AWAKE)): "50000\n"})


def test_on_another_system_it_is_only_told(tmp_path: Path) -> None:
    with kept_awake(tmp_path / "nowhere") as said:
        assert said == NO
