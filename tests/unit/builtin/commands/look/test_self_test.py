from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from korproxy.builtin.commands.look.self_test import MOST, lines
from korproxy.cli.insight import told
from tests.fakes.steered import run

HERE = {
    "place": "model name",
    "planted": 61,
    "encodings": ["plain"],
    "expected": 244,
    "missing": 0,
    "findings": 0,
    "content": 0,
}
GOOD: dict[str, Any] = {
    "ok": True,
    "seconds": 12.5,
    "secrets": 61,
    "shapes": ["a", "b"],
    "sinks": {"terminal": 1_200_000, "database": 300_000},
    "places": [HERE],
    "findings": [],
    "missing": [],
    "content": [],
}
FOUND = {
    "sink": "GET /metrics",
    "place": "model name",
    "shape": "aws-key",
    "encoding": "base64",
    "marker": "markabcd00031",
    "written": "base64",
    "around": "model=QUtJ",
}
BAD = GOOD | {
    "ok": False,
    "code": "KP-SYS-542",
    "places": [HERE | {"missing": 1, "findings": MOST + 1}],
    "findings": [FOUND] * (MOST + 1),
    "missing": [{name: FOUND[name] for name in ("sink", "place", "shape", "encoding", "marker")}],
}


@pytest.fixture
def proof(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the proof says; and with which redaction it was asked for."""
    said: dict[str, Any] = {"data": GOOD, "asked": None}

    def canary(self: object, *, redaction: bool = True) -> Mapping[str, object]:
        said["asked"] = redaction
        data: Mapping[str, object] = said["data"]
        return data

    monkeypatch.setattr(told.Told, "canary", canary)
    return said


def test_a_good_proof_ends_with_zero(proof: dict[str, Any]) -> None:
    done = run("self-test", "--canary")

    assert (done.exit_code, proof["asked"]) == (0, True)
    assert done.stderr == "Planting made-up secrets in a KorProxy of its own, and looking for them...\n"
    assert done.stdout.splitlines() == [
        "planted in  secrets  markers found  got out",
        "model name       61     244 of 244        0",
        "",
        "61 secrets of 2 shapes, 2 places searched (1.5 MB), 12.5 s",
        "ok: no secret and no content got out, and every marker was where it had to be.",
    ]


@pytest.mark.code("KP-SYS-542")
def test_what_got_out_is_told_and_the_exit_code_says_so(proof: dict[str, Any]) -> None:
    proof["data"] = BAD
    done = run("self-test", "--canary", "--no-redaction")
    as_json = run("self-test", "--canary", "--json")

    assert (done.exit_code, as_json.exit_code, proof["asked"]) == (1, 1, True)
    assert (json.loads(as_json.stdout), as_json.stderr) == (BAD, "")
    told = done.stdout.splitlines()
    assert told[1] == "model name       61     243 of 244       21"
    assert told[3] == ("got out: markabcd00031 aws-key (base64), planted in model name: GET /metrics as base64: 'model=QUtJ'")
    assert told[-4:] == [
        "got out: and 1 more; --json has all",
        "not found where it must be: markabcd00031 aws-key (base64), planted in model name: GET /metrics",
        "61 secrets of 2 shapes, 2 places searched (1.5 MB), 12.5 s",
        ("NOT PROVEN [KP-SYS-542]: 21 secrets got out, 0 pieces of content did, 1 markers are not where they had to be."),
    ]


def test_without_redaction_is_asked_for(proof: dict[str, Any]) -> None:
    run("self-test", "--canary", "--no-redaction")

    assert proof["asked"] is False


def test_nothing_to_prove_is_a_mistake_in_the_command_line(proof: dict[str, Any]) -> None:
    done = run("self-test")

    assert (done.exit_code, proof["asked"]) == (2, None)
    assert "Say what is to be proven: --canary." in done.stderr


def test_no_places_are_a_table_without_rows() -> None:
    assert next(lines(GOOD | {"places": []})) == "planted in  secrets  markers found  got out".replace(
        "planted in  ", "planted in  "
    )
