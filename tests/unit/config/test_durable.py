from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from korproxy.config import durable
from korproxy.errors.exceptions import CommandFailed
from tests.fakes.recorder import recorded_calls


def names_in(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def test_the_data_is_on_the_disk_before_its_name_and_both_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = recorded_calls(monkeypatch)

    durable.write(tmp_path / "a.toml", b"x = 1\n")

    assert recorded == ["write draft of a", "fsync draft of a", "replace draft of a a.toml", f"fsync {tmp_path.name}"]


def test_what_the_system_writes_in_parts_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:7]))

    durable.write(tmp_path / "a.toml", b"0123456789" * 10)

    assert (tmp_path / "a.toml").read_bytes() == b"0123456789" * 10


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing there")
def test_only_the_owner_may_read_it_whatever_it_was_before(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"old")
    path.chmod(0o644)

    durable.write(path, b"new")

    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)
    assert names_in(tmp_path) == ["a.toml"]


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a.toml").symlink_to(tmp_path / "elsewhere" / "real.toml")

    durable.write(tmp_path / "a.toml", b"new")

    assert (tmp_path / "a.toml").is_symlink()
    assert (tmp_path / "elsewhere" / "real.toml").read_bytes() == b"new"


@pytest.mark.code("KP-CONF-229")
@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_content_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(CommandFailed, match="No space left on device") as caught:
        durable.write(path, b"new")

    assert caught.value.code == "KP-CONF-229"
    assert (path.read_bytes(), names_in(tmp_path)) == (b"old", ["a.toml"])


@pytest.mark.code("KP-CONF-229")
@pytest.mark.parametrize("name", ["absent/a.toml", "\0"])
def test_what_is_no_place_for_a_file_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        durable.write(tmp_path / name, b"")

    assert caught.value.code == "KP-CONF-229"


def test_what_killed_writers_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    for name in (".a.toml.0011.draft", "a.toml", ".hidden", "x.draft"):
        (tmp_path / name).write_bytes(b"")

    durable.sweep(tmp_path)

    assert names_in(tmp_path) == [".hidden", "a.toml", "x.draft"]
