from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.daemon import answering, answering_each
from tests.fakes.steered import RELOADED, run, said

WRONG = {"code": "KP-CONF-202", "path": "$.server.prot", "message": "no such setting"}


def test_a_reload_says_which_configuration_is_in_force(home: Path) -> None:
    with answering_each(home, RELOADED):
        done = run("reload")

    assert (done.exit_code, done.stdout) == (
        0,
        "Reloaded: the running daemon uses the current files (configuration 3).\n",
    )


@pytest.mark.code("KP-CONF-202")
def test_one_that_was_refused_is_exit_code_1_with_the_reasons(home: Path) -> None:
    with answering_each(home, {"POST /v1/reload": {"ok": False, "generation": 2, "problems": [WRONG]}}, status=409):
        done = run("reload")
        code, data = said_with_reasons()

    assert done.exit_code == code == 1
    assert done.stdout.startswith("Not reloaded: ")
    assert done.stderr == "error KP-CONF-202: $.server.prot: no such setting\n  help: korproxy errors KP-CONF-202\n"
    assert (data["daemon"], data["generation"], data["problems"]) == ("refused", 2, [WRONG])


def said_with_reasons() -> tuple[int, dict[str, object]]:
    return said("reload")


@pytest.mark.code("KP-SYS-505")
def test_without_a_daemon_there_is_nothing_to_reload() -> None:
    done = run("reload")

    assert (done.exit_code, done.stderr.split(":")[0]) == (1, "error KP-SYS-505")


def test_a_demo_has_nothing_to_reload(home: Path) -> None:
    with answering(home, demo=True) as asked:
        done = run("reload")

    assert (done.exit_code, asked) == (0, [])
    assert done.stdout == "The running daemon is a demo, which uses no files: there is nothing to reload.\n"


@pytest.mark.code("KP-SYS-520")
def test_a_daemon_that_does_not_say_is_exit_code_1(home: Path) -> None:
    with answering(home, b"oops", status=500):
        done = run("reload")

    assert (done.exit_code, done.stdout) == (1, "The running daemon did not say whether it reloaded.\n")
    assert done.stderr.startswith("error KP-SYS-520: ")
