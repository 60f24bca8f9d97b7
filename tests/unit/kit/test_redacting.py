from __future__ import annotations

import re

import pytest

from korproxy.kit.redacting import places, replaced
from korproxy.kit.regex_redaction import RegexRedaction
from tests.fakes.redacting import Finds


def test_places_that_overlap_are_one() -> None:
    rule = Finds(spans=[(3, 5), (0, 2), (1, 3), (7, 10)])

    assert places(rule, "0123456789") == [(0, 3), (3, 5), (7, 10)]
    assert replaced("0123456789", rule) == "##56#"


def test_a_place_that_cannot_be_is_a_mistake_of_the_rule() -> None:
    with pytest.raises(ValueError, match="7:9 is no place in a text of 3 characters"):
        replaced("012", Finds(spans=[(7, 9)]))


def test_a_text_in_which_nothing_is_found_stays_the_same() -> None:
    assert replaced("abc", RegexRedaction(name="digits", pattern=re.compile("[0-9]+"))) == "abc"
