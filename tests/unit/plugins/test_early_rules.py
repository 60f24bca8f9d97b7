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
def nobody_has_said_where_lines_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)
    monkeypatch.setattr(logging.getLogger("some.plugin"), "propagate", False)


def fails() -> list[Redaction]:
    raise RuntimeError("k-1")


def test_what_the_rules_find_is_hidden_and_nothing_is_shown_where_they_fail() -> None:
    assert hidden("a k-1 b", lambda: [KEYS]) == "a ***REDACTED*** b"
    assert hidden("a k-1 b", fails) == UNCHECKED


def test_early_lines_go_where_python_would_write_them_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    hide_early_lines(lambda text: hidden(text, lambda: [KEYS]))
    logger = logging.getLogger("some.plugin")

    logger.warning("the key is %s", "k-123")
    logger.info("k-not shown")
    logger.error("it failed", exc_info=ValueError("bad k-5"))

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "the key is ***REDACTED***"
    assert lines[1] == "it failed"
    assert lines[-1] == "ValueError: bad ***REDACTED***"


def test_a_line_that_cannot_be_made_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    hide_early_lines(str)

    logging.getLogger("some.plugin").warning("%d", "k-1")

    assert capsys.readouterr().err == f"{UNCHECKED}\n"


@attrs.frozen
class Table:
    size: int = 3


def test_settings_that_say_nothing_have_defaults() -> None:
    settings = NoSettings()

    assert (settings.demo, settings.providers("any"), settings.plugin("any", Table)) == (False, (), Table())
