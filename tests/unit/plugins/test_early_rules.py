from __future__ import annotations

import logging
import re

import attrs
import pytest

from korproxy.contracts import Redaction
from korproxy.kit.redacting import UNCHECKED
from korproxy.kit.regex_redaction import RegexRedaction
from korproxy.plugins.early_rules import NoSettings, hidden, hide_early_lines

KEYS = RegexRedaction(name="keys", pattern=re.compile("k-[0-9]+"))


@pytest.fixture(autouse=True)
def as_it_was_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)


def say(level: int, text: str, *args: object, exc: BaseException | None = None) -> None:
    """Do what a logger does that has no handler; those of a test have one."""
    assert logging.lastResort is not None
    if level >= logging.lastResort.level:
        exc_info = None if exc is None else (type(exc), exc, None)
        logging.lastResort.handle(logging.LogRecord("some.plugin", level, __file__, 1, text, args, exc_info))


def fails() -> list[Redaction]:
    raise RuntimeError("k-1")


def test_what_the_rules_find_is_hidden_and_nothing_is_shown_where_they_fail() -> None:
    assert hidden("a k-1 b", lambda: [KEYS]) == "a ***REDACTED*** b"
    assert hidden("a \\u006b-1 b", lambda: [KEYS]) == "a ***REDACTED*** b"
    assert hidden("a k-1 b", fails) == UNCHECKED


def test_early_lines_go_where_python_would_write_them_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    hide_early_lines(lambda text: hidden(text, lambda: [KEYS]))

    say(logging.WARNING, "the key is %s", "k-123")
    say(logging.INFO, "k-not shown")
    say(logging.ERROR, "it failed", exc=ValueError("bad k-5"))

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "the key is ***REDACTED***"
    assert lines[1] == "it failed"
    assert lines[-1] == "ValueError: bad ***REDACTED***"


def test_a_line_that_cannot_be_made_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    hide_early_lines(str)

    say(logging.WARNING, "%d", "k-1")

    assert capsys.readouterr().err == f"{UNCHECKED}\n"


@attrs.frozen
class Table:
    size: int = 3


def test_settings_that_say_nothing_have_defaults() -> None:
    settings = NoSettings()

    assert (settings.demo, settings.providers("any"), settings.plugin("any", Table)) == (False, (), Table())
