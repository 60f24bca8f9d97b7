from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from korproxy.cli.main import korproxy
from tests.fakes.daemon import describe, holding_process


def stop(*args: str) -> Result:
    return CliRunner().invoke(korproxy, ["stop", *args])


def test_the_daemon_has_ended_when_the_command_returns(home: Path) -> None:
    with holding_process(home) as process:
        done = stop()
        code = process.wait(10)

    assert (done.exit_code, code) == (0, -15)
    assert done.stderr == f"Stopping the daemon (pid {process.pid}); running requests may end first.\n"
    assert done.stdout == f"The daemon (pid {process.pid}) has stopped.\n"


def test_json_says_who_was_stopped(home: Path) -> None:
    with holding_process(home) as process:
        done = stop("--json")

    assert json.loads(done.stdout) == {"stopped": True, "pid": process.pid}


@pytest.mark.code("KP-SYS-505")
def test_without_a_daemon_there_is_nothing_to_stop(home: Path) -> None:
    describe(home)
    done = stop()

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error KP-SYS-505: No daemon runs with the home {home}")


@pytest.mark.code("KP-SYS-512")
def test_a_daemon_that_does_not_end_is_told_with_what_to_do(home: Path) -> None:
    with holding_process(home, stubborn=True) as process:
        done = stop("--timeout", "0.1")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines()[1] == (
        f"error KP-SYS-512: The daemon was not stopped: process {process.pid} still runs after 0.1 s; "
        f"`korproxy stop` once more ends running answers at once; if that does not help, `kill -9 {process.pid}` does"
    )


def test_a_negative_timeout_is_a_wrong_command_line() -> None:
    assert stop("--timeout", "-1").exit_code == 2
