"""Grammars as text, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.dialects.responses_format.grammars import SYNTAXES, grammar_format, grammar_text


@given(st.sampled_from(SYNTAXES), st.text(min_size=1))
def test_a_grammar_comes_back_as_it_was(syntax: str, definition: str) -> None:
    assert grammar_format(grammar_text(syntax, definition)) == {"type": "grammar", "syntax": syntax, "definition": definition}


@pytest.mark.parametrize("grammar", ["", "start: A", "yacc grammar:\nstart: A", "lark grammar:\n", "a lark grammar:\nA"])
def test_what_is_in_no_language_of_openais_has_no_format(grammar: str) -> None:
    assert grammar_format(grammar) is None


def test_a_language_that_nobody_named_is_not_made_up() -> None:
    assert grammar_text(None, "start: A") == "start: A"
