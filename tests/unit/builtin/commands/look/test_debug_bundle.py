from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from korproxy.builtin.commands.look import debug_bundle
from tests.fakes.daemon import answering, answering_each
from tests.fakes.process import environment
from tests.fakes.steered import run, said

BUNDLE = {"format": "korproxy-debug-bundle", "made_at": "2026-11-29T12:25:19.803Z", "remarks": [], "cut": [], "x": "ä"}


@contextmanager
def bundled(home: Path, **more: object) -> Iterator[None]:
    with answering(home, json.dumps({**BUNDLE, **more}).encode()):
        yield


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went into the clipboard; the terminal takes all of it."""
    found: list[str] = []

    def take(text: str) -> bool:
        found.append(text)
        return True

    monkeypatch.setattr(debug_bundle, "by_terminal", take)
    monkeypatch.setattr(debug_bundle, "by_program", lambda _: "")
    return found


@pytest.mark.parametrize("args", [[], ["--output", "-"], ["--json"], ["--output", "-", "--json"]])
def test_away_from_a_terminal_the_bundle_goes_to_stdout(home: Path, args: list[str]) -> None:
    with bundled(home):
        done = run("debug-bundle", *args)

    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == BUNDLE
    assert "ä" in done.stdout


def test_it_is_written_to_a_file_that_only_its_user_can_read(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    with bundled(home, remarks=["store: it is closed"], cut=["a", "b"]):
        done = run("debug-bundle", "--output", file)

    assert (json.loads(file.read_text("utf-8"))["x"], file.stat().st_mode & 0o777) == ("ä", 0o600)
    assert done.stdout.splitlines() == [
        f"Wrote {file} (0 kB).",
        "Note: store: it is closed",
        "Cut, for it would be too large: 2 places.",
        "It has no prompts and no answers, and what looks like a secret is hidden. Look through it before you share it.",
    ]


def test_as_json_it_is_told_where_the_file_is(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    with bundled(home):
        found = said("debug-bundle", "--output", file)

    assert found == (0, {"output": str(file), "copied": False, "remarks": []})


def test_the_shape_of_a_request_is_asked_for_by_its_id(home: Path) -> None:
    with answering_each(home, {"GET /healthz": {}, "GET /v1/diagnostics/bundle?repro=r-1": BUNDLE}) as asked:
        done = run("debug-bundle", "--repro", "r-1")

    assert (done.exit_code, asked[-1].path) == (0, "/v1/diagnostics/bundle?repro=r-1")


def test_it_is_copied_in_one_line_and_into_a_file_only_where_that_is_asked_for(
    home: Path, tmp_path: Path, copied: list[str]
) -> None:
    with bundled(home):
        one = run("debug-bundle", "--copy")
        two = run("debug-bundle", "--copy", "--output", tmp_path / "file")

    assert [json.loads(each) for each in copied] == [BUNDLE, BUNDLE]
    assert "\n" not in copied[0]
    said = "Asked the terminal to put it into the clipboard (0 kB). Not every one does that, and none says so."
    assert one.stdout.splitlines()[0] == said
    assert two.stdout.splitlines()[:2] == [f"Wrote {tmp_path / 'file'} (0 kB).", said]


@pytest.mark.parametrize(("sent", "words"), [(True, ", and asked the terminal to do so."), (False, ".")])
def test_it_is_said_which_program_has_it(home: Path, monkeypatch: pytest.MonkeyPatch, sent: bool, words: str) -> None:
    monkeypatch.setattr(debug_bundle, "by_terminal", lambda _: sent)
    monkeypatch.setattr(debug_bundle, "by_program", lambda _: "wl-copy")
    with bundled(home):
        done = run("debug-bundle", "--copy")

    assert done.stdout.splitlines()[0] == f"Copied it by wl-copy (0 kB){words}"


@pytest.mark.code("KP-SYS-541")
def test_where_nothing_takes_a_copy_that_is_an_error(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debug_bundle, "by_terminal", lambda _: False)
    monkeypatch.setattr(debug_bundle, "by_program", lambda _: "")
    with bundled(home):
        done = run("debug-bundle", "--copy")
        also = run("debug-bundle", "--copy", "--output", tmp_path / "file")

    assert (done.exit_code, done.stdout) == (1, "")
    begin = "error KP-SYS-541: Nothing here takes 0 kB into a clipboard. "
    assert done.stderr.startswith(f"{begin}Write it to a file with --output FILE.")
    assert also.stderr.startswith(f"{begin}It was written to {tmp_path / 'file'} all the same.")
    assert (tmp_path / "file").exists()


@pytest.mark.code("KP-SYS-540")
def test_a_file_that_cannot_be_written_is_an_error(home: Path, tmp_path: Path) -> None:
    with bundled(home):
        done = run("debug-bundle", "--output", tmp_path / "no folder" / "file")

    assert done.exit_code == 1
    assert done.stderr.startswith(f"error KP-SYS-540: {tmp_path / 'no folder' / 'file'} cannot be written: No such file")


def test_on_a_terminal_it_goes_into_a_file_of_its_own(home: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    command = [sys.executable, "-m", "korproxy", "--no-plugins", "debug-bundle"]
    with bundled(home):
        done = subprocess.run(command, cwd=tmp_path, env=environment(home), stdout=theirs, timeout=30, check=False)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    file = tmp_path / "korproxy-debug-20261129T122519.json"

    assert done.returncode == 0
    assert json.loads(file.read_text("utf-8")) == BUNDLE
    assert shown.startswith(f"Wrote {file.name} (0 kB).")
