from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.commands.look.logs import NOTHING, line
from korproxy.runtime.log_json import Entry, json_line
from korproxy.runtime.log_names import CURRENT
from tests.fakes.steered import furnished, run, said

ENTRIES = [
    Entry(1_790_000_000.0, "INFO", "korproxy.runtime", "-", "KorProxy is ready"),
    Entry(1_790_000_001.0, "INFO", "korproxy.requests", "c-1", "model=m status=502 code=KP-PROV-101 request=r-1"),
    Entry(1_790_000_002.0, "ERROR", "korproxy.gateway.relay", "c-1", "crashed\nTraceback\x1b[2J"),
]
TEXT = """\
2026-09-21T14:13:20.000Z info     runtime   [-] KorProxy is ready
2026-09-21T14:13:21.000Z info     requests  [c-1] model=m status=502 code=KP-PROV-101 request=r-1
2026-09-21T14:13:22.000Z error    gateway.relay [c-1] crashed
    Traceback\\x1b[2J
"""


@pytest.fixture
def log(home: Path) -> Path:
    """The log file of a home, with three lines."""
    furnished(home)
    path = home / "logs" / CURRENT
    path.write_text("".join(map(json_line, ENTRIES)))
    return path


@pytest.mark.usefixtures("log")
def test_lines_are_shown_as_the_daemon_writes_them_to_its_terminal() -> None:
    done = run("logs")

    assert (done.exit_code, done.stdout, done.stderr) == (0, TEXT, "")


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("wanted", "at"),
    [
        (("--level", "ERROR"), [2]),
        (("--component", "gateway"), [2]),
        (("--id", "r-1"), [1, 2]),  # all under its correlation id
        (("--id", "c-1"), [1, 2]),
        (("--since", "2026-09-21T14:13:21Z"), [1, 2]),
        (("-n", "1"), [2]),
        (("--id", "c-1", "--level", "warning", "--lines", "5"), [2]),
    ],
)
def test_only_what_is_wanted_is_shown(wanted: tuple[str, ...], at: list[int]) -> None:
    code, data = said("logs", *wanted)

    assert (code, [each["message"] for each in data["lines"]]) == (0, [ENTRIES[number].text for number in at])


@pytest.mark.usefixtures("log")
def test_where_nothing_is_so_that_is_said() -> None:
    assert run("logs", "--id", "nobody").stdout == NOTHING + "\n"


def test_lines_that_cannot_be_read_are_told(log: Path) -> None:
    log.write_text('{"time":"cut')
    done = run("logs")

    assert (done.stdout, done.stderr) == (f"{NOTHING}\n", "1 line in the log files could not be read, and is left out.\n")


@pytest.mark.code("KP-SYS-536")
def test_where_there_is_no_log_the_next_step_is_told(home: Path) -> None:
    done = run("logs")

    assert (done.exit_code, done.stderr.splitlines()) == (
        1,
        [f"error KP-SYS-536: There are no log files in {home / 'logs'}.", "  help: korproxy errors KP-SYS-536"],
    )


@pytest.mark.parametrize(
    "wrong", [("--level", "loud"), ("--since", "yesterday"), ("-n", "many"), ("-n", "-1"), ("--lines", "100001"), ("x",)]
)
def test_what_cannot_be_meant_is_a_mistake_on_the_command_line(wrong: tuple[str, ...]) -> None:
    assert run("logs", *wrong).exit_code == 2


@given(st.dictionaries(st.sampled_from(["time", "level", "component", "correlation_id", "message"]), st.text()))
def test_whatever_a_line_says_it_is_one_line_and_indented_ones(entry: dict[str, str]) -> None:
    first, *more = line(entry).splitlines()

    assert len(more) == entry.get("message", "").count("\n")
    assert all(each.startswith("    ") for each in more)
    assert first


@contextmanager
def following(home: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A real ``korproxy logs --follow`` in *home*."""
    command = [sys.executable, "-m", "korproxy", "--no-plugins", "logs", "--follow", "--home", str(home), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        given_up = threading.Timer(30, process.kill)
        given_up.start()
        try:
            yield process
        finally:
            given_up.cancel()
            process.kill()


def add(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(json_line(Entry(1_790_000_009.0, "INFO", "korproxy.server", "-", text)))


def test_who_follows_sees_each_line_at_once_until_ctrl_c(home: Path, log: Path) -> None:
    with following(home, "--lines", "1") as process:
        assert process.stdout is not None
        got = [process.stdout.readline(), process.stdout.readline()]
        add(log, "next")
        got.append(process.stdout.readline())
        log.rename(log.with_name("korproxy-20260921T141330Z.jsonl"))
        add(log, "in the next file")
        got.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=10)

    assert "".join(got[:2]) == "".join(TEXT.splitlines(keepends=True)[2:])
    assert [each.partition("[-] ")[2] for each in got[2:]] == ["next\n", "in the next file\n"]
    assert (process.returncode, rest, errors) == (130, "", "\n")


def test_who_follows_as_json_gets_a_line_for_each_entry_and_ends_with_its_reader(home: Path, log: Path) -> None:
    with following(home, "--json", "--lines", "0") as process:
        assert process.stdout is not None
        while log.exists() and not (got := _next_if_there(process, log)):
            continue
        process.stdout.close()
        while process.poll() is None:
            add(log, "nobody reads it")
        assert process.stderr is not None
        errors = process.stderr.read()

    assert json.loads(got)["message"] == "is it there?"
    assert (process.returncode, errors) == (1, "")


def _next_if_there(process: subprocess.Popen[str], log: Path) -> str:
    """Say something until the process has begun to look, and return what it makes of it."""
    import select

    add(log, "is it there?")
    assert process.stdout is not None
    return process.stdout.readline() if select.select([process.stdout], [], [], 0.05)[0] else ""
