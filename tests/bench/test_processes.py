"""What the system says about a process, and that none outlives the bench."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.bench.processes import (
    BenchFailed,
    Peak,
    apart,
    cpu_seconds,
    environment,
    family,
    highest_in,
    python,
    resident_bytes,
    resident_in,
    running,
    state_in,
)

READY = "print('{\"a\": 1}', flush=True)"


def test_resident_bytes_are_read() -> None:
    assert resident_in("5581-7fff ---p 00000000 00:00 0   [rollup]\nRss:     44000 kB\nPss:   100 kB\n") == 44_000 * 1024


def test_the_highest_so_far_is_read() -> None:
    assert highest_in("Name:\tpython\nVmHWM:\t   44000 kB\nVmRSS:\t   40000 kB\n") == 44_000 * 1024


def test_the_state_is_found_behind_a_name_with_brackets_and_spaces() -> None:
    assert state_in("7 (py) thon (3) S 1 7 7 0 -1 4194304 900 0 0 0 41 9 3 2 20 0 1 0 100 200 300\n") == "S"


def test_the_clock_of_a_process_counts_threads_that_have_ended(tmp_path: Path) -> None:
    def work() -> None:
        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            pass

    before = cpu_seconds(os.getpid())
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert cpu_seconds(os.getpid()) - before >= 0.05


def test_a_family_are_the_process_and_all_that_it_started(tmp_path: Path) -> None:
    idle = "import time; time.sleep(60)"
    child = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', '{idle}']); {READY}; child.wait()"
    with running(python("-c", child), tmp_path) as program:
        found = family(program.pid)
        assert (len(found), found[0]) == (2, program.pid)
        assert resident_bytes(program.pid) > resident_bytes(found[1])
        if len(os.sched_getaffinity(0)) > 1:
            with apart(program.pid, []):
                cores = [os.sched_getaffinity(each) for each in (*found, os.getpid())]
            assert cores[0] == cores[1] != cores[2]
        os.kill(found[1], 9)


def test_memory_that_was_given_back_is_seen(tmp_path: Path) -> None:
    program = f"{READY}; input(); big = bytearray(b'x' * 20_000_000); del big; {READY}; input()"
    with subprocess.Popen(python("-c", program), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        peak = Peak(process.pid)
        at_first = peak.added_bytes()
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        added = peak.added_bytes()
        process.kill()
    assert at_first < 1_000_000
    assert 18_000_000 < added < 45_000_000


def test_programs_see_no_proxy_no_other_home_and_no_switches_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "https_proxy", "KORPROXY_HOME", "PYTHONDEVMODE", "PYTHONPATH", "MORE"):
        monkeypatch.setenv(name, "set")
    found = environment(KORPROXY_HOME="mine")
    seen = {
        name: found.get(name) for name in ("HTTP_PROXY", "https_proxy", "PYTHONDEVMODE", "PYTHONPATH", "MORE", "KORPROXY_HOME")
    }
    assert seen == {
        "HTTP_PROXY": None,
        "https_proxy": None,
        "PYTHONDEVMODE": None,
        "PYTHONPATH": "set",
        "MORE": "set",
        "KORPROXY_HOME": "mine",
    }


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.stderr.write('no such thing'); sys.exit(3)", "ended with 3: no such thing"),
        ("import sys; print('{'); print('\"error\": 1}'); sys.exit(78)", 'ended with 78: {\n"error": 1}'),
    ],
)
def test_a_program_that_does_not_start_is_quoted(program: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BenchFailed) as failed:
        with running(python("-c", program), tmp_path):
            pass
    assert str(failed.value).endswith(said)


def test_a_program_does_not_outlive_its_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(python("-c", f"{READY}; import time; time.sleep(60)"), tmp_path) as program:
        assert Path(f"/proc/{program.pid}").exists()
    assert (program.said, Path(f"/proc/{program.pid}").exists(), capsys.readouterr().err) == ({"a": 1}, False, "")


def test_a_program_that_ended_by_itself_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(python("-c", f"{READY}; raise SystemExit(5)"), tmp_path) as program:
        os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
    assert capsys.readouterr().err.endswith("had ended by itself, with 5\n")
