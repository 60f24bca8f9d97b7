from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Applied, Problem
from korproxy.builtin.commands.steer.told import IN_FORCE, finish, listed, table, tell
from korproxy.cli.context import Context

WRONG = Problem(code="KP-CONF-202", path="$.x", message="no such setting")


def test_what_was_done_and_what_the_daemon_makes_of_it_are_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    finish(Context(), Applied(files=("a",), daemon="in force"), "Done.", "It was so already.")

    assert capsys.readouterr().out == "Done.\nThe running daemon uses it now.\n"


def test_what_was_so_already_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    finish(Context(), Applied(), "Done.", "It was so already.")

    assert capsys.readouterr().out.startswith("It was so already.\n")


def test_files_that_moved_and_what_waits_for_a_restart_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    finish(Context(), Applied(files=("a",), kept=("/k",), removed=("/r",), restart=("$.server.port",)), "Done.")

    assert capsys.readouterr().out.splitlines()[2:] == [
        "The old version is kept: /k",
        "Removed: /r",
        "Takes effect only when the daemon is restarted: $.server.port",
    ]


@pytest.mark.parametrize("daemon", ["refused", "silent"])
def test_what_is_not_in_force_is_exit_code_1_with_the_reasons(daemon: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        finish(Context(), Applied(files=("a",), daemon=daemon, problems=(WRONG,)), "Done.")
    written = capsys.readouterr()

    assert (ended.value.code, written.out) == (1, f"Done.\n{IN_FORCE[daemon]}\n")
    assert written.err == "error KP-CONF-202: $.x: no such setting\n  help: korproxy errors KP-CONF-202\n"


def test_warnings_change_no_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    finish(Context(), Applied(files=("a",), warnings=(WRONG,)), "Done.")

    assert capsys.readouterr().err.startswith("warning KP-CONF-202: ")


def test_a_code_is_explained_once_and_a_problem_without_a_place_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    tell([WRONG, Problem(code="KP-CONF-202", path="", message="m")])

    assert capsys.readouterr().err.splitlines() == [
        "warning KP-CONF-202: $.x: no such setting",
        "warning KP-CONF-202: m",
        "  help: korproxy errors KP-CONF-202",
    ]


def test_columns_stand_below_each_other() -> None:
    assert table([("a", "bb", "c"), ("aaa", "b", "cc"), ("", "", "")]) == ["a    bb  c", "aaa  b   cc", ""]


@given(st.lists(st.lists(st.text("ab"), min_size=2, max_size=2)))
def test_a_table_has_a_line_for_each_row(rows: list[list[str]]) -> None:
    assert len(table(rows)) == len(rows)


@pytest.mark.parametrize(("said", "expected"), [(None, []), ("x", []), ([1, {"a": 1}, None], [{"a": 1}]), (({},), [{}])])
def test_a_list_of_objects_is_what_is_one_in_an_answer(said: object, expected: object) -> None:
    assert listed(said) == expected


def test_json_has_all_of_it(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    cli = Context()
    cli.chosen.as_json = True
    finish(cli, Applied(files=("a",)), "Done.", profile="x")
    written = capsys.readouterr().out

    assert '"profile": "x"' in written
    assert '"changed": true' in written
    assert '"daemon": "none"' in written
