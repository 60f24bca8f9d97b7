from __future__ import annotations

import logging
import sys

import pytest

from korproxy.plugins.early_lines import overheard


def without_keys(text: str) -> str:
    return text.replace("k-1", "#")


@pytest.fixture(autouse=True)
def as_it_was_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)


def say(level: int, text: str, *args: object, exc: BaseException | None = None) -> None:
    """Do what a logger does that has no handler; those of a test have one."""
    assert logging.lastResort is not None
    if level >= logging.lastResort.level:
        exc_info = None if exc is None else (type(exc), exc, None)
        logging.lastResort.handle(logging.LogRecord("some.plugin", level, "plugin.py", 7, text, args, exc_info))


def test_lines_that_no_handler_takes_are_without_secrets_from_then_on(capsys: pytest.CaptureFixture[str]) -> None:
    with overheard(without_keys):
        say(logging.WARNING, "the key is %s", "k-1")
    say(logging.INFO, "nobody wants to know")
    say(logging.ERROR, "it failed", exc=ValueError("bad k-1"))
    say(logging.WARNING, "%d", "k-1")

    assert capsys.readouterr().err.splitlines() == [
        "the key is #",
        "it failed",
        "ValueError: bad #",
        "a log line could not be made at plugin.py:7: TypeError",
    ]


def test_where_nobody_logs_yet_nothing_is_imported_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "logging")
    before = sys.stderr

    with overheard(without_keys):
        sys.stderr.write("k-1 was wrong\n")

    assert capsys.readouterr().err == "# was wrong\n"
    assert (sys.stderr, "logging" in sys.modules) == (before, False)


def test_a_plugin_that_is_the_first_to_log_is_overheard(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "logging")

    with overheard(without_keys):
        sys.modules["logging"] = logging
        sys.stderr.write("k-1\n")
    say(logging.WARNING, "k-1 again")

    assert capsys.readouterr().err == "#\n# again\n"


def test_without_a_standard_error_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)

    with overheard(without_keys):
        say(logging.WARNING, "k-1")
