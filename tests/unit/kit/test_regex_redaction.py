"""One regular expression as a rule."""

from __future__ import annotations

import re

import pytest

from korproxy.kit.regex_redaction import RegexRedaction


def rule(pattern: str) -> RegexRedaction:
    return RegexRedaction(name="test", pattern=re.compile(pattern))


def test_without_a_group_the_whole_match_is_hidden() -> None:
    assert rule("k[0-9]+").find("a k12 b k345") == [(2, 5), (8, 12)]


def test_with_a_group_only_the_group_is_hidden() -> None:
    assert rule("key=(?P<secret>[0-9]+)").find("key=12 key=3") == [(4, 6), (11, 12)]


def test_a_group_that_took_no_part_hides_nothing() -> None:
    assert rule("key(?:=(?P<secret>[0-9]+))?").find("key key=3") == [(8, 9)]


def test_an_empty_match_hides_nothing() -> None:
    assert rule("x*").find("axxb") == [(1, 3)]


def test_what_is_hidden_is_replaced_by_one_word_for_all_rules() -> None:
    assert rule("x").replacement == "***REDACTED***"


@pytest.mark.parametrize("clues", [("SK-",), ("",), ("\u00e9",), (7,), ["sk-"], "sk-"])
def test_a_clue_that_no_text_can_have_is_refused(clues: tuple[str, ...]) -> None:
    with pytest.raises((TypeError, ValueError), match="clues"):
        RegexRedaction(name="test", pattern=re.compile("x"), clues=clues)


def test_clues_do_not_change_what_is_found() -> None:
    assert RegexRedaction(name="test", pattern=re.compile("k[0-9]+"), clues=("k",)).find("a k12") == [(2, 5)]
