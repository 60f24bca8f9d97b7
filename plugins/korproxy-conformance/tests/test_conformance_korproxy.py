"""The command as a user runs it, with a real KorProxy; nothing is left of it afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from korproxy_conformance import processes

CROSSING = ("--only=client=gemini", "--only=provider=anthropic-messages")


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which all temporary files are in *folder*, which also marks the processes."""
    return {**os.environ, "TMPDIR": str(folder), "NO_COLOR": "1"}


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of all processes that have *folder* in their environment."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}\0".encode() in (each / "environ").read_bytes():
                found.append((each / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it ended, or is not ours to look at
            continue
    return found


def test_a_small_part_of_the_table_is_played_against_a_real_korproxy(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "korproxy", "conformance", *CROSSING, "--only=plain", "--only=parallel", "--only=cancel"]
    done = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, timeout=60, env=environment(tmp_path), check=False
    )
    data = json.loads(done.stdout)
    assert [(each["case"], each["result"]) for each in data["checks"]] == [
        ("plain", "pass"),
        ("parallel", "pass"),
        ("cancel", "pass"),
    ]
    assert (data["percent"], done.stderr, done.returncode) == (100.0, "", 0)
    assert (list(tmp_path.iterdir()), processes_of(tmp_path)) == ([], [])


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_nothing_is_left_after_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "korproxy_conformance", *CROSSING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(tmp_path)) as running:
        until = time.monotonic() + 30
        while not list(tmp_path.glob("*/daemon.json")):
            assert running.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        assert len(processes_of(tmp_path)) == 3  # it, the mock, KorProxy
        running.send_signal(number)
        output, _ = running.communicate(timeout=20)
    assert (running.returncode, output) == (128 + number, b"")
    assert (list(tmp_path.iterdir()), processes_of(tmp_path)) == ([], [])


def test_a_korproxy_that_does_not_start_is_told_with_its_own_words() -> None:
    with (
        pytest.raises(processes.CannotStart, match=r"KorProxy did not start:\nerror KP-CONF-213: .*base_url"),
        processes.open_korproxy("nowhere at all"),
    ):
        raise AssertionError("it started")
