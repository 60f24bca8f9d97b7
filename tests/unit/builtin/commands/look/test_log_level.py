from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.daemon import answering_each
from tests.fakes.steered import furnished, run, said

UNTIL = "the configuration is read again, or KorProxy starts again"
LEVELS = {"level": "info", "levels": {"gateway": "debug"}, "parts": ["gateway", "requests", "server"]}


def test_the_levels_of_the_daemon_are_shown(home: Path) -> None:
    with answering_each(home, {"GET /v1/logs/levels": LEVELS}):
        done = run("log-level")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "everything  info\ngateway     debug\n", "")


def test_without_a_daemon_those_of_the_configuration_are(home: Path) -> None:
    furnished(home, '[log]\nlevel = "warning"\n')

    assert run("log-level").stdout.splitlines() == [
        "No daemon runs with this home: this is what korproxy.toml says.",
        "everything  warning",
    ]


@pytest.mark.parametrize(
    ("args", "posted"),
    [(("DEBUG",), {"level": "debug"}), (("error", "--component", "gateway"), {"levels": {"gateway": "error"}})],
)
def test_a_level_is_set_for_all_or_for_a_part(home: Path, args: tuple[str, ...], posted: object) -> None:
    with answering_each(home, {"POST /v1/logs/levels": {**LEVELS, "unknown": [], "until": UNTIL}}) as asked:
        done = run("log-level", *args)

    assert [each.json for each in asked] == [posted]
    assert (done.exit_code, done.stdout.splitlines()[-1], done.stderr) == (0, f"This holds until {UNTIL}.", "")


def test_a_part_that_there_is_not_is_told_with_those_that_there_are(home: Path) -> None:
    with answering_each(home, {"POST /v1/logs/levels": {**LEVELS, "unknown": ["gatway"], "until": UNTIL}}):
        done = run("log-level", "debug", "--component", "gatway")

    assert done.stderr == "No part of KorProxy has the name gatway so far. There are: gateway, requests, server.\n"


def test_programs_get_what_the_daemon_says(home: Path) -> None:
    with answering_each(home, {"GET /v1/logs/levels": LEVELS}):
        assert said("log-level") == (0, {"asked": "daemon", **LEVELS})


@pytest.mark.code("KP-SYS-505")
def test_nothing_is_set_where_no_daemon_runs(home: Path) -> None:
    furnished(home)
    done = run("log-level", "debug")

    assert (done.exit_code, done.stderr.startswith("error KP-SYS-505: No daemon runs")) == (1, True)


@pytest.mark.parametrize("wrong", [("loud",), ("critical",), ("--component", "gateway"), ("debug", "info")])
def test_what_cannot_be_meant_is_a_mistake_on_the_command_line(wrong: tuple[str, ...]) -> None:
    assert run("log-level", *wrong).exit_code == 2
