from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from korproxy.cli.insight.planted import canary
from korproxy.runtime.canary import proof
from tests.fakes.steered import run


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The programs of which something was to be proven."""
    asked: list[Sequence[str]] = []

    def prove(program: Sequence[str]) -> proof.Proof:
        asked.append(program)
        return proof.Proof(plants=(), sinks={}, findings=[], missing=[], spoken=[], seconds=0.0)

    monkeypatch.setattr(proof, "prove", prove)
    return asked


def test_the_program_that_is_proven_is_this_one(programs: list[Sequence[str]]) -> None:
    assert canary(redaction=True)["ok"] is True
    assert canary(redaction=False)["ok"] is True
    assert programs == [(sys.executable, "-m", "korproxy"), (sys.executable, "-m", "korproxy.cli.insight.bare")]


def test_plugins_of_a_folder_are_part_of_what_is_proven(programs: list[Sequence[str]], tmp_path: Path) -> None:
    done = run("self-test", "--canary", "--plugins-dir", tmp_path)

    assert (done.exit_code, programs) == (0, [(sys.executable, "-m", "korproxy", "--plugins-dir", str(tmp_path))])
