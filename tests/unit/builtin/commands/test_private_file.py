from __future__ import annotations

import os
from pathlib import Path

import pytest

from korproxy.api import CommandFailed
from korproxy.builtin.commands.private_file import write_private


def test_only_its_user_can_read_the_file_also_where_it_was_there_before(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("something longer than what comes")
    old.chmod(0o644)
    for each in (old, new):
        write_private(each, "ä\n", code="KP-CONF-229")

    assert [(each.read_text("utf-8"), each.stat().st_mode & 0o777) for each in (old, new)] == [("ä\n", 0o600)] * 2


def test_what_is_no_file_is_written_to_and_stays_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_private(pipe, "x", code="KP-CONF-229")
    got = os.read(reader, 10)
    os.close(reader)

    assert (got, pipe.stat().st_mode & 0o777) == (b"x", 0o644)


def test_a_file_that_cannot_be_written_is_told_with_the_code_of_whoever_writes(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        write_private(tmp_path / "not here" / "file", "x", code="KP-CONF-229")

    assert caught.value.code == "KP-CONF-229"
    assert str(caught.value) == f"{tmp_path / 'not here' / 'file'} cannot be written: No such file or directory."
