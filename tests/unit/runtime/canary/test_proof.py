from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from korproxy.errors.exceptions import CommandFailed
from korproxy.runtime.canary import proof as proofs
from korproxy.runtime.canary.planting import Place, sow
from korproxy.runtime.canary.proof import Proof, prove
from korproxy.runtime.canary.scanning import Finding, Missing
from korproxy.runtime.canary.shapes import CONFIGURED, named

PLANTS = sow(
    [Place(name="here", shown=("log", "API")), Place(name="prompt", shown=("upstream",), content=True)],
    named(["qwen-key"]),
    configured=CONFIGURED.make(),
)
FOUND = Finding(sink="log", place="here", shape="qwen-key", encoding="plain", marker="m", written="hex", around="a")
LOST = Missing("here", "qwen-key", "plain", "m", "API")


def made(**how: Any) -> Proof:
    nothing: dict[str, Any] = {"findings": [], "missing": [], "spoken": []}
    return Proof(plants=PLANTS, sinks={"log": 9}, seconds=1.26, **(nothing | how))


def test_a_proof_is_good_if_nothing_got_out_and_every_marker_is_there() -> None:
    assert [made().ok, made(findings=[FOUND]).ok, made(missing=[LOST]).ok, made(spoken=[FOUND]).ok] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.code("KP-SYS-542")
def test_what_came_of_it_is_told_place_by_place() -> None:
    told = made(findings=[FOUND], missing=[LOST], spoken=[FOUND]).to_dict()

    assert json.loads(json.dumps(told)) == {
        "ok": False,
        "code": "KP-SYS-542",
        "seconds": 1.3,
        "secrets": 4,
        "shapes": ["configured-key", "qwen-key"],
        "sinks": {"log": 9},
        "places": [
            {
                "place": "here",
                "planted": 2,
                "encodings": ["plain"],
                "expected": 4,
                "missing": 1,
                "findings": 1,
                "content": 1,
            },
            {
                "place": "prompt",
                "planted": 2,
                "encodings": ["plain"],
                "expected": 2,
                "missing": 0,
                "findings": 0,
                "content": 0,
            },
        ],
        "findings": [
            {
                "sink": "log",
                "place": "here",
                "shape": "qwen-key",
                "encoding": "plain",
                "marker": "m",
                "written": "hex",
                "around": "a",
            }
        ],
        "missing": [{"place": "here", "shape": "qwen-key", "encoding": "plain", "marker": "m", "sink": "API"}],
        "content": told["findings"],
    }
    assert "code" not in made().to_dict()


@pytest.mark.code("KP-SYS-542")
def test_what_cannot_be_done_is_an_error_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandFailed, match=r"did not start: no port is free") as caught:
        prove((sys.executable, "-c", "raise SystemExit('no port is free')"), shapes=(), places=())
    assert caught.value.code == "KP-SYS-542"

    monkeypatch.setattr(proofs, "SECONDS", 0.1)
    with pytest.raises(CommandFailed, match=r"was not done within 0.1 s"):
        prove((sys.executable, "-c", "import time; time.sleep(20)"), shapes=(), places=())


def test_ctrl_c_goes_before_whatever_came_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ends(*_: object) -> Proof:
        raise BaseExceptionGroup("", [CommandFailed("KP-SYS-542", "x"), BaseExceptionGroup("", [KeyboardInterrupt()])])

    monkeypatch.setattr(proofs, "_prove", ends)

    with pytest.raises(KeyboardInterrupt):
        prove(("none",))


def test_a_fault_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ends(*_: object) -> Proof:
        raise ExceptionGroup("", [ValueError("a fault")])

    monkeypatch.setattr(proofs, "_prove", ends)

    with pytest.RaisesGroup(ValueError):
        prove(("none",))


def test_a_full_disk_is_told_as_one_wherever_it_was_met(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ends(*_: object) -> Proof:
        raise ExceptionGroup("", [ExceptionGroup("", [OSError(28, "No space left on device")])])

    monkeypatch.setattr(proofs, "_prove", ends)

    with pytest.raises(CommandFailed, match=r"No space left on device. Set TMPDIR"):
        prove(("none",))
