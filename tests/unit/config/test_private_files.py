from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from korproxy.config.private_files import MOST, NotPrivate, NotReadable, read_private, write_once

posix = pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")


def private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"abc", "abc"), (b"abc\n", "abc"), (b"abc\r\n", "abc"), (b"abc\n\n", "abc\n"), (b"", ""), (" ü \n".encode(), " ü ")],
)
def test_one_line_break_at_the_end_is_not_part_of_the_text(tmp_path: Path, content: bytes, text: str) -> None:
    assert read_private(private(tmp_path / "f", content)) == text


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777])
def test_a_file_that_is_open_to_others_is_not_read(tmp_path: Path, mode: int) -> None:
    file = private(tmp_path / "f", b"secret")
    file.chmod(mode)

    with pytest.raises(NotPrivate) as caught:
        read_private(file)

    assert caught.value.mode == mode


def test_an_absent_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotReadable) as caught:
        read_private(tmp_path / "f")

    assert caught.value.absent


@posix
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)

    with pytest.raises(NotReadable) as caught:
        read_private(tmp_path / "pipe")

    assert caught.value.reason == "is not a regular file"


def test_what_is_no_text_is_not_readable(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    cases = {
        tmp_path / "dir": "is not a regular file",
        tmp_path / "a\0b": "cannot be opened (not a file name)",
        private(tmp_path / "long", b"x" * (MOST + 1)): f"is longer than {MOST // 1024} KiB",
        private(tmp_path / "binary", b"\xff\xfe"): "is not text in UTF-8",
        tmp_path / "long" / "below": "cannot be opened (Not a directory)",
    }

    said = {}
    for path in cases:
        with pytest.raises(NotReadable) as caught:
            read_private(path)
        said[path] = caught.value.reason

    assert said == cases


@posix
def test_a_written_file_is_whole_and_for_its_owner_only(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        written = write_once(tmp_path / "f", "text")
    finally:
        os.umask(umask)

    assert written
    assert (tmp_path / "f").read_bytes() == b"text\n"
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")

    assert not write_once(tmp_path / "f", "text")
    assert (tmp_path / "f").read_bytes() == b""


def test_of_many_writers_one_writes_and_nobody_sees_half_a_file(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    seen: list[tuple[bool, bytes]] = []

    def write(number: int) -> None:
        barrier.wait()
        written = write_once(tmp_path / "f", str(number) * 1000)
        seen.append((written, (tmp_path / "f").read_bytes()))

    threads = [threading.Thread(target=write, args=(each,)) for each in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert [written for written, _ in seen].count(True) == 1
    assert {content for _, content in seen} == {(tmp_path / "f").read_bytes()}
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def test_without_hard_links_it_is_written_once_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)

    assert [write_once(tmp_path / "f", each) for each in ("first", "second")] == [True, False]
    assert (tmp_path / "f").read_bytes() == b"first\n"
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space left"):
        write_once(tmp_path / "f", "text")

    assert list(tmp_path.iterdir()) == []
