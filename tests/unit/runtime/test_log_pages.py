from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from korproxy.models.searching import WantedLines
from korproxy.runtime import log_pages
from korproxy.runtime.log_file import LogFile
from korproxy.runtime.log_names import CURRENT
from korproxy.runtime.log_pages import RECENT, RECENT_WITHOUT_FILE
from korproxy.runtime.log_reading import read_lines
from korproxy.runtime.logs import logging_to
from tests.fakes.stuck_stream import StuckStream

Logs = list[logging.LogRecord]
server = logging.getLogger("korproxy.server")
SIZE = 10_000_000


@pytest.fixture
def stuck() -> Iterator[StuckStream]:
    stream = StuckStream()
    yield stream
    stream.reads.set()


@pytest.fixture
def file(tmp_path: Path) -> LogFile:
    return LogFile(tmp_path, SIZE, 3)


def hide(text: str) -> str:
    return text.replace("hunter2", "***")


def messages(folder: Path) -> list[str]:
    return [json.loads(line)["message"] for line in (folder / CURRENT).read_text().splitlines()]


def test_each_line_is_on_the_terminal_and_in_the_file_without_its_secrets(tmp_path: Path, file: LogFile) -> None:
    stream = io.StringIO()
    with logging_to(stream, level="info", levels={}, redact=hide, file=file):
        server.info("the key is %s", "hunter2", extra={"correlation_id": "c-1"})
        server.info("two\nlines")

    [first, second] = [json.loads(line) for line in (tmp_path / CURRENT).read_text().splitlines()]
    assert [line.partition("Z ")[2] for line in stream.getvalue().splitlines()] == [
        "info     server    [c-1] the key is ***",
        "info     server    [-] two",
        "",
    ]
    assert {**first, "time": ""} == {
        "time": "",
        "level": "info",
        "component": "server",
        "message": "the key is ***",
        "correlation_id": "c-1",
    }
    assert second["message"] == "two\nlines"
    assert stream.getvalue().startswith(f"{first['time']} ")


def test_a_terminal_that_nobody_reads_does_not_hold_up_the_file(
    tmp_path: Path, file: LogFile, stuck: StuckStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "QUEUE", 10)
    monkeypatch.setattr(log_pages, "FLUSH_SECONDS", 0.05)
    with logging_to(stuck, level="info", levels={}, redact=hide, file=file) as book:
        server.info("first")
        assert stuck.reached.wait(5)
        for number in range(5):
            for _ in range(5):
                server.info("%d", number)
            assert book.catch_up()
        found = messages(tmp_path)
        lost = book.lost()
        monkeypatch.setattr(log_pages, "FLUSH_SECONDS", 5)
        stuck.reads.set()

    assert found == ["first", *(str(number) for number in range(5) for _ in range(5))]
    assert lost == {"queue": 0, "file": 0, "terminal": 15}
    assert "15 log lines were dropped here: their reader was too slow" in stuck.text


def test_a_file_that_cannot_be_written_does_not_hold_up_the_terminal(tmp_path: Path, expected_logs: Logs) -> None:
    (tmp_path / "logs").write_text("no folder")
    stream = io.StringIO()
    with logging_to(stream, level="info", levels={}, redact=hide, file=LogFile(tmp_path / "logs", SIZE, 3)) as book:
        server.info("one")
        assert book.flush()
        server.info("two")
        assert book.flush()
        lost = book.lost()

    lines = [line.partition("] ")[2] for line in stream.getvalue().splitlines()]
    assert [lines[0], lines[-1]] == ["one", "two"]
    assert [each.getMessage()[:10] for each in expected_logs] == ["KP-SYS-535"]
    assert lost["file"] in {2, 3}  # with the line that says so, if it was taken by then


def test_the_last_lines_are_remembered_for_a_disk_that_is_full(tmp_path: Path, expected_logs: Logs) -> None:
    (tmp_path / "logs").write_text("no folder")
    with logging_to(io.StringIO(), level="info", levels={}, redact=hide, file=LogFile(tmp_path / "logs", SIZE, 3)) as book:
        for number in range(RECENT + 5):
            server.info("hunter2 %d", number)
        assert book.flush()
        (tmp_path / "logs").unlink()
        found = [each.message for each in book.find(WantedLines(component="server", most=10 * RECENT)).lines]

    assert found == [f"*** {number}" for number in range(RECENT + 5)][-len(found) :]
    assert RECENT - 1 <= len(found) <= RECENT
    assert len(expected_logs) == 1


def test_without_a_file_more_is_in_memory_and_found_there() -> None:
    with logging_to(io.StringIO(), level="info", levels={}, redact=hide) as book:
        for number in range(RECENT_WITHOUT_FILE + 5):
            server.info("hunter2 %d", number)
        logging.getLogger("other").warning("hunter2")
        found = book.find(WantedLines(most=2))
        warnings = book.find(WantedLines(level="warning"))

    assert [each.message for each in found.lines] == [f"*** {RECENT_WITHOUT_FILE + 4}", "***"]
    assert [each.message for each in warnings.lines] == ["***"]
    assert len(book.recent()) == RECENT_WITHOUT_FILE
    assert book.lost() == {"queue": 0}


def test_what_was_just_said_is_found_in_the_file(file: LogFile) -> None:
    with logging_to(io.StringIO(), level="info", levels={}, redact=hide, file=file) as book:
        for number in range(3):
            server.info("%d", number)
            assert [each.message for each in book.find(WantedLines(most=1)).lines] == [str(number)]


def test_lines_that_the_file_could_not_take_in_time_are_told_in_both(
    tmp_path: Path, file: LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "QUEUE", 3)
    reached, goes_on, write = threading.Event(), threading.Event(), LogFile.write

    def slow(self: LogFile, text: str) -> None:
        reached.set()
        goes_on.wait(10)
        write(self, text)

    monkeypatch.setattr(LogFile, "write", slow)
    stream = io.StringIO()
    with logging_to(stream, level="info", levels={}, redact=hide, file=file) as book:
        server.info("first")
        assert reached.wait(5)
        for number in range(5):
            server.info("%d", number)
        goes_on.set()
        assert book.flush()
        lost = book.lost()

    news = "2 log lines were dropped: the disk was too slow"
    assert messages(tmp_path) == ["first", news, "0", "1", "2"]
    assert "log lines were dropped" in stream.getvalue()
    assert (lost["queue"], lost["file"]) == (2, 0)


IS_KILLED = """
    import logging, sys
    from pathlib import Path
    from korproxy.runtime.log_file import LogFile
    from korproxy.runtime.logs import logging_to, standard_error

    log = logging.getLogger("korproxy.server")
    file = LogFile(Path(sys.argv[1]), 20_000, 1000)
    with logging_to(standard_error(), level="info", levels={}, redact=str, file=file) as book:
        for number in range(10**9):
            log.info("%d", number)
            if number % 100 == 99:
                book.catch_up()
                print(number, flush=True)
"""


def test_what_was_written_before_a_kill_is_there_afterwards(tmp_path: Path) -> None:
    script = [sys.executable, "-c", textwrap.dedent(IS_KILLED), str(tmp_path)]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(20)]
        process.kill()
        acknowledged += [int(each) for each in process.stdout]

    found = read_lines(tmp_path, WantedLines(most=10**6))
    assert [each.message for each in found.lines] == [str(number) for number in range(len(found.lines))]
    assert len(found.lines) > acknowledged[-1] >= 1999
    assert (found.unreadable <= 1, len(found.files) > 5) == (True, True)
