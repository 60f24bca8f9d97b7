"""The table and its command; that every case is in every column where it can be."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e import __main__ as command
from tests.e2e.cases import ROWS, runs
from tests.e2e.cells import COLUMNS, SDKS, form_of
from tests.e2e.table import Tally, words

CLAUDE, CODEX = ("openai", "claude"), ("anthropic", "codex")


def tallied(passed: int, failed: int, why: str = "AssertionError: assert 1 == 2") -> Callable[[Tally, str], bool]:
    """Return what plays *passed* and *failed* runs."""

    def play(tally: Tally, only: str) -> bool:
        for number in range(passed + failed):
            tally.note("chat", CLAUDE, "a_case-openai-claude", None if number < passed else why)
        return True

    return play


def test_every_row_has_cases_in_all_columns() -> None:
    found = {(each.case.row, each.sdk, each.column) for each in runs() if each.column != "sol"}

    assert found == {(row, sdk, column) for row in ROWS for sdk in SDKS for column in COLUMNS if column != "sol"}


def test_the_suite_plays_every_case_that_there_is_with_each_sdk_and_format() -> None:
    """Of a case that is about one column alone, too."""

    def played(*, often: bool) -> set[tuple[object, ...]]:
        some = [each for each in runs() if each.is_often or not often]
        return {(each.case.play.__name__, each.sdk, form_of(each.sdk, each.column), each.way) for each in some}

    missing = {each[0] for each in played(often=False) - played(often=True)}
    assert missing == {"a_conversation_that_began_with_another_account_of_the_same_vendor"}


def test_no_two_runs_have_one_name() -> None:
    names = list(map(str, runs()))

    assert len(names) == len(set(names))


def test_both_clients_of_all_sdks_are_used() -> None:
    used = {(each.sdk, each.way.is_async, each.way.streamed) for each in runs() if each.is_often}

    assert len(used) == 4 * len(SDKS)


def test_the_table_tells_passed_and_total_and_each_failure_once() -> None:
    tally = Tally()
    tally.note("chat", CLAUDE, "one-openai-claude", None)
    for _ in range(2):
        tally.note("429", CODEX, "two-anthropic-codex", "AssertionError: no\n  at all")
    tally.note("429", CLAUDE, "two-openai-claude", None)

    assert tally.text() == (
        "      openai  anthropic\n"
        "      claude      codex\n"
        "chat     1/1          -\n"
        "429      1/1        0/2\n"
        "\n"
        "two-anthropic-codex failed 2 times:\n"
        "    AssertionError: no\n"
        "      at all\n"
        "\n"
        "2 of 4 passed: 50.00 %\n"
    )


@pytest.mark.parametrize(("passed", "failed", "code"), [(99, 1, 0), (98, 2, 1), (1, 0, 0), (0, 0, 1)])
def test_less_than_99_percent_is_a_failure(passed: int, failed: int, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([], tallied(passed, failed)) == code
    assert f"{passed} of {passed + failed} passed" in capsys.readouterr().out


def test_the_share_is_never_rounded_up(capsys: pytest.CaptureFixture[str]) -> None:
    command.main([], tallied(99_999, 1))

    assert capsys.readouterr().out.endswith("99999 of 100000 passed: 99.99 %\n")


def test_times_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--times", "3"], tallied(5, 0)) == 0
    said = capsys.readouterr()
    assert "chat   15/15\n" in said.out
    assert [line.rpartition(" in ")[0] for line in said.err.splitlines()] == [f"{n} of 3: 5 of 5 passed" for n in (1, 2, 3)]


def test_cases_that_cannot_be_played_are_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([], lambda _, _only: False) == command.NOT_PLAYED
    assert "could not be played" in capsys.readouterr().err


@pytest.mark.parametrize("times", ["0", "-1", "many"])
def test_a_number_of_times_that_is_none(times: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(["--times", times], tallied(1, 0))
    assert "--times" in capsys.readouterr().err


def test_what_a_nursery_wraps_is_told_as_itself() -> None:
    late = RuntimeError("at the end")
    late.__cause__ = ValueError("of the case")
    group = BaseExceptionGroup("outer", [ExceptionGroup("inner", [late]), OSError("too")])

    assert words(group) == "RuntimeError: at the end (because of ValueError: of the case)\nOSError: too"


def test_the_watcher_counts_a_run_at_its_end_and_keeps_its_first_failure() -> None:
    run = runs()[0]
    tally = Tally()
    watcher = command.Watcher(tally)
    for when, error in (("setup", None), ("call", ExceptionGroup("", [ValueError("first")])), ("teardown", KeyError("later"))):
        report(watcher, run, when, error)
    for when in ("setup", "call", "teardown"):
        report(watcher, run, when, None)

    assert (tally.passed, tally.total) == (1, 2)
    assert f"{run} failed 1 time:\n    ValueError: first\n" in tally.text()


def report(watcher: command.Watcher, run: object, when: str, error: Exception | None) -> None:
    """Have *watcher* see one phase of *run*, as pytest does it."""
    item = SimpleNamespace(nodeid="test_crossing[run]", callspec=SimpleNamespace(params={"run": run}))
    call: Any = SimpleNamespace(excinfo=None if error is None else SimpleNamespace(value=error))
    said = SimpleNamespace(when=when, failed=error is not None)
    step = watcher.pytest_runtest_makereport(item, call)
    next(step)
    with pytest.raises(StopIteration) as ended:
        step.send(said)
    assert ended.value.value is said
