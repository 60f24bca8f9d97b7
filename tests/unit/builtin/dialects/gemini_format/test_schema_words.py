"""Constraints in words."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.builtin.dialects.gemini_format.schema_words import LONGEST, described, in_words, one_of, required_together


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("exclusiveMinimum", 0, "more than 0"),
        ("exclusiveMaximum", True, "less than the maximum"),
        ("exclusiveMaximum", False, None),
        ("multipleOf", 0.5, "a multiple of 0.5"),
        ("multipleOf", "x", None),
        ("uniqueItems", True, "no item twice"),
        ("uniqueItems", "yes", None),
        ("maxContains", 1, "maxContains: 1"),
        ("additionalProperties", {"type": "string"}, 'additionalProperties: {"type":"string"}'),
        ("additionalProperties", {}, None),
        ("additionalProperties", False, None),
        ("not", {"$ref": "#/a"}, None),
        ("not", {"const": "\ud800"}, None),
        ("not", {"const": "x" * LONGEST}, None),
        ("unknown", 1, None),
    ],
)
def test_a_keyword_demands_something_or_nothing(key: str, value: Any, words: str | None) -> None:
    assert in_words(key, value) == words


def test_values_are_listed_unless_they_are_too_many() -> None:
    assert one_of([1, 2.5, True]) == "one of 1, 2.5, true"
    assert one_of([{"a": 1}]) == 'always {"a":1}'
    assert one_of(list(range(LONGEST))) is None
    assert one_of([]) is None


def test_sets_of_which_one_is_required() -> None:
    assert required_together([["a", "b"], ["c"]]) == "required: a and b, or c"
    assert required_together([["a"], []]) is None
    assert required_together([["a" * LONGEST], ["b"]]) is None


@pytest.mark.parametrize(
    ("description", "words", "expected"),
    [("A size.", ["more than 0"], "A size. (more than 0)"), (None, ["a", "b"], "a; b"), ("A.", [], "A."), (None, [], None)],
)
def test_words_stand_behind_the_description(description: str | None, words: list[str], expected: str | None) -> None:
    assert described(description, words) == expected
