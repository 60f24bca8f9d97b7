from __future__ import annotations

import re

import attrs

from korproxy.contracts import Redaction
from korproxy.kit.redacting import UNCHECKED
from korproxy.kit.regex_redaction import RegexRedaction
from korproxy.plugins.early_rules import NoSettings, hidden

KEYS = RegexRedaction(name="keys", pattern=re.compile("k-[0-9]+"))


def fails() -> list[Redaction]:
    raise RuntimeError("k-1")


def test_what_the_rules_find_is_hidden_and_nothing_is_shown_where_they_fail() -> None:
    assert hidden("a k-1 b", lambda: [KEYS]) == "a ***REDACTED*** b"
    assert hidden("a \\u006b-1 b", lambda: [KEYS]) == "a ***REDACTED*** b"
    assert hidden("a k-1 b", fails) == UNCHECKED


@attrs.frozen
class Table:
    size: int = 3


def test_settings_that_say_nothing_have_defaults() -> None:
    settings = NoSettings()

    assert (settings.demo, settings.providers("any"), settings.plugin("any", Table)) == (False, (), Table())
