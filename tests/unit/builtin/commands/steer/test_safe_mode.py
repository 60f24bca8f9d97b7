from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.daemon import answering_each
from tests.fakes.steered import GOES_BY_IT, RELOADED, furnished, now, run, said

REACHED: dict[str, object] = {"POST /v1/routing/test": {"format": "openai-chat", "decision": {}, "error": None}}
UNREACHED: dict[str, object] = {
    "POST /v1/routing/test": {"decision": None, "error": {"code": "KP-PROV-122", "message": "Nobody has it."}}
}


def test_safe_mode_is_switched_on_and_the_daemon_goes_by_it(home: Path) -> None:
    furnished(home)
    with answering_each(home, {**RELOADED, **REACHED}):
        done = run("safe-mode", "on", "--model", "gpt-tiny")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"Safe mode is on: conversations go to gpt-tiny.\n{GOES_BY_IT}\n"
    assert (now(home).routing.safe_mode.on, now(home).routing.safe_mode.model) == (True, "gpt-tiny")


@pytest.mark.code("KP-PROV-122")
def test_a_safe_model_that_cannot_be_had_is_told_at_once(home: Path) -> None:
    furnished(home)
    with answering_each(home, {**RELOADED, **UNREACHED}):
        done = run("safe-mode", "on")
        code, data = said("safe-mode", "on")

    assert done.exit_code == code == 0
    assert done.stderr.splitlines() == [
        "warning Conversations are refused now: KP-PROV-122: Nobody has it.",
        "  `korproxy safe-mode on --model MODEL` chooses another model, `korproxy safe-mode off` ends it.",
    ]
    assert data["reachable"] is False


@pytest.mark.code("KP-PROV-122")
def test_without_a_daemon_the_files_say_whether_it_can_be_had(home: Path) -> None:
    furnished(home)
    wrong, right = run("safe-mode", "on", "--model", "nobody-has-it"), run("safe-mode", "on", "--model", "gpt-tiny")

    assert wrong.stderr.startswith("warning Conversations are refused now: KP-PROV-122: ")
    assert right.stderr == ""


def test_what_is_so_already_is_told_and_off_is_off(home: Path) -> None:
    furnished(home)
    run("safe-mode", "on", "--model", "gpt-tiny")
    texts = [run("safe-mode", how).stdout.splitlines()[0] for how in ("on", "off", "off")]

    assert texts == [
        "Safe mode was on already, with gpt-tiny.",
        "Safe mode is off.",
        "Safe mode was off already.",
    ]


def test_its_status_is_that_of_the_files(home: Path) -> None:
    furnished(home)
    before = run("safe-mode", "status").stdout
    run("safe-mode", "on", "--model", "gpt-tiny")
    code, data = said("safe-mode", "status")

    assert before == "Safe mode is off; its model is claude-haiku-4-5.\n"
    assert run("safe-mode", "status").stdout == f"Safe mode is on since {data['since']}: conversations go to gpt-tiny.\n"
    assert (code, data["on"], data["model"], data["daemon"]) == (0, True, "gpt-tiny", None)


def test_a_daemon_that_sees_it_otherwise_is_told(home: Path) -> None:
    furnished(home)
    with answering_each(home, {"GET /v1/diagnostics/health": {"safe_mode": True}}):
        done = run("safe-mode", "status")

    assert done.stdout.splitlines()[1] == "In the running daemon it is on, though; `korproxy status` says why."


@pytest.mark.code("KP-CONF-231")
def test_where_the_feature_is_off_it_cannot_be_switched_on(home: Path) -> None:
    furnished(home, "[features]\nsafe_mode = false\n")
    done = run("safe-mode", "on")

    assert (done.exit_code, done.stderr.split(":")[0]) == (1, "error KP-CONF-231")


@pytest.mark.code("KP-CONF-202")
@pytest.mark.parametrize("model", ["a*", " a", "a/"])
def test_what_is_no_model_is_refused(home: Path, model: str) -> None:
    furnished(home)
    code, data = said("safe-mode", "on", "--model", model)

    assert (code, data["error"]["code"]) == (1, "KP-CONF-202")
