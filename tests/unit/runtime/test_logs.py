from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trio

from korproxy.models.correlation import current_correlation
from korproxy.runtime import log_pages
from korproxy.runtime.line_writer import Writable
from korproxy.runtime.log_pages import QUEUE
from korproxy.runtime.logs import Descriptor, logging_to, set_levels, standard_error
from tests.fakes.stuck_stream import StuckStream

Logs = list[logging.LogRecord]
HEAD = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")
server, gateway, relay = (logging.getLogger(f"korproxy.{part}") for part in ("server", "gateway", "gateway.relay"))


def hide(text: str) -> str:
    return text.replace("hunter2", "***")


@contextmanager
def written(
    level: str = "info",
    levels: Mapping[str, str] | None = None,
    *,
    to: Writable | None = None,
    redact: Callable[[str], str] = hide,
) -> Iterator[list[str]]:
    """Log to memory for the block; the list holds the lines, without their times, once the block is over."""
    stream, lines = io.StringIO(), list[str]()
    with logging_to(to or stream, level=level, levels=levels or {}, redact=redact):
        yield lines
    for line in stream.getvalue().splitlines():
        lines.append(HEAD.sub("", line))


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[StuckStream]:
    """A stream that hangs; the end of the log waits 50 ms for it in place of 2 s, and leaves no thread behind."""
    monkeypatch.setattr(log_pages, "FLUSH_SECONDS", 0.05)
    stream = StuckStream()
    yield stream
    stream.reads.set()


def test_a_line_has_time_level_part_correlation_id_and_text() -> None:
    stream = io.StringIO()
    with logging_to(stream, level="info", levels={}, redact=hide):
        gateway.info("tried %d of %d", 1, 2)

    [line] = stream.getvalue().splitlines()
    assert HEAD.match(line)
    assert HEAD.sub("", line) == "info     gateway   [-] tried 1 of 2"


def test_parts_are_named_below_korproxy_and_others_by_their_own_name(expected_logs: Logs) -> None:
    with written() as lines:
        for name in ("korproxy", "korproxy.gateway.relay", "korproxy_hello", "httpcore"):
            logging.getLogger(name).warning("x")

    assert [line.split()[1] for line in lines] == ["main", "gateway.relay", "korproxy_hello", "httpcore"]
    assert len(expected_logs) == 2


async def test_each_line_has_the_correlation_id_of_the_task_that_speaks() -> None:
    async def request(name: str, *, nested: bool = True) -> None:
        current_correlation.set(name)
        for _ in range(3):
            server.info("from %s", name)
            await trio.lowlevel.checkpoint()
        await trio.to_thread.run_sync(server.info, "from %s", name)
        if nested:
            async with trio.open_nursery() as inner:
                inner.start_soon(lambda: request(name + ".1", nested=False))

    with written() as lines:
        async with trio.open_nursery() as nursery:
            for name in ("a", "b", "c"):
                nursery.start_soon(request, name)
        server.info("from -")

    pairs = [re.findall(r"\[(.*)\] from (.*)", line)[0] for line in lines]
    assert len(pairs) == 25
    assert [pair for pair in pairs if pair[0] != pair[1]] == []


def test_a_line_can_say_whose_it_is_itself() -> None:
    with written() as lines:
        server.info("x", extra={"correlation_id": "theirs"})

    assert lines == ["info     server    [theirs] x"]


def test_levels_are_set_for_all_and_for_parts() -> None:
    with written("error", {"gateway": "debug", "gateway.relay": "info"}) as lines:
        for logger in (server, gateway, relay):
            logger.debug("debug")
            logger.info("info")

    assert [line.replace("[-] ", "").split() for line in lines] == [
        ["debug", "gateway", "debug"],
        ["info", "gateway", "info"],
        ["info", "gateway.relay", "info"],
    ]


def test_afterwards_all_is_as_before() -> None:
    loggers = [logging.getLogger(name) for name in ("", "korproxy", "korproxy.gateway", "korproxy.server")]

    def seen() -> list[object]:
        return [(each.level, each.propagate, list(each.handlers)) for each in loggers]

    logging.getLogger("korproxy").propagate = False
    before = seen()
    with written("error", {"gateway": "debug"}):
        assert seen() != before
    after = seen()
    logging.getLogger("korproxy").propagate = True

    assert after == before


def test_what_others_log_is_written_once_from_warning_upwards() -> None:
    with written("debug") as lines:
        other = logging.getLogger("somebody.elses")
        other.info("nobody asked")
        other.warning("the key is hunter2")

    assert lines == ["warning  somebody.elses [-] the key is ***"]


def test_secrets_are_hidden_in_text_arguments_and_tracebacks(expected_logs: Logs) -> None:
    with written() as lines:
        server.info("hunter2 and %s", "hunter2")
        try:
            int("hunter2")
        except ValueError:
            server.exception("failed", stack_info=True)

    text = "\n".join(lines)
    assert "hunter2" not in text
    assert text.startswith("info     server    [-] *** and ***\nerror    server    [-] failed\n    Traceback (most")
    assert text.count("ValueError: invalid literal for int() with base 10: '***'") == 1
    assert text.count("Stack (most recent call last)") == 1
    assert len(expected_logs) == 1


def test_text_that_cannot_be_redacted_is_not_written() -> None:
    with written(redact=lambda _: "***NOT WRITTEN***") as lines:
        server.info("hunter2")

    assert lines == ["info     server    ***NOT WRITTEN***"]


def test_nobody_can_forge_a_line_or_paint_the_terminal() -> None:
    with written() as lines:
        server.info("a\n2026-01-01T00:00:00.000Z info     server    [-] forged\r\x1b[2Jb\u2028c\u202ed\té")

    assert lines == [
        "info     server    [-] a",
        "    2026-01-01T00:00:00.000Z info     server    [-] forged\\r\\x1b[2Jb\\u2028c\\u202ed\té",
    ]


def test_where_nobody_says_what_is_harmless_each_text_is_redacted() -> None:
    with written() as lines:
        for text in ("hunter2", "plain", "hunter2"):
            server.info(text)

    assert [line.rpartition(" ")[2] for line in lines] == ["***", "plain", "***"]


def test_many_lines_at_once_are_the_same_as_a_record_for_each() -> None:
    said = [("c-1", "a", None), ("c-2", "hunter2", None), ("c-3", "b\nc", None)]
    with written() as lines:
        [handler] = logging.getLogger("korproxy").handlers
        emit_many = getattr(handler, "emit_many", None)  # as the sink of requests looks for it
        assert emit_many is not None
        emit_many("korproxy.server", "INFO", said)
    with written() as singly:
        for correlation, text, _ in said:
            server.info(text, extra={"correlation_id": correlation})

    assert (
        lines == singly == ["info     server    [c-1] a", "info     server    [c-2] ***", "info     server    [c-3] b", "    c"]
    )


def test_a_line_that_cannot_be_made_says_where_it_is_and_not_what_was_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    with written() as lines:
        server.info("%d of hunter2", "hunter2")

    [line] = lines
    assert re.fullmatch(r"warning  runtime   \[-\] a log line could not be made at .*test_logs\.py:\d+: TypeError", line)
    assert capsys.readouterr().err == ""


def test_a_reader_that_has_left_is_nobodys_problem(capsys: pytest.CaptureFixture[str]) -> None:
    class Gone:
        tries = 0

        def write(self, text: str, /) -> None:  # noqa: ARG002
            self.tries += 1
            raise ValueError("I/O operation on closed file") if self.tries == 1 else BrokenPipeError

        def flush(self) -> None: ...

    gone = Gone()
    with logging_to(gone, level="info", levels={}, redact=hide) as book:
        server.info("one")
        assert book.flush()
        server.info("two")
        assert book.flush()

    assert gone.tries == 2
    assert capsys.readouterr().err == ""


def test_a_reader_that_never_reads_does_not_block_whoever_logs(stuck: StuckStream) -> None:
    with logging_to(stuck, level="info", levels={}, redact=hide):
        for number in range(QUEUE + 100):  # with a blocked caller, this line would be the last
            server.info("line %d", number)
        assert stuck.reached.wait(5)

    assert stuck.text == ""


def test_the_wait_for_a_reader_that_never_reads_has_an_end(stuck: StuckStream) -> None:
    with logging_to(stuck, level="info", levels={}, redact=hide) as book:
        server.info("x")
        assert not book.flush()


def test_lines_that_did_not_fit_are_counted(stuck: StuckStream) -> None:
    with logging_to(stuck, level="info", levels={}, redact=hide) as book:
        server.info("first")
        assert stuck.reached.wait(5)  # the first one is out of the queue
        for number in range(QUEUE + 5):
            server.info("%d", number)
        stuck.reads.set()
        while not book.flush():
            pass
        server.info("last")

    lines = [HEAD.sub("", line) for line in stuck.text.splitlines()]
    assert lines[:3] == [
        "info     server    [-] first",
        "warning  runtime   [-] 5 log lines were dropped: their reader was too slow",
        "info     server    [-] 0",
    ]
    assert (lines[-2], lines[-1]) == (f"info     server    [-] {QUEUE - 1}", "info     server    [-] last")


def test_lines_that_were_dropped_last_are_counted_too(monkeypatch: pytest.MonkeyPatch, stuck: StuckStream) -> None:
    monkeypatch.setattr(log_pages, "QUEUE", 1)
    with logging_to(stuck, level="info", levels={}, redact=hide):
        server.info("first")
        assert stuck.reached.wait(5)
        server.info("second")
        server.info("third")
        monkeypatch.setattr(log_pages, "FLUSH_SECONDS", 5)
        stuck.reads.set()

    assert "1 log lines were dropped" in stuck.text


def test_flushing_waits_until_all_is_written() -> None:
    stream = io.StringIO()
    with logging_to(stream, level="info", levels={}, redact=hide) as book:
        for _ in range(1000):
            server.info("x")
        done = book.flush()
        count = stream.getvalue().count("\n")

    assert (done, count) == (True, 1000)


def test_lines_are_written_before_an_error_goes_on() -> None:
    stream = io.StringIO()
    with suppress(KeyError), logging_to(stream, level="info", levels={}, redact=hide):
        server.info("last words")
        raise KeyError

    assert "last words" in stream.getvalue()


def test_a_descriptor_takes_all_of_a_text_in_its_encoding() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        reader = threading.Thread(target=lambda: got.append(pipe.read()))
        got: list[bytes] = []
        reader.start()
        stream = Descriptor(writing, "latin-1")
        stream.write("é€" + "x" * 200_000)  # more than a pipe takes at once
        stream.flush()
        os.close(writing)
        reader.join(10)

    assert got == [b"\xe9\\u20ac" + b"x" * 200_000]


def test_a_descriptor_that_somebody_else_made_non_blocking_loses_nothing() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    got: list[bytes] = []
    with os.fdopen(reading, "rb") as pipe:
        reader = threading.Thread(target=lambda: got.append(pipe.read()))
        stream = Descriptor(writing)
        os.write(writing, b"y" * 65_536)  # as much as it takes
        reader.start()
        stream.write("x" * 200_000)
        os.close(writing)
        reader.join(10)

    assert got == [b"y" * 65_536 + b"x" * 200_000]


def test_the_standard_error_is_used_without_its_buffer(capfd: pytest.CaptureFixture[str]) -> None:
    with capfd.disabled():
        found = standard_error()
        expected = Descriptor(sys.stderr.fileno(), sys.stderr.encoding)

    assert found == expected


@pytest.mark.parametrize("stand_in", [io.StringIO(), io.TextIOWrapper(io.BytesIO())])
def test_a_stand_in_for_the_standard_error_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, stand_in: io.TextIOBase) -> None:
    monkeypatch.setattr(sys, "stderr", stand_in)

    assert standard_error() is stand_in


def test_without_a_standard_error_lines_go_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    stream = standard_error()
    assert isinstance(stream, Descriptor)
    try:
        stream.write("x")
        assert os.fstat(stream.number).st_rdev == Path(os.devnull).stat().st_rdev
    finally:
        os.close(stream.number)


ENDS_WHILE_A_WRITE_HANGS = """
    import logging
    from korproxy.runtime import log_pages, logs

    log_pages.FLUSH_SECONDS = 0.1
    with logs.logging_to(logs.standard_error(), level="info", levels={}, redact=str):
        for number in range(5000):
            logging.getLogger("korproxy").info("x" * 100)
"""


def test_a_process_whose_log_nobody_reads_ends_all_the_same() -> None:
    script = [sys.executable, "-c", textwrap.dedent(ENDS_WHILE_A_WRITE_HANGS)]
    with subprocess.Popen(script, stderr=subprocess.PIPE) as process:
        try:
            code = process.wait(10)
        finally:
            process.kill()

    assert code == 0


def test_other_levels_hold_from_then_on_and_are_gone_with_the_block() -> None:
    before = [each.level for each in (logging.getLogger("korproxy"), server, gateway, relay)]
    with written("info", {"gateway": "error"}) as lines:
        server.debug("one")
        gateway.info("two")
        set_levels("warning", {"server": "debug", "gateway.relay": "info"})
        for each in (server, gateway, relay):
            each.info("three of %s", each.name)
        set_levels("info", {})
        gateway.info("four")

    said = [line.rpartition("] ")[2] for line in lines]
    assert said == ["three of korproxy.server", "three of korproxy.gateway.relay", "four"]
    assert [each.level for each in (logging.getLogger("korproxy"), server, gateway, relay)] == before
