"""Laws for every rule that hides secrets: it finds places inside the text, soon, and never breaks."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.contracts import Redaction
from tests.fakes import offered

RULES = offered.redactions()
NAMES = sorted(RULES)
PIECES = [
    "sk-",
    "kp-client-",
    "eyJ",
    "AIza",
    "Bearer ",
    "x-api-key: ",
    "?key=",
    "a",
    "Z9",
    "_",
    "-",
    ".",
    '"',
    "\\n",
    "%20",
    " ",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=80).map("".join) | st.text()


def applied(text: str, rules: Iterable[Redaction]) -> str:
    for rule in sorted(rules, key=lambda each: each.order):
        for start, end in reversed(rule.find(text)):
            text = text[:start] + rule.replacement + text[end:]
    return text


def test_there_are_rules() -> None:
    assert len(NAMES) >= 10


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS)
def test_places_are_in_order_inside_the_text_and_no_longer_than_promised(name: str, text: str) -> None:
    rule, end_before = RULES[name], 0
    for start, end in rule.find(text):
        assert end_before <= start < end <= len(text)
        assert end - start <= rule.longest
        end_before = end
    assert list(rule.find(text)) == list(rule.find(text))


@given(text=TEXTS)
def test_what_is_hidden_stays_hidden_and_is_hidden_once(text: str) -> None:
    once = applied(text, RULES.values())

    assert applied(once, RULES.values()) == once


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found_in_nothing(name: str) -> None:
    assert list(RULES[name].find("")) == []


@pytest.mark.parametrize("name", NAMES)
def test_half_a_character_breaks_nothing(name: str) -> None:
    assert list(RULES[name].find("\ud800 \udcff \x00")) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_replacement_says_that_something_was_hidden(name: str) -> None:
    assert "REDACTED" in RULES[name].replacement


@pytest.mark.parametrize("name", NAMES)
def test_twice_the_text_takes_about_twice_the_time(name: str) -> None:
    for piece in [*PIECES, "x", "eyJaaaaaaaa-", "Bearer       "]:
        text = piece * (200_000 // len(piece))
        start = time.perf_counter()
        RULES[name].find(text)

        assert time.perf_counter() - start < 1.0  # measured: under 20 ms
