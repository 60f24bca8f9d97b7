"""Laws for every rule that hides secrets: it finds places in the text, soon, never breaks, and says truly where not to look."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.contracts import Redaction
from korproxy.gateway.known_secrets import known_secrets
from korproxy.gateway.rule_set import RuleSet
from korproxy.kit.encoded_secrets import SHORTEST, EncodedSecrets
from korproxy.kit.regex_redaction import RegexRedaction
from tests.fakes import offered

KNOWN = known_secrets(["hunter2", "Tr0ub4dor&3-Tr0ub4dor&3"])
BUILT_IN = offered.redactions()
_OTHERS = [*BUILT_IN.values(), *([KNOWN] if KNOWN else [])]
ENCODED = EncodedSecrets(rules=_OTHERS, harmless=RuleSet.of(_OTHERS).harmless)
RULES: dict[str, Redaction] = {each.name: each for each in [*_OTHERS, ENCODED]}
BY_PATTERN = [each for each in RULES.values() if isinstance(each, RegexRedaction)]
NAMES = sorted(RULES)
PIECES = [
    *("sk-", "kp-client-", "eyJ", "AIza", "Bearer ", "x-api-key: ", "?key=", "cookie: a=", "://u:", "password=", "_token: "),
    *("-----BEGIN PRIVATE KEY-----", "/home/", "C:\\Users\\", "@", "a@b.", "hunter2", "c2st", "\\u0073k-", "%73k-", "&#115;"),
    *("a", "Z9", "_", "-", ".", '"', "\\n", "%20", " ", ":", "="),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=80).map("".join) | st.text()


def applied(text: str, rules: Iterable[Redaction]) -> str:
    for rule in sorted(rules, key=lambda each: each.order):
        for start, end in reversed(rule.find(text)):
            text = text[:start] + rule.replacement + text[end:]
    return text


def test_the_page_for_users_names_each_rule() -> None:
    page = (Path(__file__).parents[2] / "docs" / "howto" / "hide-more-secrets.md").read_text()
    table = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]

    assert len(NAMES) >= 40
    assert sorted(name for cell in table for name in re.findall("`([^`]+)`", cell)) == NAMES


@given(text=TEXTS)
def test_places_are_in_order_inside_the_text_and_no_longer_than_promised(text: str) -> None:
    for rule in RULES.values():
        end_before = 0
        for start, end in rule.find(text):
            assert end_before <= start < end <= len(text), rule.name
            assert end - start <= rule.longest
            end_before = end
        assert list(rule.find(text)) == list(rule.find(text))


@given(text=TEXTS)
def test_what_is_hidden_stays_hidden_and_is_hidden_once(text: str) -> None:
    once = applied(text, RULES.values())

    assert applied(once, RULES.values()) == once


@given(st.data())
def test_where_a_rule_finds_something_there_are_its_clue_and_its_run(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(BY_PATTERN))
    text = data.draw(st.from_regex(rule.pattern, alphabet=st.characters(codec="ascii")))
    for version in (text, text.upper(), text.lower(), text.swapcase()):
        if rule.find(version):
            assert any(clue in version.lower() for clue in rule.clues), rule.name
            assert rule.run < SHORTEST or re.search(f"[A-Za-z0-9]{{{rule.run}}}", version), rule.name


@pytest.mark.parametrize("text", ["", "\ud800 \udcff \x00", "\\", "%", "=" * 100, "\\u", "&#", "://"])
def test_odd_texts_break_nothing_and_hold_nothing(text: str) -> None:
    assert [name for name, rule in RULES.items() if list(rule.find(text)) != []] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_replacement_says_that_something_was_hidden(name: str) -> None:
    assert "REDACTED" in RULES[name].replacement


HOSTILE = [
    "x",
    "A",
    "eyJaaaaaaaa-",
    "Bearer       ",
    "://a:b@",
    "a@a.",
    "basic ",
    "\\",
    "\\u0041",
    "%41",
    "=" * 50,
    "\u20ac",
    "QUFB",
]


@pytest.mark.parametrize("piece", [*PIECES, *HOSTILE])
def test_time_grows_with_the_text_and_with_nothing_else(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for rule in RULES.values():
        start = time.thread_time()  # of this thread's own work: what else the machine does counts for nothing
        rule.find(text)

        assert time.thread_time() - start < 1.0, rule.name  # measured: under 40 ms, decoding under 300 ms
