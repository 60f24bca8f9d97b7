"""The fuzzer fuzzes: its targets are complete, and a law that does not hold is found, shown and found again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import strategies as st

from fuzz.__main__ import main
from fuzz.running import Examples, Seconds, run
from fuzz.target import CORPUS, Target
from fuzz.targets import TARGETS


def below_a_hundred(number: int) -> None:
    assert number < 100


PLANTED = Target(name="planted", inputs=st.integers(), read=int, check=below_a_hundred)


def test_every_target_has_a_module_a_name_of_its_own_and_a_corpus() -> None:
    modules = {path.stem for path in Path(CORPUS.parent / "targets").glob("*.py")} - {"__init__"}

    assert sorted(each.name for each in TARGETS) == sorted(modules)
    assert sorted(path.name for path in CORPUS.iterdir()) == sorted(modules)
    assert [each.name for each in TARGETS if not each.seeds()] == []


def test_the_corpus_and_a_first_turn_hold_every_law(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "0", "--seed", "1"]) == 0
    assert capsys.readouterr().out.endswith("every law held\n")


@pytest.mark.parametrize("name", ["backoff", "client_errors", "health", "refusal_waits", "retry_after"])
def test_new_inputs_hold_the_laws_of_resilience(name: str) -> None:
    target = next(each for each in TARGETS if each.name == name)

    assert run([target], Examples(100), first_seed=1) is None


def test_a_broken_law_is_shown_with_its_smallest_input(tmp_path: Path) -> None:
    found = run([PLANTED], Seconds(5), first_seed=1, corpus=tmp_path)

    assert found is not None
    assert "value=100," in found
    assert "python -m fuzz --only planted --seed " in found


def test_the_corpus_goes_first(tmp_path: Path) -> None:
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "too-large").write_bytes(b"4711")

    found = run([PLANTED], Seconds(0), first_seed=1, corpus=tmp_path)

    assert found is not None
    assert found.startswith("planted: fuzz/corpus/planted/too-large breaks the law")


def test_the_same_seed_finds_the_same(tmp_path: Path) -> None:
    found = [run([PLANTED], Seconds(5), first_seed=7, corpus=tmp_path) for _ in range(2)]
    assert found[0] == found[1]


def test_a_finding_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("fuzz.__main__.TARGETS", (PLANTED,))
    assert main(["--seconds", "5"]) == 1
    assert "new input breaks the law" in capsys.readouterr().out


def test_a_number_of_examples_is_tried_of_each_target(tmp_path: Path) -> None:
    tried: dict[str, list[int]] = {"one": [], "two": []}
    targets = [Target(name=name, inputs=st.integers(), read=int, check=seen.append) for name, seen in tried.items()]

    assert run(targets, Examples(120), first_seed=1, corpus=tmp_path) is None
    assert {name: len(seen) for name, seen in tried.items()} == {"one": 150, "two": 150}  # in turns of fifty


def test_a_number_of_examples_goes_in_place_of_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--examples", "1", "--only", "codes", "--seed", "1"]) == 0
    assert capsys.readouterr().out == "codes: 1 examples each, seed 1\nevery law held\n"


def test_the_door_for_whoever_stands_in_another_directory_leads_to_the_same(tmp_path: Path) -> None:
    command = [sys.executable, str(CORPUS.parent / "run.py"), "--examples", "1", "--only", "codes", "--seed", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (0, "codes: 1 examples each, seed 1\nevery law held\n")
