"""The gate's judgement on made-up numbers, and, slow, on the real daemon with a slowdown planted in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.bench.gate.__main__ import ROOT, judge, main
from tests.bench.gate.base import Base, NotJudged, export_tree
from tests.bench.gate.judging import Measured, Pairs, Verdict, markdown, plain
from tests.bench.gate.measuring import Export, order, size
from tests.bench.gate.planting import plant
from tests.bench.gate.sides import Side
from tests.bench.processes import BenchFailed

QUIET = (1.0, 1.0, 1.01, 1.02, 1.0)
LIMIT = 1.10
BASE = Base(commit="1234567890abc", why="a test's")


def nothing(_folder: Path) -> None:
    raise AssertionError("made-up numbers need no code")


def pairs(*ratios: float, name: str = "chat", base: float = 200.0) -> Pairs:
    return Pairs(name=name, unit="request", base=[base] * len(ratios), head=[base * each for each in ratios])


def measured(
    *found: Pairs, planted: Sequence[float] = (1.2, 1.21, 1.19), reference: Sequence[float] = (100, 102, 98)
) -> Measured:
    return Measured(pairs=found or [pairs(*QUIET)], planted=pairs(*planted, name="chat, 20% planted"), reference=reference)


@pytest.mark.parametrize(
    ("ratios", "code"),
    [
        (QUIET, 0),
        ((0.5, 0.5, 0.5), 0),  # faster is never wrong
        ((1.09, 1.09, 1.09), 0),
        ((1.11, 1.11, 1.11), 1),
        ((1.2, 1.18, 1.22, 1.21, 1.19), 1),
        ((1.0, 3.0, 1.01, 2.5, 1.0), 0),  # two disturbed rounds of five do not count
        ((1.2, 0.3, 1.21, 0.4, 1.19), 1),  # in either direction
    ],
)
def test_the_median_of_the_paired_ratios_is_held_against_the_limit(ratios: tuple[float, ...], code: int) -> None:
    assert Verdict(measured=measured(pairs(*ratios)), limit=LIMIT).exit_code == code


def test_a_slow_minute_that_hits_both_sides_changes_nothing() -> None:
    both = Pairs(name="chat", unit="request", base=[200, 600, 200, 400], head=[202, 606, 202, 404])
    assert both.ratio == pytest.approx(1.01)


def test_one_scenario_that_is_slower_fails_all_of_it() -> None:
    verdict = Verdict(measured=measured(pairs(*QUIET), pairs(1.2, 1.2, name="streamed chat")), limit=LIMIT)
    assert (verdict.slower, verdict.exit_code) == (["streamed chat"], 1)


def test_a_run_that_does_not_notice_what_was_planted_is_no_pass() -> None:
    verdict = Verdict(measured=measured(planted=(1.0, 1.05, 1.3)), limit=LIMIT)
    assert (verdict.slower, verdict.blind, verdict.exit_code) == ([], True, 2)


@pytest.mark.parametrize(
    ("reference", "word"), [((100,), "was steady"), ((100, 101, 99), "was steady"), ((100, 300), "NOT STEADY")]
)
def test_the_reference_says_how_quiet_the_machine_was(reference: tuple[float, ...], word: str) -> None:
    assert word in Verdict(measured=measured(reference=reference), limit=LIMIT).steadiness()


def test_the_tables_say_everything() -> None:
    verdict = Verdict(measured=measured(pairs(1.0, 1.2, 1.4)), limit=LIMIT)
    assert markdown(verdict.rows()).splitlines() == [
        "|  | base | now | ratio | middle half of the rounds |  |",
        "|---|---|---|---|---|---|",
        "| chat, per request | 200.0 us | 240.0 us | 1.200 | 1.100 to 1.300 | SLOWER |",
        "| chat, 20% planted, per request | 200.0 us | 240.0 us | 1.200 | 1.195 to 1.205 | noticed, as it has to be |",
    ]
    assert [line.split()[-1] for line in plain(verdict.rows()).splitlines()] == ["rounds", "SLOWER", "be"]
    assert verdict.line("abc (main)") == "SLOWER: CPU against abc (main) (limit 1.10): chat 1.200; planted 1.200"


@pytest.mark.parametrize(
    ("rounds", "code", "asked"),
    [
        ([QUIET], 0, [15.0]),
        ([(1.3, 1.3), QUIET], 0, [15.0, 25.0]),  # one retry, with more rounds
        ([(1.3, 1.3), (1.2, 1.2)], 1, [15.0, 25.0]),
    ],
)
def test_what_fails_is_measured_once_more_and_for_longer(
    rounds: list[tuple[float, ...]], code: int, asked: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    given = iter(rounds)
    seconds: list[float] = []

    def measure(_base: Export, _head: Export, each: float) -> Measured:
        seconds.append(each)
        return measured(pairs(*next(given)))

    verdict = judge(nothing, nothing, LIMIT, measure)

    assert (verdict.exit_code, seconds) == (code, asked)
    assert capsys.readouterr().out.count("planted") == len(asked)


def test_the_verdict_is_the_last_line_and_in_the_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bench.gate.__main__.base_of", lambda *_: BASE)
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")

    assert main(["--summary", str(summary)], lambda *_: measured()) == 0

    line = "ok: CPU against 1234567890 (a test's) (limit 1.10): chat 1.000; planted 1.200"
    written = summary.read_text().splitlines()
    assert (capsys.readouterr().out.splitlines()[-1], written[-2], written[0]) == (line, line, "before")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (NotJudged("the base does not run"), (3, "NOT JUDGED: the base does not run")),
        (BenchFailed("ended with 1"), (2, "FAILED: ended with 1")),
    ],
)
def test_without_a_verdict_the_last_line_and_the_summary_say_why(
    failure: Exception,
    said: tuple[int, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def measure(_base: Export, _head: Export, _seconds: float) -> Measured:
        raise failure

    monkeypatch.setattr("tests.bench.gate.__main__.base_of", lambda *_: BASE)
    summary = tmp_path / "summary.md"

    code = main(["--summary", str(summary)], measure)

    assert (code, capsys.readouterr().out.splitlines()[-1]) == said
    assert summary.read_text() == f"### Speed against the merge base\n\n{said[1]}\n\n"


def test_each_side_is_measured_first_equally_often_and_behind_each_other_too() -> None:
    sides = [Side(name=name, url="", key="", cpu=int) for name in ("base", "now", "planted")]
    names = ["".join(each.name[0] for each in order(sides, number)) for number in range(6)]
    assert names == ["bnp", "pnb", "npb", "bpn", "pbn", "nbp"]


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (0, "ok: fine", (0, "")),
        (1, "SLOWER: oh", (1, "")),
        (2, "BLIND: oh", (2, "")),
        (3, "NOT JUDGED: no base", (0, "::warning title=The speed was not judged::")),  # it goes on, and cannot be overlooked
    ],
)
def test_ci_goes_on_without_a_base_and_says_so_and_stops_at_all_else(
    code: int, said: str, expected: tuple[int, str], tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$@"\necho "{said}"\nexit {code}\n')
    python.chmod(0o755)
    env = {**os.environ, "PYTHON": str(python), "GITHUB_ACTIONS": "true", "GATE_BASE": "named"}

    done = subprocess.run([ROOT / ".ci" / "speed", "--limit", "2"], env=env, capture_output=True, text=True, check=False)

    lines = done.stdout.splitlines()
    assert (done.returncode, lines[:2]) == (expected[0], ["-m tests.bench.gate --limit 2", said])
    assert "".join(lines[2:]).startswith(expected[1])
    assert bool(lines[2:]) == bool(expected[1])


@pytest.mark.slow
def test_a_planted_slowdown_of_a_fifth_fails_and_the_same_code_passes(tmp_path: Path) -> None:
    same, slower = tmp_path / "same", tmp_path / "slower"
    for each in (same, slower):
        export_tree(ROOT, each)
    tree = partial(export_tree, same)
    assert judge(tree, tree, LIMIT, seconds=(5, 10)).exit_code == 0

    plant(slower, size(tree))

    verdict = judge(tree, partial(export_tree, slower), LIMIT, seconds=(5, 10))
    assert (verdict.exit_code, verdict.slower[:1]) == (1, ["chat"])
