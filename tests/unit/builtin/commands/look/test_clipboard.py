from __future__ import annotations

import base64
import os
import pty
import sys
import tty
from pathlib import Path

import pytest

from korproxy.builtin.commands.look.clipboard import LARGEST, by_program, by_terminal, sequence


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder in which programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, does: str) -> Path:
    """Make a program that leaves what it was given beside it."""
    into = folder / f"{name}.got"
    script = folder / name
    script.write_text(f"#!{sys.executable}\nimport sys\ngot = sys.stdin.read()\n{does}\nopen({str(into)!r}, 'w').write(got)\n")
    script.chmod(0o755)
    return into


def test_a_terminal_gets_the_text_as_osc_52() -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    sent = by_terminal("hällo", Path(os.ttyname(theirs)))
    got = os.read(ours, 1000)
    os.close(ours)
    os.close(theirs)

    assert sent
    assert got == b"\x1b]52;c;" + base64.b64encode("hällo".encode()) + b"\x07"


def test_what_no_terminal_takes_is_not_sent() -> None:
    fits = LARGEST // 4 * 3

    assert sequence("x" * fits) is not None
    assert sequence("x" * (fits + 1)) is None
    assert not by_terminal("x" * (fits + 1), Path(os.devnull))


def test_where_there_is_no_terminal_nothing_is_sent(tmp_path: Path) -> None:
    assert not by_terminal("x", tmp_path / "no terminal")


def test_the_first_program_that_takes_it_gets_it(programs: Path) -> None:
    refuses, takes = program(programs, "one", "sys.exit(1)"), program(programs, "two", "assert sys.argv[1:] == ['-a']")
    name = by_program("hällo", [["absent"], ["one"], ["two", "-a"]])

    assert (name, refuses.exists(), takes.read_text()) == ("two", False, "hällo")


def test_where_no_program_takes_it_that_is_told(programs: Path) -> None:
    program(programs, "one", "sys.exit(1)")
    (programs / "broken").write_text("no program")
    (programs / "broken").chmod(0o755)

    assert by_program("x", [["absent"], ["one"], ["broken"]]) == ""
