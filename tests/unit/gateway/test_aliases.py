"""What a model name of the user's own stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.aliases import resolve

ALIASES = {
    "*": "codex/gpt-5.4",
    "claude-*": "claude-opus-5",
    "claude-haiku-*": "codex/gpt-5.4-mini",
    "claude-haiku-4-5": "qwen/qwen3.8-flash",
    "claude-opus-5[1m]": "claude/claude-opus-5",
    "*-mini": "gemini/gemini-flash",
}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-haiku-4-5", "qwen/qwen3.8-flash"),
        ("claude-haiku-5-5", "codex/gpt-5.4-mini"),
        ("claude-sonnet-5", "claude-opus-5"),
        ("claude-opus-5[1m]", "claude/claude-opus-5"),
        ("claude-opus-51", "claude-opus-5"),
        ("gpt-5.4-mini", "gemini/gemini-flash"),
        ("anything", "codex/gpt-5.4"),
        ("", "codex/gpt-5.4"),
    ],
)
def test_the_most_specific_alias_counts(model: str, expected: str) -> None:
    assert resolve(model, ALIASES) == expected


def test_a_name_that_is_no_alias_stays() -> None:
    assert resolve("gpt-5.4", {"haiku": "a", "claude-*": "b"}) == "gpt-5.4"
    assert resolve("gpt-5.4", {}) == "gpt-5.4"


def test_what_an_alias_stands_for_is_not_looked_up_again() -> None:
    assert resolve("a", {"a": "b", "b": "c"}) == "b"
    assert resolve("claude-haiku-4-5", {"claude-*": "claude-opus-5"}) == "claude-opus-5"


def test_of_two_that_are_as_specific_the_earlier_one_counts() -> None:
    assert resolve("ab", {"a*": "first", "*b": "second"}) == "first"
    assert resolve("ab", {"*b": "second", "a*": "first"}) == "second"


@given(st.text(max_size=30), st.dictionaries(st.text("ab*[]", min_size=1, max_size=5), st.text(max_size=3), max_size=5))
def test_any_name_leads_somewhere_and_an_alias_of_that_very_name_goes_first(model: str, aliases: dict[str, str]) -> None:
    found = resolve(model, aliases)

    assert found in {model, *aliases.values()}
    assert found == aliases.get(model, found)
