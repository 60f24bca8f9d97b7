from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from korproxy.config.edit_lock import editing
from korproxy.config.home import Home, prepare
from korproxy.errors.exceptions import CommandFailed

HOLDER = """\
import sys
from pathlib import Path
from korproxy.config.edit_lock import editing
from korproxy.config.home import Home

with editing(Home(path=Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(home: Path) -> Home:
    found = Home(path=home)
    prepare(found)
    return found


def holder(place: Home) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", HOLDER, str(place.path)]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.code("KP-CONF-223")
def test_while_another_process_changes_the_configuration_nobody_else_does(place: Home) -> None:
    with holder(place) as process:
        with pytest.raises(CommandFailed, match="so nothing was changed") as caught, editing(place, patience=0.05):
            pytest.fail("two at once")
        process.communicate("")

    assert caught.value.code == "KP-CONF-223"
    with editing(place, patience=0):
        pass


def test_whoever_waits_goes_on_when_the_other_is_done(place: Home) -> None:
    with holder(place) as process:
        ended = threading.Timer(0.1, lambda: process.communicate(""))
        ended.start()
        with editing(place):
            assert process.poll() is not None or process.wait() == 0
        ended.join()


def test_a_lock_of_one_that_was_killed_is_free(place: Home) -> None:
    with holder(place) as process:
        process.kill()
        process.wait()

    with editing(place, patience=0):
        pass


def test_drafts_of_killed_writers_are_gone_after_it(place: Home) -> None:
    (place.path / ".routing.toml.0123.draft").write_bytes(b"half")

    with editing(place):
        assert sorted(each.name for each in place.path.iterdir() if each.is_file()) == ["edit.lock"]


@pytest.mark.code("KP-CONF-229")
def test_a_home_that_is_not_there_cannot_be_locked(home: Path) -> None:
    with pytest.raises(CommandFailed) as caught, editing(Home(path=home)):
        pytest.fail("there is nothing to lock")

    assert caught.value.code == "KP-CONF-229"
